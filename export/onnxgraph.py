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

Attribute = int | Sequence[int]
Shapes = Mapping[str, Sequence[int | str]]


@dataclass(slots=True)
class GraphWriter:
    """Collects nodes and weights; a node is named after its output."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: list[onnx.TensorProto] = field(default_factory=list)

    def weight(self, name: str, array: npt.NDArray[np.floating]) -> str:
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

    def serialise(self, name: str, inputs: Shapes, outputs: Shapes) -> bytes:
        """Return the checked model as bytes; all inputs and outputs are float32.

        Text in a shape names a dimension that the caller is free to choose.
        """
        graph = helper.make_graph(self.nodes, name, _values(inputs), _values(outputs), self.weights)
        opset = helper.make_opsetid("", OPSET)
        model = helper.make_model(
            graph, producer_name="edge-atm", ir_version=IR_VERSION, opset_imports=[opset]
        )
        checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString(deterministic=True))


def _values(shapes: Shapes) -> list[onnx.ValueInfoProto]:
    return [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in shapes.items()
    ]
