from math import floor

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_atm.records import Floats, Pixels
from edge_atm.vision.pyramid import Area, Pyramid

EDGE = st.floats(0, 100)
SIDE = st.floats(1, 60)
ROUNDING = 2


def shown(pixels: Pixels, area: Area | None = None) -> Pyramid:
    pyramid = Pyramid()
    pyramid.show(pixels, area)
    return pyramid


def slowly_cut(pixels: Pixels, edges: list[float], side_px: int) -> Floats:
    left, top, right, bottom = edges
    step_x, step_y = (right - left) / side_px, (bottom - top) / side_px
    block = 1
    while 2 * block <= min(step_x, step_y):
        block *= 2
    tall, wide = (side // block for side in pixels.shape[:2])
    whole = pixels[: tall * block, : wide * block]
    means = whole.reshape(tall, block, wide, block, 3).mean(axis=(1, 3))
    means = np.pad(means, ((1, 60), (1, 60), (0, 0)))
    cut = np.zeros((side_px, side_px, 3))
    for i, j in np.ndindex(side_px, side_px):
        y = (top + (i + 0.5) * step_y) / block - 0.5
        x = (left + (j + 0.5) * step_x) / block - 0.5
        rows, columns = np.array([0, 1]) + floor(y) + 1, np.array([0, 1]) + floor(x) + 1
        near, part_y, part_x = means[np.ix_(rows, columns)], y - floor(y), x - floor(x)
        upper, lower = near[:, 0] * (1 - part_x) + near[:, 1] * part_x
        cut[i, j] = upper * (1 - part_y) + lower * part_y
    return cut.astype(np.float32)


@settings(deadline=None, max_examples=40)
@given(EDGE, EDGE, SIDE, SIDE, st.integers(0, 9))
def test_crops_are_means_of_blocks_between_their_neighbours(
    left: float, top: float, wide: float, tall: float, seed: int
) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, (15, 15, 3), dtype=np.uint8)
    pixels = np.asarray(cv2.resize(noise, (121, 120)), dtype=np.uint8)
    edges = [left, top, left + wide, top + tall]
    crop = shown(pixels).crops(np.array([edges], np.float32), 6)[0]
    # OpenCV rounds each halving, and samples at 32nds of a pixel.
    assert np.abs(crop - slowly_cut(pixels, edges, 6)).max() <= 6 * ROUNDING


@pytest.mark.parametrize("shape", [(480, 640, 3), (97, 33, 3), (12, 12, 3)])
@pytest.mark.parametrize("size", [(12, 12), (30, 40)])
def test_the_whole_picture_is_resized_whatever_its_size(
    shape: tuple[int, int, int], size: tuple[int, int]
) -> None:
    resized = shown(np.full(shape, 77, np.uint8)).whole(*size)
    assert resized.shape == (1, *size, 3)
    assert (resized == 77).all()


def test_an_area_shows_the_same_as_the_whole() -> None:
    rows, columns = np.mgrid[0:200, 0:240]
    pixels = np.stack([rows, columns, rows // 2 + columns // 3], axis=2).astype(np.uint8)
    edges = np.array([[60, 40, 160, 140.5]], np.float32)
    whole = shown(pixels).crops(edges, 24).astype(int)
    part = shown(pixels, (41, 23, 181, 167)).crops(edges, 24)
    assert np.abs(whole - part).max() <= ROUNDING


def test_views_of_a_picture_are_read_as_what_they_show() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    view = pixels[::-1, ::2, ::-1]
    edges = np.array([[3, 4, 30, 36]], np.float32)
    seen, copied = shown(view), shown(np.ascontiguousarray(view))
    np.testing.assert_array_equal(seen.whole(7, 9), copied.whole(7, 9))
    np.testing.assert_array_equal(seen.crops(edges, 12), copied.crops(edges, 12))


def test_no_boxes_give_no_crops() -> None:
    pixels = np.zeros((30, 40, 3), np.uint8)
    assert shown(pixels).crops(np.zeros((0, 4), np.float32), 24).shape == (0, 24, 24, 3)


def test_a_smaller_picture_after_a_larger_one_is_read_right() -> None:
    pyramid, pixels = Pyramid(), np.random.default_rng(2).integers(0, 256, (90, 60, 3), np.uint8)
    pyramid.show(np.full((400, 500, 3), 255, np.uint8))
    pyramid.whole(20, 20)
    pyramid.show(pixels)
    np.testing.assert_array_equal(pyramid.whole(20, 20), shown(pixels).whole(20, 20))
