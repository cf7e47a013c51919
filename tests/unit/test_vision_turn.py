from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_atm.records import Floats
from edge_atm.vision import pose
from edge_atm.vision.turn import apart, measure, nose_residuals
from tests.vision.stage import HEAD, PHOTO, landmarks

RANGE_GATE, RESIDUAL_GATE, DEPTH_GATE = 0.5, 0.40, 0.28
TILT = st.floats(-0.05, 0.05)


def swing(degrees: float, head: Floats = HEAD) -> Floats:
    turns = [0.0] * 8 + list(np.linspace(0, degrees, 15)) + list(np.linspace(degrees, -degrees, 30))
    return np.stack([landmarks(turn, head) for turn in turns])


@settings(deadline=None)
@given(st.floats(-60, 60), st.floats(-0.3, 0.3), TILT, TILT, st.integers(0, 99))
def test_a_flat_face_has_no_residual_however_it_is_held(
    degrees: float, shear: float, tilt_x: float, tilt_y: float, seed: int
) -> None:
    jitter = np.random.default_rng(seed).normal(0, 0.08, (5, 2))
    flat = HEAD[:, :2] + jitter
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    seen = flat @ turn @ np.array([[1, shear], [0, 1]])
    seen = 300 + 90 * seen / (1 + flat @ np.array([[tilt_x], [tilt_y]]))
    residual = nose_residuals(flat.astype(np.float32), seen[None].astype(np.float32))
    assert abs(float(residual[0])) < 1e-3


@pytest.mark.parametrize("degrees", [15, 30, 45])
def test_a_turned_photo_shows_no_depth(degrees: float) -> None:
    trace = swing(degrees, PHOTO)
    turn_range, residual, depth = measure(*apart(trace))
    assert not turn_range >= RANGE_GATE
    assert not residual >= RESIDUAL_GATE
    assert not depth >= DEPTH_GATE
    assert np.abs(nose_residuals(trace[0], trace)).max() < 1e-3


def test_a_turned_head_passes_every_gate() -> None:
    turn_range, residual, depth = measure(*apart(swing(30)))
    assert turn_range >= RANGE_GATE
    assert residual >= RESIDUAL_GATE
    assert depth >= DEPTH_GATE


@pytest.mark.parametrize("degrees", [20, 30, 40, 50])
def test_the_depth_of_a_head_is_the_same_at_every_angle(degrees: float) -> None:
    down = HEAD[[pose.LEFT_MOUTH, pose.RIGHT_MOUTH], 1].mean() - HEAD[:2, 1].mean()
    depth = -HEAD[pose.NOSE, 2] / down
    assert measure(*apart(swing(degrees)))[2] == pytest.approx(depth, abs=0.1)


@settings(deadline=None)
@given(st.floats(0.7, 1.5))
def test_the_depth_is_counted_in_ways_from_the_eyes_to_the_mouth(longer: float) -> None:
    # Of a narrower face in a picture as wide: a level bend rises with that way, a nose does not.
    front, turned = apart(swing(35))
    long = [part * np.array([1, longer], np.float32) for part in (front, turned)]
    assert measure(*long)[1] == pytest.approx(measure(front, turned)[1], abs=1e-3)
    assert measure(*long)[2] * longer == pytest.approx(measure(front, turned)[2], rel=0.01)


def bent(axis_degrees: float) -> Floats:
    """A picture of the head on a cylinder of one eye distance, its axis turned from upright."""
    angle = np.radians(axis_degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    flat = (PHOTO[:, :2] - PHOTO[:, :2].mean(axis=0)) @ turn
    around = np.column_stack([np.sin(flat[:, 0]), flat[:, 1]]) @ turn.T
    return np.column_stack([around, 1 - np.cos(flat[:, 0])])


def test_a_picture_bent_about_a_level_axis_is_no_head_however_far_it_turns() -> None:
    turn_range, residual, depth = measure(*apart(swing(62, bent(90))))
    assert turn_range >= RANGE_GATE
    assert residual >= RESIDUAL_GATE
    assert 0.1 <= depth < DEPTH_GATE


@pytest.mark.parametrize("axis_degrees", [-60, -45, -30, 30, 45, 60])
@pytest.mark.parametrize("degrees", [30, 45, 55])
def test_eyes_and_mouth_of_a_picture_bent_aslant_do_not_turn_alike(
    axis_degrees: float, degrees: float
) -> None:
    assert np.isnan(measure(*apart(swing(degrees, bent(axis_degrees))))[2])


def test_the_sign_follows_the_side() -> None:
    reference, left, right = (landmarks(degrees) for degrees in (0, 25, -25))
    assert pose.yaw_proxy(left) > 0 > pose.yaw_proxy(right)
    residuals = nose_residuals(reference, np.stack([left, right]))
    assert residuals[0] > 0 > residuals[1]


@settings(deadline=None)
@given(st.integers(0, 52), st.integers(0, 4), st.integers(0, 1), st.sampled_from(["nan", "inf"]))
def test_one_landmark_that_is_no_number_spoils_the_proof(
    frame: int, point: int, axis: int, value: str
) -> None:
    trace = swing(30)
    trace[frame, point, axis] = float(value)
    turn_range, residual, depth = measure(*apart(trace))
    assert not residual >= RESIDUAL_GATE
    assert not turn_range >= RANGE_GATE
    assert not depth >= DEPTH_GATE


def folded(points: Floats) -> Floats:
    points = points.copy()
    points[pose.LEFT_MOUTH] = points[pose.RIGHT_MOUTH]
    return points


def swapped(points: Floats) -> Floats:
    return points[[0, 1, 2, 4, 3]]


def collapsed(points: Floats) -> Floats:
    return np.zeros_like(points)


@pytest.mark.parametrize("spoil", [folded, swapped, collapsed])
def test_corners_that_are_no_face_never_pass(spoil: Callable[[Floats], Floats]) -> None:
    whole = landmarks(0)
    assert np.isnan(nose_residuals(whole, spoil(whole)[None])).all()
    assert np.isnan(nose_residuals(spoil(whole), whole[None])).all()
    trace = swing(30)
    trace[22:24] = [spoil(points) for points in trace[22:24]]
    assert not measure(*apart(trace))[1] >= RESIDUAL_GATE


def test_without_frontal_frames_nothing_is_proved() -> None:
    turn_range, residual, depth = measure(*apart(swing(30)[20:25]))
    assert np.isnan(residual)
    assert np.isnan(depth)
    assert turn_range < RANGE_GATE
    assert np.isnan(measure(*apart(np.zeros((0, 5, 2), np.float32)))).all()


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize(("frames", "proved"), [(2, False), (3, True)])
def test_each_extreme_takes_three_frames(side: int, frames: int, proved: bool) -> None:
    turns = [0.0] * 8 + [side * -30.0] * 9 + [side * 30.0] * frames
    residual = measure(*apart(np.stack([landmarks(turn) for turn in turns])))[1]
    assert (residual >= RESIDUAL_GATE) is proved


@pytest.mark.parametrize(("frames", "proved"), [(4, False), (5, True)])
def test_the_reference_takes_five_frames(frames: int, proved: bool) -> None:
    turns = [0.0] * frames + [-30.0] * 5 + [30.0] * 5
    residual = measure(*apart(np.stack([landmarks(turn) for turn in turns])))[1]
    assert (residual >= RESIDUAL_GATE) is proved


def test_one_far_frame_changes_nothing() -> None:
    turns = [0.0] * 8 + [-20.0] * 9 + [20.0] * 9
    trace = np.stack([landmarks(turn) for turn in turns])
    far = np.stack([*trace, landmarks(50), landmarks(-50)])
    assert measure(*apart(far)) == pytest.approx(measure(*apart(trace)))


def test_pose_is_free_of_place_size_and_roll() -> None:
    points = landmarks(20)
    angle = np.radians(12)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    moved = (points @ turn * 0.4 + 77).astype(np.float32)
    assert pose.roll_degrees(moved) - pose.roll_degrees(points) == pytest.approx(12, abs=0.01)
    np.testing.assert_allclose(pose.upright(moved), pose.upright(points), atol=1e-5)
    assert pose.eye_distance_px(moved) == pytest.approx(0.4 * pose.eye_distance_px(points))
