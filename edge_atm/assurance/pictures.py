"""Reads pictures that anybody may have made: each is read right, or refused with its reason."""

import struct
from pathlib import Path

import cv2
import numpy as np

from edge_atm.records import Pixels

# Read from the header before anything is decoded; decoded they are three bytes a pixel.
PIXELS_MAX = 64_000_000
FILE_BYTES_MAX = 64 * 2**20
# Beyond this the smallest face that is looked for takes far more time and is no better seen.
SIDE_PX_MAX = 1920

REDUCED = (
    (8, cv2.IMREAD_REDUCED_COLOR_8),
    (4, cv2.IMREAD_REDUCED_COLOR_4),
    (2, cv2.IMREAD_REDUCED_COLOR_2),
)

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"
# Start of frame: C0 to CF, but for Huffman tables, arithmetic tables and an extension.
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
START_OF_SCAN, END_OF_IMAGE = 0xDA, b"\xff\xd9"
# Markers without a length: fill bytes, TEM, RST0 to RST7.
BARE = {0xFF, 0x01, *range(0xD0, 0xD8)}


class Unusable(Exception):
    """This picture gives no sample; `reason` is the word it is counted under."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_bytes(path: Path) -> bytes:
    """Return a picture file's bytes. Raises Unusable: "unreadable", "empty" or "too_large"."""
    try:
        # A pipe or a device would never end.
        if not path.is_file():
            raise Unusable("unreadable")
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
    except OSError:
        raise Unusable("unreadable") from None
    if not content:
        raise Unusable("empty")
    if len(content) > FILE_BYTES_MAX:
        raise Unusable("too_large")
    return content


def decoded(content: bytes) -> Pixels:
    """Return a JPEG or PNG as uint8 [height, width, 3] RGB, upright, no side over SIDE_PX_MAX.

    Grey becomes three equal colours, 16 bits become 8, transparency is dropped. Raises Unusable:
    "not_a_picture", "truncated", "damaged" or "too_large".
    """
    width, height = size_of(content)
    if not width * height <= PIXELS_MAX:
        raise Unusable("too_large")
    # JPEG is made smaller while it is decoded, which bounds memory.
    flags = (flag for factor, flag in REDUCED if max(width, height) >= factor * SIDE_PX_MAX)
    flag = next(flags, cv2.IMREAD_COLOR)
    try:
        pixels = cv2.imdecode(np.frombuffer(content, np.uint8), flag)
    except cv2.error:
        pixels = None
    if pixels is None or pixels.dtype != np.uint8:
        raise Unusable("damaged")
    scale = SIDE_PX_MAX / max(pixels.shape[:2])
    if scale < 1:
        size = [max(1, round(side * scale)) for side in (pixels.shape[1], pixels.shape[0])]
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def size_of(content: bytes) -> tuple[int, int]:
    """Return width and height in px as a whole JPEG or PNG states them, without decoding it.

    Raises Unusable: "not_a_picture", "truncated" or "damaged".
    """
    try:
        if content.startswith(PNG):
            width, height = _png_size(content)
        elif content.startswith(JPEG):
            width, height = _jpeg_size(content)
        else:
            raise Unusable("not_a_picture")
    except (struct.error, IndexError):
        raise Unusable("truncated") from None
    if not (width > 0 and height > 0):
        raise Unusable("damaged")
    return width, height


def _png_size(content: bytes) -> tuple[int, int]:
    kind, width, height = struct.unpack_from(">4sII", content, len(PNG) + 4)
    if kind != b"IHDR":
        raise Unusable("damaged")
    if b"IEND" not in content[-64:]:
        raise Unusable("truncated")
    return width, height


def _jpeg_size(content: bytes) -> tuple[int, int]:
    size, at = (0, 0), 2
    while True:
        if content[at] != 0xFF:
            raise Unusable("damaged")
        marker = content[at + 1]
        if marker in BARE:
            at += 1 if marker == 0xFF else 2
            continue
        if marker in FRAMES:
            height, width = struct.unpack_from(">HH", content, at + 5)
            size = width, height
        if marker == START_OF_SCAN:
            break
        (length,) = struct.unpack_from(">H", content, at + 2)
        at += 2 + length
    # A thumbnail before this place has an end of its own.
    if content.find(END_OF_IMAGE, at) < 0:
        raise Unusable("truncated")
    return size
