"""JPEG pictures as one AVI file, which any player shows at the speed they were taken.

The least that "AVI RIFF File Reference" (Microsoft, DirectShow documentation) asks for: one stream
of Motion JPEG, every picture by itself, and an index.
"""

import struct
from collections.abc import Iterator, Sequence

# avih: there is an index; idx1: nothing before this picture is needed to decode it.
HAS_INDEX, KEY_FRAME = 0x10, 0x10
STREAM = b"00dc"
TICKS_PER_SECOND = 1_000_000


def avi(
    pictures: Sequence[bytes], width_px: int, height_px: int, spacing_seconds: float
) -> Iterator[bytes]:
    """Yield the file, piece after piece: a head, each picture, the index.

    `pictures`: at least one, JPEG; `spacing_seconds`: between two of them.
    """
    header = _header(pictures, width_px, height_px, round(spacing_seconds * TICKS_PER_SECOND))
    index, place = b"", 4
    for picture in pictures:
        index += STREAM + struct.pack("<3I", KEY_FRAME, place, len(picture))
        place += 8 + len(picture) + len(picture) % 2
    tail = _chunk(b"idx1", index)
    size = 4 + len(header) + 8 + place + len(tail)
    yield _head(b"RIFF", size) + b"AVI " + header + _head(b"LIST", place) + b"movi"
    for picture in pictures:
        yield _head(STREAM, len(picture))
        yield picture
        # Every chunk begins at an even place.
        yield bytes(len(picture) % 2)
    yield tail


def _header(pictures: Sequence[bytes], width_px: int, height_px: int, ticks: int) -> bytes:
    count, largest = len(pictures), max(map(len, pictures))
    bytes_per_second = largest * TICKS_PER_SECOND // ticks
    avih = struct.pack(
        "<14I", ticks, bytes_per_second, 0, HAS_INDEX, count, 0, 1, largest, width_px, height_px,
        0, 0, 0, 0,
    )  # fmt: skip
    strh = struct.pack(
        "<4s4sIHH8I4H", b"vids", b"MJPG", 0, 0, 0, 0, ticks, TICKS_PER_SECOND, 0, count, largest,
        0xFFFFFFFF, 0, 0, 0, width_px, height_px,
    )  # fmt: skip
    strf = struct.pack(
        "<3I2H4s5I", 40, width_px, height_px, 1, 24, b"MJPG", width_px * height_px * 3, 0, 0, 0, 0
    )
    stream = _chunk(b"LIST", b"strl" + _chunk(b"strh", strh) + _chunk(b"strf", strf))
    return _chunk(b"LIST", b"hdrl" + _chunk(b"avih", avih) + stream)


def _chunk(name: bytes, content: bytes) -> bytes:
    return _head(name, len(content)) + content


def _head(name: bytes, size_bytes: int) -> bytes:
    return name + struct.pack("<I", size_bytes)
