"""The three MTCNN networks (Zhang et al. 2016) as ONNX, from facenet-pytorch's weights."""

from collections.abc import Mapping, Sequence

from export.onnxgraph import GraphWriter, Weights, for_bytes
from export.torchfile import Array

DISTRIBUTION = "facenet-pytorch"
INPUT, FIRST = "input", "conv1"
MEMBERS = {name: f"facenet_pytorch/data/{name}.pt" for name in ("pnet", "rnet", "onet")}


def pnet(weights: Mapping[str, Array]) -> bytes:
    """Return the proposal network: one score and one box per 12 x 12 cell, at any picture size.

    input uint8 [N, H, W, 3] RGB; reg [N, 4, H_cells, W_cells]; prob [N, 2, H_cells, W_cells]
    where [:, 1] is a face.
    """
    layers = _Layers(weights)
    tip = layers.conv(1, INPUT, pool=2)
    tip = layers.conv(3, layers.conv(2, tip))
    layers.head("prob", layers.linear_conv("conv4_1", tip))
    layers.graph.node("Identity", [layers.linear_conv("conv4_2", tip)], "reg")
    cells = ("H_cells", "W_cells")
    outputs = {"reg": ("N", 4, *cells), "prob": ("N", 2, *cells)}
    return layers.graph.serialise("pnet", {INPUT: ("N", "H", "W", 3)}, outputs)


def rnet(weights: Mapping[str, Array]) -> bytes:
    """Return the refining network: input uint8 [N, 24, 24, 3] RGB; reg [N, 4]; prob [N, 2]."""
    layers = _Layers(weights)
    tip = layers.conv(2, layers.conv(1, INPUT, pool=3), pool=3)
    tip = layers.dense(4, layers.conv(3, tip), height=3, width=3)
    layers.head("prob", layers.gemm("dense5_1", tip))
    layers.gemm("dense5_2", tip, output="reg")
    outputs = {"reg": ("N", 4), "prob": ("N", 2)}
    return layers.graph.serialise("rnet", {INPUT: ("N", 24, 24, 3)}, outputs)


def onet(weights: Mapping[str, Array]) -> bytes:
    """Return the output network, which sees squares of 48 x 48.

    input uint8 [N, 48, 48, 3] RGB; reg [N, 4]; prob [N, 2]; landmarks [N, 10]: x1..x5, then
    y1..y5, each relative to the box.
    """
    layers = _Layers(weights)
    tip = layers.conv(2, layers.conv(1, INPUT, pool=3), pool=3)
    tip = layers.conv(4, layers.conv(3, tip, pool=2))
    tip = layers.dense(5, tip, height=3, width=3)
    layers.head("prob", layers.gemm("dense6_1", tip))
    layers.gemm("dense6_2", tip, output="reg")
    layers.gemm("dense6_3", tip, output="landmarks")
    outputs = {"reg": ("N", 4), "prob": ("N", 2), "landmarks": ("N", 10)}
    return layers.graph.serialise("onet", {INPUT: ("N", 48, 48, 3)}, outputs)


class _Layers:
    """The layers that the three networks are made of, numbered as in the weight file."""

    def __init__(self, weights: Mapping[str, Array]) -> None:
        self.graph = GraphWriter()
        self._weights = weights

    def conv(self, number: int, tip: str, pool: int = 0) -> str:
        if tip == INPUT:
            tip = self.graph.pictures(tip)
        tip = self.linear_conv(f"conv{number}", tip)
        tip = self._prelu(number, tip, (-1, 1, 1))
        if not pool:
            return tip
        # The networks were trained with windows that may hang over the edge, hence ceil_mode.
        return self.graph.node(
            "MaxPool", [tip], f"pool{number}", kernel_shape=[pool] * 2, strides=[2, 2], ceil_mode=1
        )

    def linear_conv(self, name: str, tip: str) -> str:
        return self.graph.node("Conv", [tip, *self._pair(name)], name)

    def dense(self, number: int, tip: str, height: int, width: int) -> str:
        name = f"dense{number}"
        rows = self._weights[f"{name}.weight"]
        # The weights expect the features as width, height, channel; ONNX flattens the reverse.
        reordered = rows.reshape(len(rows), width, height, -1).transpose(0, 3, 2, 1)
        flat = self.graph.node("Flatten", [tip], f"{name}.flat", axis=1)
        tip = self.gemm(name, flat, rows=reordered.reshape(rows.shape))
        return self._prelu(number, tip, (-1,))

    def gemm(self, name: str, tip: str, output: str = "", rows: Array | None = None) -> str:
        pair = self._pair(name, rows)
        return self.graph.node("Gemm", [tip, *pair], output or name, transB=1)

    def head(self, output: str, logits: str) -> None:
        self.graph.node("Softmax", [logits], output, axis=1)

    def _prelu(self, number: int, tip: str, shape: Sequence[int]) -> str:
        name = f"prelu{number}"
        slope = self._weights[f"{name}.weight"].reshape(shape)
        # slope * x + (1 - slope) * relu(x): the operator PRelu took half of each network's time.
        write, weight = self.graph.node, self.graph.weight
        rest = write("Relu", [tip], f"{name}.relu")
        rest = write("Mul", [rest, weight(f"{name}.rest", 1 - slope)], f"{name}.bent")
        line = write("Mul", [tip, weight(f"{name}.weight", slope)], f"{name}.line")
        return write("Add", [line, rest], name)

    def _pair(self, name: str, rows: Array | None = None) -> tuple[str, str]:
        kernel: Weights = self._weights[f"{name}.weight"] if rows is None else rows
        bias: Weights = self._weights[f"{name}.bias"]
        if name == FIRST:
            kernel, bias = for_bytes(kernel, bias)
        weight = self.graph.weight
        return weight(f"{name}.weight", kernel), weight(f"{name}.bias", bias)
