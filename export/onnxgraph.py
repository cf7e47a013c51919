"""Write an ONNX graph node by node: the few lines that both networks share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, checker, helper, numpy_helper

# Both are old enough for any onnxruntime of this project, and new enough for every node we write.
OPSET = 17
IR_VERSION = 8

# All networks here were trained on these: (x - 127.5) / 128.
NORMALISED = "(x - 127.5) / 128"
PIXEL_MIDDLE, PIXEL_SCALE = 127.5, 128.0

Weights = npt.NDArray[np.floating]
Attribute = int | Sequence[int]
Shapes = Mapping[str, Sequence[int | str]]


@dataclass(slots=True)
class GraphWriter:
    """Collects nodes and weights; a node is named after its output."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: list[onnx.TensorProto] = field(default_factory=list)

    def weight(self, name: str, array: Weights) -> str:
        """Store one array as float32 and return its name."""
        contiguous = np.ascontiguousarray(array, np.float32)
        self.weights.append(numpy_helper.from_array(contiguous, name))
        return name

    def node(self, op: str, inputs: Sequence[str], output: str, **attributes: Attribute) -> str:
        """Append one node with one output and return the output's name."""
        node = helper.make_node(op, inputs, [output], name=output)
        node.attribute.extend(helper.make_attribute(*pair) for pair in sorted(attributes.items()))
        self.nodes.append(node)
        return output

    def pictures(self, name: str) -> str:
        """Append what turns the input `name`, uint8 [N, H, W, 3], into float32 [N, 3, H, W]."""
        planes = self.node("Transpose", [name], f"{name}.planes", perm=[0, 3, 1, 2])
        return self.node("Cast", [planes], f"{name}.float", to=TensorProto.FLOAT)

    def serialise(
        self, name: str, inputs: Shapes, outputs: Shapes, kind: int = TensorProto.UINT8
    ) -> bytes:
        """Return the checked model as bytes; all inputs are of `kind`, all outputs float32.

        Text in a shape names a dimension that the caller is free to choose.
        """
        taken, given = _values(inputs, kind), _values(outputs, TensorProto.FLOAT)
        graph = helper.make_graph(self.nodes, name, taken, given, self.weights)
        opset = helper.make_opsetid("", OPSET)
        model = helper.make_model(
            graph, producer_name="edge-atm", ir_version=IR_VERSION, opset_imports=[opset]
        )
        checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString(deterministic=True))


def for_bytes(
    weight: Weights, bias: Weights
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return a convolution without padding that takes 0..255 where the given one takes NORMALISED.

    `weight` [out, in, height, width], `bias` [out]; both come back in double precision.
    """
    scaled = weight.astype(np.float64) / PIXEL_SCALE
    return scaled, bias - PIXEL_MIDDLE * scaled.sum(axis=(1, 2, 3))


def _values(shapes: Shapes, kind: int) -> list[onnx.ValueInfoProto]:
    return [helper.make_tensor_value_info(name, kind, shape) for name, shape in shapes.items()]
