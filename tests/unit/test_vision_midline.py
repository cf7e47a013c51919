"""The nose leaves the line on a head; on flat or upright bent paper it does not, however held."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_atm.records import Face, Floats, Pixels
from edge_atm.vision import midline
from edge_atm.vision.midline import COLUMNS, EYES, NOSE, ROWS, Midline, deviation_of
from tests.vision.stage import landmarks

AWAY = 8.0
GRID = np.stack(np.meshgrid(COLUMNS, ROWS), axis=-1)
NOSE_ROWS = slice(len(EYES), len(EYES) + len(NOSE))
Depths = Callable[[NDArray[np.float64]], NDArray[np.float64]]
ANGLE, TILT = st.floats(-40, 40), st.floats(-25, 25)
FEW = settings(max_examples=40, deadline=None)
SIDE = st.sampled_from([1.0, -1.0])


def flat(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack([x, np.zeros_like(x)])


def bent(radius: float) -> Depths:
    return lambda x: np.stack([np.sin(x / radius), np.cos(x / radius) - 1]) * np.float64(radius)


def creased(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.stack([x, -np.abs(x)]) / np.sqrt(2))


def seen(paper: Depths, yaw: float, pitch: float, nose: float = 0.0) -> Floats:
    """The points in perspective; `nose`: how far its rows stand out, in lengths of the line."""
    x, depth = paper(GRID[..., 0])
    depth = depth.copy()
    depth[NOSE_ROWS] += nose
    points = np.stack([x, GRID[..., 1] - 0.5, depth])
    (sy, cy), (sp, cp) = ((np.sin(a), np.cos(a)) for a in np.radians([yaw, pitch]))
    around = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    nod = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    x, y, depth = np.tensordot(nod @ around, points, 1)
    return np.asarray(np.stack([x, y], axis=-1) * AWAY / (AWAY - depth)[..., None])


@FEW
@given(st.sampled_from([flat, bent(1.0), bent(2.0), creased]), ANGLE, TILT, SIDE)
def test_upright_paper_keeps_its_lines(
    paper: Depths, yaw: float, pitch: float, side: float
) -> None:
    assert abs(deviation_of(seen(paper, yaw, pitch)[None], side)) < 1e-9


@FEW
@given(st.floats(15, 40), TILT, st.floats(0.2, 0.4), SIDE)
def test_a_nose_leaves_the_line_towards_its_side(
    yaw: float, pitch: float, nose: float, side: float
) -> None:
    off = deviation_of(seen(flat, side * yaw, pitch, nose)[None], side)
    assert off > 0.8 * nose * np.sin(np.radians(yaw))
    assert deviation_of(seen(flat, side * yaw, pitch, nose)[None], -side) < -0.5 * off


@FEW
@given(
    st.floats(0.01, 100), st.floats(-180, 180), st.floats(-500, 500), st.floats(-500, 500), ANGLE
)
def test_size_place_and_roll_do_not_matter(
    size: float, roll: float, x: float, y: float, yaw: float
) -> None:
    points = seen(flat, yaw, 5, 0.3)
    c, s = np.cos(np.radians(roll)), np.sin(np.radians(roll))
    moved = size * points @ np.array([[c, s], [-s, c]]) + (x, y)
    assert deviation_of(moved[None], 1) == pytest.approx(deviation_of(points[None], 1), abs=1e-6)


@FEW
@given(st.integers(0, len(ROWS) - 1), st.integers(0, len(COLUMNS) - 1), st.floats(-9, 9))
def test_one_point_that_slid_decides_nothing(row: int, column: int, by: float) -> None:
    points = seen(flat, 25, 5)
    points[row, column, 0] += by
    assert abs(deviation_of(points[None], 1)) < 0.02


@pytest.mark.parametrize(
    "lost",
    [np.s_[:3], np.s_[-3:], np.s_[3:6], np.s_[:, :4], np.s_[:], np.s_[:, :, 0]],
    ids=["eyes", "mouth", "nose", "columns", "all", "x"],
)
def test_too_many_lost_points_decide_nothing(lost: tuple[slice, ...]) -> None:
    points = seen(flat, 25, 5, 0.3)
    points[lost] = np.nan
    whole = seen(flat, 25, 5, 0.3)
    assert np.isnan(deviation_of(points[None], 1))
    assert np.isnan(deviation_of(np.stack([whole, points, points, whole]), 1))
    assert deviation_of(np.stack([whole, points, whole]), 1) > 0


def test_nothing_seen_is_nothing_known() -> None:
    assert np.isnan(deviation_of(np.zeros((0, *GRID.shape), np.float32), 1))
    assert np.isnan(deviation_of(np.zeros((1, *GRID.shape), np.float32), 1))
    assert np.isnan(Midline().deviation)


TEXTURE = np.random.default_rng(4).integers(0, 256, (480, 640, 3), dtype=np.uint8)


def face(yaw: float = 0.0) -> Face:
    return Face(np.array([200, 100, 440, 400], np.float32), landmarks(yaw), 1.0)


def followed(yaws: list[float], pixels: Pixels = TEXTURE) -> Midline:
    line = Midline()
    line.start(pixels, face())
    for yaw in yaws:
        line.follow(pixels, face(yaw))
    return line


def test_the_same_picture_again_deviates_by_nothing() -> None:
    assert followed([0.0] * 3).deviation == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("yaws", [[], [0.0], [70.0] * 5])
def test_too_few_frames_are_nothing_known(yaws: list[float]) -> None:
    assert np.isnan(followed(yaws).deviation)


def test_nothing_is_followed_after_what_cannot_be_seen() -> None:
    line = followed([0.0])
    line.follow(TEXTURE, face(70))
    for _ in range(3):
        line.follow(TEXTURE, face())
    assert np.isnan(line.deviation)
    line.start(TEXTURE, face())
    for _ in range(3):
        line.follow(TEXTURE, face())
    assert not np.isnan(line.deviation)


def test_another_picture_loses_the_track() -> None:
    line = followed([0.0])
    for seed in range(3):
        other = np.random.default_rng(seed).integers(0, 256, TEXTURE.shape, dtype=np.uint8)
        line.follow(other, face())
    assert np.isnan(line.deviation)


@pytest.mark.parametrize("spoil", [np.nan, np.inf, 1e9, -1e4])
def test_landmarks_that_are_no_face_are_nothing_known(spoil: float) -> None:
    line, bad = Midline(), face()
    bad.landmarks[:, 0] = spoil
    line.start(TEXTURE, bad)
    for _ in range(3):
        line.follow(TEXTURE, face())
    assert np.isnan(line.deviation)
    line = followed([0.0])
    line.follow(TEXTURE, bad)
    line.follow(TEXTURE, face())
    assert np.isnan(line.deviation)


@pytest.mark.parametrize("size", [(240, 320), (480, 640), (2160, 3840)])
def test_a_view_costs_the_same_from_every_camera(size: tuple[int, int]) -> None:
    part = np.float32(size[0] / 480)
    pixels = np.zeros((*size, 3), np.uint8)
    view = midline._upright_view(pixels, landmarks(0) * part)
    assert view is not None
    assert view.shape == midline.VIEW_PX[::-1]
