"""Take protobuf messages apart: bytes in, numbered fields out. It knows no schema."""

from collections.abc import Iterator

_VARINT, _SIZED = 0, 2
_FIXED_BYTES = {1: 8, 5: 4}
_VARINT_BYTES_MAX = 10
_MORE = 0x80


class Message:
    """The fields of one message; damage and a field of another kind raise ValueError.

    As in protobuf, the last occurrence of a field that should be single is the one that counts.
    """

    def __init__(self, data: bytes | memoryview) -> None:
        self._fields: dict[int, list[int | memoryview]] = {}
        for number, value in _split(memoryview(data)):
            self._fields.setdefault(number, []).append(value)

    def sized(self, number: int) -> list[memoryview]:
        """Return every value of a field of bytes; none is an empty list."""
        values = self._fields.get(number, [])
        found = [value for value in values if isinstance(value, memoryview)]
        if len(found) != len(values):
            raise ValueError(f"field {number} holds a number where bytes are expected")
        return found

    def data(self, number: int) -> memoryview:
        """Return the bytes of a field; an absent field is empty."""
        return (self.sized(number) or [memoryview(b"")])[-1]

    def message(self, number: int) -> "Message":
        """Return the message in a field; an absent field is an empty message."""
        return Message(self.data(number))

    def messages(self, number: int) -> list["Message"]:
        """Return every message of a repeated field."""
        return [Message(value) for value in self.sized(number)]

    def text(self, number: int) -> str:
        """Return a field as text; an absent field is the empty text."""
        return str(self.data(number), "utf-8")

    def texts(self, number: int) -> list[str]:
        """Return every text of a repeated field."""
        return [str(value, "utf-8") for value in self.sized(number)]

    def integer(self, number: int) -> int:
        """Return a number as protobuf's unsigned 64 bits; an absent field is 0."""
        value = self._fields.get(number, [0])[-1]
        if not isinstance(value, int):
            raise ValueError(f"field {number} holds bytes where a number is expected")
        return value

    def packed(self, number: int) -> list[int]:
        """Return the numbers of a packed repeated field."""
        run, at, values = self.data(number), 0, []
        while at < len(run):
            value, at = _varint(run, at)
            values.append(value)
        return values


def _split(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield key >> 3, value
            continue
        size, at = _size(data, at, kind)
        if size > len(data) - at:
            raise ValueError(f"a field of {size} bytes at byte {at} runs past the end")
        yield key >> 3, data[at : at + size]
        at += size


def _size(data: memoryview, at: int, kind: int) -> tuple[int, int]:
    if kind == _SIZED:
        return _varint(data, at)
    if (size := _FIXED_BYTES.get(kind)) is None:
        raise ValueError(f"wire type {kind} before byte {at} is unknown")
    return size, at


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for index, byte in enumerate(data[at : at + _VARINT_BYTES_MAX]):
        value |= (byte & ~_MORE) << (7 * index)
        if not byte & _MORE:
            return value, at + index + 1
    raise ValueError(f"the number at byte {at} does not end")
