from math import ceil, floor

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_atm.records import Floats, Pixels
from edge_atm.vision.pyramid import Pyramid

SIZE = st.integers(1, 40)


def slowly_resized(pixels: Pixels, height: int, width: int) -> Floats:
    tall, wide = pixels.shape[:2]
    out = np.zeros((3, height, width))
    for i in range(height):
        rows = pixels[floor(i * tall / height) : ceil((i + 1) * tall / height)]
        for j in range(width):
            cell = rows[:, floor(j * wide / width) : ceil((j + 1) * wide / width)]
            out[:, i, j] = cell.mean(axis=(0, 1))
    return out.astype(np.float32)


@settings(deadline=None, max_examples=60)
@given(SIZE, SIZE, SIZE, SIZE, st.integers(0, 9))
def test_whole_frame_is_averaged_exactly(tall: int, wide: int, h: int, w: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (tall, wide, 3), dtype=np.uint8)
    resized = Pyramid(pixels).whole(h, w)
    assert resized.shape == (1, 3, h, w)
    assert resized.dtype == np.float32
    np.testing.assert_allclose(resized[0], slowly_resized(pixels, h, w), rtol=1e-6)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(SIZE, SIZE, SIZE, SIZE), min_size=1, max_size=6), st.integers(0, 9))
def test_crops_shrink_and_enlarge(sizes: list[tuple[int, int, int, int]], seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (80, 80, 3), dtype=np.uint8)
    boxes = np.array([[x - 1, y - 1, x - 1 + w, y - 1 + h] for x, y, w, h in sizes])
    crops = Pyramid(pixels).crops(boxes, 24, 24)
    for (left, top, right, bottom), crop in zip(boxes, crops, strict=True):
        expected = slowly_resized(pixels[top:bottom, left:right], 24, 24)
        np.testing.assert_allclose(crop, expected, rtol=1e-6)


def test_views_of_a_picture_are_read_as_what_they_show() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    view = pixels[::-1, ::2, ::-1]
    expected = Pyramid(np.ascontiguousarray(view)).whole(7, 9)
    np.testing.assert_array_equal(Pyramid(view).whole(7, 9), expected)


def test_no_boxes_give_no_crops() -> None:
    pixels = np.zeros((30, 40, 3), np.uint8)
    assert Pyramid(pixels).crops(np.zeros((0, 4), np.int64), 24, 24).shape == (0, 3, 24, 24)


def test_sums_may_wrap_round() -> None:
    pixels = np.full((3000, 3100, 3), 255, np.uint8)
    assert (Pyramid(pixels).whole(12, 12) == 255).all()
