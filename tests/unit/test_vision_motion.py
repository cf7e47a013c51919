"""No head jumps; every head may turn, whatever the camera's rate and however its clock jitters."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_atm.vision.motion import YAW_SPEED_MAX, YAW_STEP_MAX, Motion

JITTER = st.floats(-0.0099, 0.0099)
RATES = st.floats(10, 60)


def faults(*steps: tuple[float, float]) -> list[str | None]:
    motion = Motion()
    return [motion.follow(yaw, at_seconds) for at_seconds, yaw in steps]


@given(RATES, st.floats(0.05, 1), st.floats(0.1, 0.9), st.lists(JITTER, min_size=8, max_size=60))
def test_an_honest_head_never_jumps(
    fps: float, quickness: float, reach: float, jitter: list[float]
) -> None:
    # To and fro as fast as it may between two frames; stamps off by less than 10 ms.
    speed = quickness * min(YAW_SPEED_MAX, YAW_STEP_MAX * fps) * 0.999
    times = [n / fps for n in range(len(jitter))]
    yaws = [
        reach * 2 / math.pi * math.asin(math.sin(speed * t * math.pi / 2 / reach)) for t in times
    ]
    stamped = sorted(t + off for t, off in zip(times, jitter, strict=True))
    assert set(faults(*zip(stamped, yaws, strict=True))) == {None}


@given(RATES, st.lists(JITTER, min_size=9, max_size=30), st.floats(0.26, 0.6), st.data())
def test_a_swap_of_stills_always_jumps(
    fps: float, jitter: list[float], way: float, data: st.DataObject
) -> None:
    swapped_at = data.draw(st.integers(1, len(jitter) - 1))
    stamped = sorted(n / fps + off for n, off in enumerate(jitter))
    yaws = [way * (n >= swapped_at) for n in range(len(jitter))]
    assert faults(*zip(stamped, yaws, strict=True))[swapped_at] == "face_jumped"


@given(st.floats(30, 60), st.floats(0.14, 0.25))
def test_no_flight_of_small_steps_is_faster_than_a_head(fps: float, step: float) -> None:
    assert "face_jumped" in faults(*((n / fps, n * step) for n in range(8)))


def test_two_close_frames_are_too_few_to_tell_a_speed() -> None:
    # Landmarks tremble: of 8,740 frames of a real head at 60 fps three would be refused.
    assert faults((1, 0), (1.005, 0.2), (1.01, 0)) == [None] * 3


@pytest.mark.parametrize("gap_seconds", [0.09, 0.2, 0.4, 30])
def test_behind_a_gap_there_is_no_other_pose(gap_seconds: float) -> None:
    assert faults((1, 0), (1 + gap_seconds, 0.24)) == [None, None]
    assert faults((1, 0), (1 + gap_seconds, 0.26)) == [None, "face_jumped"]


def test_behind_a_jump_the_way_is_measured_from_before_it() -> None:
    jumped = "face_jumped"
    assert faults((1, 0), (1.1, 0.4), (1.2, 0.1)) == [None, jumped, None]
    assert faults((1, 0), (1.1, 0.4), (1.2, 0.4), (9, 0.26)) == [None, jumped, jumped, jumped]


@given(st.floats(10, 30), st.floats(0.13, 0.25))
def test_to_and_fro_between_stills_is_no_string_of_errors(fps: float, way: float) -> None:
    yaws = [0.0, *[way, -way] * 4]
    assert "face_jumped" in faults(*((n / fps, yaw) for n, yaw in enumerate(yaws)))


@given(RATES, st.floats(0.251, 0.6), st.integers(1, 9), st.floats(0, 0.25))
def test_no_still_between_makes_two_others_meet(
    fps: float, way: float, frames: int, between: float
) -> None:
    yaws = [0.0] * frames + [between] * 2 + [-way] * 2
    assert "face_jumped" in faults(*((n / fps, yaw) for n, yaw in enumerate(yaws)))


def test_a_pose_that_is_no_number_is_a_jump() -> None:
    assert faults((1, np.nan)) == ["face_jumped"]
    assert faults((1, 0), (1.1, np.nan), (1.2, 0)) == [None, "face_jumped", None]
    assert faults((1, 0), (1.1, np.inf)) == [None, "face_jumped"]
    assert faults((1, 0), (np.nan, 0)) == [None, "face_jumped"]
