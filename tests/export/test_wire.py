"""The wire reader takes whole messages apart and refuses every other string of bytes."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from export import graphdef
from export.faults import ExportError
from export.wire import Message


def varint(value: int) -> bytes:
    low = bytes([value & 0x7F | (0x80 if value > 0x7F else 0)])
    return low + (varint(value >> 7) if value > 0x7F else b"")


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def sized(field: int, value: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(value)) + value


def constant(name: str, tensor: bytes) -> bytes:
    entry = sized(1, b"value") + sized(2, sized(8, tensor))
    return sized(1, sized(1, name.encode()) + sized(2, b"Const") + sized(5, entry))


@given(st.integers(1, 2**28), st.integers(0, 2**64 - 1), st.binary(max_size=300))
def test_what_is_written_is_read(field: int, value: int, data: bytes) -> None:
    message = Message(number(field, value) + sized(field + 1, data))
    assert message.integer(field) == value
    assert message.data(field + 1) == data
    assert Message(b"").integer(field) == 0


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused_with_one_kind_of_error(data: bytes) -> None:
    try:
        Message(data)
    except ValueError:
        return


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_cut_message_is_refused(cut: int) -> None:
    whole = sized(1, b"0123456789")
    with pytest.raises(ValueError, match=r"runs past the end|does not end"):
        Message(whole[:cut])


@pytest.mark.parametrize("kind", [3, 4, 6, 7])
def test_an_unknown_wire_type_is_refused(kind: int) -> None:
    with pytest.raises(ValueError, match=f"wire type {kind}"):
        Message(varint(1 << 3 | kind) + bytes(20))


def test_a_number_without_end_is_refused() -> None:
    with pytest.raises(ValueError, match="does not end"):
        Message(b"\x08" + b"\xff" * 11)


def test_a_field_of_the_wrong_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="holds a number"):
        Message(number(1, 5)).data(1)
    with pytest.raises(ValueError, match="holds bytes"):
        Message(sized(1, b"x")).integer(1)


@pytest.mark.parametrize("data", [b"", b"\xff" * 40, b"not a graph", number(1, 3), sized(1, b"")])
def test_garbage_is_not_a_graph(data: bytes) -> None:
    with pytest.raises(ExportError) as raised:
        graphdef.read(data)
    assert raised.value.hint


def test_a_constant_of_equal_elements_is_spread_over_its_shape() -> None:
    shape = sized(2, sized(2, number(1, 4)))
    alike = number(1, 1) + shape + sized(5, struct.pack("<f", 2.5))
    listed = number(1, 3) + shape + sized(4, struct.pack("<4i", 1, 2, -3, 4))
    nodes = graphdef.read(constant("alike", alike) + constant("listed", listed))
    assert np.array_equal(nodes["alike"].array(), np.full(4, 2.5, np.float32))
    assert np.array_equal(nodes["listed"].array(), [1, 2, -3, 4])
