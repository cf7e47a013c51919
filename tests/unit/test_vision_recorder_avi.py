"""The clip's file: what a player finds in it, and that every size and place in it is true."""

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_atm.vision.avi import KEY_FRAME, STREAM, avi


def lists(content: bytes, start: int, end: int) -> list[tuple[bytes, int, int]]:
    """Return name, first and last place of each chunk, walking by the sizes they claim."""
    found = []
    while start < end:
        name, size = struct.unpack_from("<4sI", content, start)
        found.append((name, start + 8, start + 8 + size))
        start += 8 + size + size % 2
    assert start == end
    return found


@given(
    st.lists(st.binary(min_size=1, max_size=9), min_size=1, max_size=20),
    st.integers(1, 640),
    st.integers(1, 480),
    st.floats(0.001, 3.0),
)
def test_every_chunk_is_where_the_file_says(
    pictures: list[bytes], width: int, height: int, spacing: float
) -> None:
    content = b"".join(avi(pictures, width, height, spacing))
    ((riff, start, end),) = lists(content, 0, len(content))
    assert (riff, content[start : start + 4]) == (b"RIFF", b"AVI ")
    head, movi, index = lists(content, start + 4, end)
    assert content[head[1] : head[1] + 8] == b"hdrlavih"
    assert content[movi[1] : movi[1] + 4] == b"movi"
    chunks = lists(content, movi[1] + 4, movi[2])
    assert [content[a:b] for _, a, b in chunks] == pictures
    entries = list(struct.iter_unpack("<4s3I", content[index[1] : index[2]]))
    assert index[0] == b"idx1"
    assert entries == [(STREAM, KEY_FRAME, a - 8 - movi[1], b - a) for _, a, b in chunks]
    ticks, count = struct.unpack_from("<I", content, head[1] + 12), len(pictures)
    assert ticks[0] == round(spacing * 1e6)
    assert struct.unpack_from("<I", content, head[1] + 12 + 16)[0] == count


@pytest.mark.parametrize("count", [1, 2, 15])
def test_a_player_shows_it_at_the_speed_it_was_taken(tmp_path: Path, count: int) -> None:
    taken = [np.full((48, 64, 3), 16 * number, dtype=np.uint8) for number in range(count)]
    pictures = [cv2.imencode(".jpg", picture)[1].tobytes() for picture in taken]
    path = tmp_path / "clip.avi"
    path.write_bytes(b"".join(avi(pictures, 64, 48, 0.2)))
    clip = cv2.VideoCapture(str(path))
    assert clip.isOpened()
    assert clip.get(cv2.CAP_PROP_FPS) == pytest.approx(5.0, abs=0.01)
    assert clip.get(cv2.CAP_PROP_FRAME_COUNT) == count
    shown = []
    while (read := clip.read())[0]:
        shown.append(read[1])
    clip.release()
    assert len(shown) == count
    for before, after in zip(taken, shown, strict=True):
        assert after.shape == (48, 64, 3)
        assert np.abs(before.astype(int) - after).max() <= 2
