"""Read a frozen TensorFlow GraphDef from its bytes, with neither TensorFlow nor protobuf installed.

Field numbers are those of tensorflow/core/framework/{graph,node_def,attr_value,tensor}.proto.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from export.faults import ExportError
from export.wire import Message

_HINT = "Fetch the wheel again; only the pinned graph_final.pb is known to be read correctly."


@dataclass(frozen=True, slots=True)
class Node:
    """One operation; its attributes are AttrValue messages, decoded when they are asked for."""

    name: str
    op: str
    inputs: tuple[str, ...]
    attributes: Mapping[str, Message]

    def text(self, key: str) -> str:
        """Return a string attribute, such as the padding."""
        return self.attributes[key].text(2)

    def number(self, key: str) -> float:
        """Return a float attribute, such as an epsilon."""
        return float(struct.unpack("<f", self.attributes[key].data(4))[0])

    def integers(self, key: str) -> tuple[int, ...]:
        """Return a list of non-negative integers, such as the strides of all four axes."""
        return tuple(self.attributes[key].message(1).packed(3))

    def array(self) -> npt.NDArray[Any]:
        """Return the value of a Const: float32 or int32."""
        return _array(self.attributes["value"].message(8))


def read(data: bytes) -> Mapping[str, Node]:
    """Return the nodes by name, in the file's order, which need not be an order of computation."""
    try:
        nodes = [_node(message) for message in Message(data).messages(1)]
    except ValueError as fault:
        raise ExportError(f"This is not a readable GraphDef: {fault}.", _HINT) from fault
    if not nodes or not all(node.name and node.op for node in nodes):
        raise ExportError("This GraphDef holds no node, or one without a name.", _HINT)
    return {node.name: node for node in nodes}


def _node(message: Message) -> Node:
    # `:0` is a node's first output, which is the default; `^` orders nodes and carries no value.
    names = [name.removesuffix(":0") for name in message.texts(3) if not name.startswith("^")]
    attributes = {entry.text(1): entry.message(2) for entry in message.messages(5)}
    return Node(message.text(1), message.text(2), tuple(names), attributes)


def _array(tensor: Message) -> npt.NDArray[Any]:
    shape = [size.integer(1) for size in tensor.message(2).messages(2)]
    content = tensor.data(4)
    match tensor.integer(1):
        case 1:
            values: npt.NDArray[Any] = np.frombuffer(content or tensor.data(5), "<f4")
        case 3 if content:
            values = np.frombuffer(content, "<i4")
        case 3:
            values = np.array(tensor.packed(7), np.int32)
        case other:
            raise ValueError(f"a constant is of type {other}, neither float32 nor int32")
    # A constant whose elements are all alike is written with a single value.
    return np.broadcast_to(values[0], shape) if values.size == 1 else values.reshape(shape)
