"""Pictures that anybody may have made: read right, or refused with a reason."""

import os
import struct
import tracemalloc
import zlib
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_atm.assurance.pictures import (
    FILE_BYTES_MAX,
    PIXELS_MAX,
    SIDE_PX_MAX,
    Unusable,
    decoded,
    read_bytes,
    size_of,
)  # fmt: skip
from edge_atm.records import Pixels

RAMP = np.tile(np.arange(0, 250, 2, dtype=np.uint8), (60, 1))
COLOURS: Pixels = np.stack([RAMP, RAMP[:, ::-1], np.full_like(RAMP, 90)], axis=2)


def encoded(pixels: NDArray[np.uint8] | NDArray[np.uint16], suffix: str) -> bytes:
    good, content = cv2.imencode(suffix, pixels)
    assert good
    return content.tobytes()


JPEG = encoded(COLOURS[:, :, ::-1], ".jpg")
PNG = encoded(COLOURS[:, :, ::-1], ".png")


def reason(content: bytes) -> str:
    with pytest.raises(Unusable) as caught:
        decoded(content)
    return caught.value.reason


@pytest.mark.parametrize(("content", "tolerance"), [(JPEG, 12), (PNG, 0)], ids=["jpeg", "png"])
def test_a_picture_is_read_as_rgb(content: bytes, tolerance: int) -> None:
    assert size_of(content) == (125, 60)
    pixels = decoded(content)
    assert pixels.dtype == np.uint8
    assert pixels.shape == (60, 125, 3)
    assert np.abs(pixels.astype(int) - COLOURS).max() <= tolerance


def test_other_kinds_of_pixels_become_eight_bit_rgb() -> None:
    grey = decoded(encoded(RAMP, ".png"))
    assert (grey == RAMP[:, :, None]).all()
    sixteen = decoded(encoded(RAMP.astype(np.uint16) * 257, ".png"))
    assert np.abs(sixteen.astype(int) - RAMP[:, :, None]).max() <= 1
    clear = np.dstack([COLOURS[:, :, ::-1], np.full_like(RAMP, 7)])
    assert (decoded(encoded(clear, ".png")) == COLOURS).all()


def test_a_large_picture_is_made_smaller_and_an_8k_one_is_still_read() -> None:
    pixels = decoded(encoded(np.full((4320, 7680), 90, np.uint8), ".jpg"))
    assert pixels.shape == (1080, SIDE_PX_MAX, 3)
    assert np.abs(pixels.astype(int) - 90).max() <= 1


def test_a_huge_picture_is_refused_by_its_header_alone() -> None:
    # A few bytes that would decode to gigabytes.
    header = struct.pack(">II5B", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    bomb = (
        PNG[:8] + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk)) + PNG[-12:]
    )
    tracemalloc.start()
    assert reason(bomb) == "too_large"
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()
    at = JPEG.index(b"\xff\xc0") + 5
    assert reason(JPEG[:at] + struct.pack(">HH", 65_500, 65_500) + JPEG[at + 4 :]) == "too_large"
    assert 65_500**2 > PIXELS_MAX > 7680 * 4320


@pytest.mark.parametrize("content", [JPEG, PNG], ids=["jpeg", "png"])
def test_a_picture_cut_anywhere_is_refused(content: bytes) -> None:
    for length in range(1, len(content) - 8, max(1, len(content) // 97)):
        assert reason(content[:length]) in {"truncated", "not_a_picture", "damaged"}
    assert reason(content[: len(content) // 2]) == "truncated"


@pytest.mark.parametrize("content", [JPEG, PNG], ids=["jpeg", "png"])
def test_changed_bytes_never_raise_anything_else(content: bytes) -> None:
    random = np.random.default_rng(3)
    for _ in range(200):
        changed = bytearray(content)
        for place in random.integers(0, len(changed), 4):
            changed[place] = random.integers(0, 256)
        with suppress(Unusable):
            assert decoded(bytes(changed)).ndim == 3


def test_a_thumbnails_end_is_not_the_pictures() -> None:
    # As in the EXIF block of a camera's file.
    thumbnail = JPEG
    block = b"\xff\xe1" + struct.pack(">H", len(thumbnail) + 2) + thumbnail
    whole = JPEG[:2] + block + JPEG[2:]
    assert size_of(whole) == (125, 60)
    assert reason(whole[: len(block) + len(JPEG) // 2]) == "truncated"


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"not a picture at all", "not_a_picture"),
        (b"GIF89a" + bytes(100), "not_a_picture"),
        (encoded(COLOURS, ".bmp"), "not_a_picture"),
        (JPEG[:2] + b"\x00" + JPEG[3:], "not_a_picture"),
        (PNG[:16] + bytes(8) + PNG[24:], "damaged"),
        (PNG[:12] + b"IDAT" + PNG[16:], "damaged"),
    ],
    ids=["text", "gif", "bmp", "torn", "no size", "no header"],
)
def test_what_is_no_picture_has_its_word(content: bytes, word: str) -> None:
    assert reason(content) == word


def test_files_that_cannot_be_read_have_their_word(tmp_path: Path) -> None:
    def word(path: Path) -> str:
        with pytest.raises(Unusable) as caught:
            read_bytes(path)
        return caught.value.reason

    empty, folder, pipe, large = (tmp_path / name for name in ("a.jpg", "b.jpg", "c.jpg", "d.jpg"))
    empty.touch()
    folder.mkdir()
    os.mkfifo(pipe)
    with large.open("wb") as file:
        file.truncate(FILE_BYTES_MAX + 1)
    found = [word(path) for path in (empty, folder, pipe, large, tmp_path / "gone.jpg")]
    assert found == ["empty", "unreadable", "unreadable", "too_large", "unreadable"]
    (tmp_path / "good.png").write_bytes(PNG)
    assert read_bytes(tmp_path / "good.png") == PNG
