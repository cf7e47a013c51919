"""What is done around onnxruntime's quantiser: seven bits lose less than half as much, sooner."""

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

from export.faults import ExportError

# onnxruntime's symmetric seven bits: -64 to 64 steps, the largest weight of a channel on the last.
STEPS = 64


def shape_rounding(model: onnx.ModelProto) -> None:
    """Put every convolution's weights on the quantiser's grid, in place.

    Neighbouring taps of a kernel see nearly the same value, so what one tap's rounding adds the
    next one takes off (error diffusion, Floyd and Steinberg 1976, along the taps of one kernel).
    Cosine of int8 and float embeddings with float activations, 80 crops of fit people: .99956 with
    each weight rounded by itself, .99984 so.
    """
    kernels = {node.input[1] for node in model.graph.node if node.op_type == "Conv"}
    for tensor in model.graph.initializer:
        if tensor.name in kernels:
            shaped = on_grid(numpy_helper.to_array(tensor))
            tensor.CopyFrom(numpy_helper.from_array(shaped, tensor.name))


def on_grid(weight: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return float32 [out, in, height, width] as whole steps of each output channel's own size."""
    largest = np.abs(weight).max(axis=(1, 2, 3), keepdims=True).astype(np.float64)
    step = np.where(largest > 0, largest, 1.0) / STEPS
    taps = (weight / step).reshape(*weight.shape[:2], -1)
    rounded, carried = np.empty_like(taps), np.zeros(weight.shape[:2])
    for k in range(taps.shape[2]):
        wanted = taps[..., k] + carried
        nearest = np.clip(np.rint(wanted), -STEPS, STEPS)
        # The largest weight stays: the quantiser takes the size of a step from it.
        at_end = np.rint(taps[..., k])
        rounded[..., k] = np.where(np.abs(taps[..., k]) >= STEPS * (1 - 1e-7), at_end, nearest)
        carried = wanted - rounded[..., k]
    return (rounded.reshape(weight.shape) * step).astype(np.float32)


def feed_bytes(model: onnx.ModelProto) -> None:
    """Take out, in place, the way from a byte to a float and back to the same byte.

    Raises ExportError when the quantiser did not give the pixels a step of 1.
    """
    nodes, weights = model.graph.node, {w.name: w for w in model.graph.initializer}
    cast = next(node for node in nodes if node.op_type == "Cast")
    quantise = next(node for node in nodes if node.input[0] == cast.output[0])
    step, zero = (numpy_helper.to_array(weights[name]) for name in quantise.input[1:])
    if not (step == 1.0 and zero == 0):
        raise ExportError(
            f"The pixels were given steps of {step} from {zero}, not bytes as they are.",
            "The ranges of `input` must be 0 and 255: run `python -m export ranges --images DIR`.",
        )
    reader = next(node for node in nodes if node.input[0] == quantise.output[0])
    reader.input[0] = cast.input[0]
    nodes.remove(cast)
    nodes.remove(quantise)


def widen_pixels(model: onnx.ModelProto) -> None:
    """Let the input have four bytes a pixel, in place; the fourth has no weight.

    onnxruntime's kernels for x86 and ARM (MLAS, MlasConvSym) take input channels in fours; three
    go a way round that took 2 % of the whole net's time. The sums are the same integers, so the
    embeddings are the same to the bit.
    """
    graph = model.graph
    tip = graph.input[0].name
    while (first := next(node for node in graph.node if tip in node.input)).op_type != "Conv":
        tip = first.output[0]
    reader = next(node for node in graph.node if node.output[0] == first.input[1])
    kernel = next(tensor for tensor in graph.initializer if tensor.name == reader.input[0])
    wider = np.pad(numpy_helper.to_array(kernel), ((0, 0), (0, 1), (0, 0), (0, 0)))
    kernel.CopyFrom(numpy_helper.from_array(wider, kernel.name))
    graph.input[0].type.tensor_type.shape.dim[-1].dim_value = wider.shape[1]
    # What the quantiser noted of shapes no longer holds; onnxruntime finds them out by itself.
    del graph.value_info[:]
