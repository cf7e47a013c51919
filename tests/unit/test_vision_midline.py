"""The nose leaves the line on a head; on flat or upright bent paper it does not, however held."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_atm.records import Floats
from edge_atm.vision.midline import COLUMNS, EYES, NOSE, ROWS, Midline, deviation_of

AWAY = 8.0
GRID = np.stack(np.meshgrid(COLUMNS, ROWS), axis=-1)
NOSE_ROWS = slice(len(EYES), len(EYES) + len(NOSE))
Depths = Callable[[NDArray[np.float64]], NDArray[np.float64]]
ANGLE, TILT = st.floats(-40, 40), st.floats(-25, 25)
TURNING = np.array([0.3, 0.35, 0.4])
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


def off(points: Floats, side: float) -> float:
    """How far off the line in two such frames, turned to this side."""
    return deviation_of(np.stack([points] * 2), np.array([0.3, 0.3]) * side, side)


@FEW
@given(st.sampled_from([flat, bent(1.0), bent(2.0), creased]), ANGLE, TILT, SIDE)
def test_upright_paper_keeps_its_lines(
    paper: Depths, yaw: float, pitch: float, side: float
) -> None:
    assert abs(off(seen(paper, yaw, pitch), side)) < 1e-9


@FEW
@given(st.floats(15, 40), TILT, st.floats(0.2, 0.4), SIDE)
def test_a_nose_leaves_the_line_towards_its_side(
    yaw: float, pitch: float, nose: float, side: float
) -> None:
    found = off(seen(flat, side * yaw, pitch, nose), side)
    assert found > 0.8 * nose * np.sin(np.radians(yaw))
    assert off(seen(flat, side * yaw, pitch, nose), -side) < -0.5 * found


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
    assert off(moved, 1) == pytest.approx(off(points, 1), abs=1e-6)


@FEW
@given(st.integers(0, len(ROWS) - 1), st.integers(0, len(COLUMNS) - 1), st.floats(-9, 9))
def test_one_point_that_slid_decides_nothing(row: int, column: int, by: float) -> None:
    points = seen(flat, 25, 5)
    points[row, column, 0] += by
    assert abs(off(points, 1)) < 0.02


@pytest.mark.parametrize(
    "lost",
    [np.s_[:3], np.s_[-3:], np.s_[3:6], np.s_[:, :4], np.s_[:], np.s_[:, :, 0]],
    ids=["eyes", "mouth", "nose", "columns", "all", "x"],
)
def test_too_many_lost_points_decide_nothing(lost: tuple[slice, ...]) -> None:
    points = seen(flat, 25, 5, 0.3)
    points[lost] = np.nan
    whole = seen(flat, 25, 5, 0.3)
    assert np.isnan(off(points, 1))
    # Frames with too few are passed over; two are needed that have enough.
    assert np.isnan(deviation_of(np.stack([points, whole, points]), TURNING, 1))
    kept = deviation_of(np.stack([whole, whole, points]), TURNING, 1)
    assert kept == pytest.approx(off(whole, 1))


def test_nothing_seen_is_nothing_known() -> None:
    assert np.isnan(deviation_of(np.zeros((0, *GRID.shape), np.float32), np.zeros(0), 1))
    assert np.isnan(off(np.zeros(GRID.shape, np.float32), 1))
    assert np.isnan(Midline().deviation(1))
