import numpy as np
import pytest

from edge_atm.vision.motion import Motion


def faults(*steps: tuple[float, float]) -> list[str | None]:
    motion = Motion()
    return [motion.follow(yaw, at_seconds) for at_seconds, yaw in steps]


@pytest.mark.parametrize("side", [1, -1])
def test_a_head_is_as_quick_as_heads_are(side: int) -> None:
    assert faults((1, 0), (1.0625, side * 0.18), (1.125, side * 0.36)) == [None] * 3
    assert faults((1, 0), (1.0625, side * 0.19)) == [None, "face_jumped"]


@pytest.mark.parametrize("gap_seconds", [0.09, 0.2, 0.4, 30])
def test_behind_a_gap_there_is_no_other_pose(gap_seconds: float) -> None:
    assert faults((1, 0), (1 + gap_seconds, 0.24)) == [None, None]
    assert faults((1, 0), (1 + gap_seconds, 0.26)) == [None, "face_jumped"]


def test_a_pose_that_is_no_number_is_a_jump() -> None:
    assert faults((1, np.nan)) == ["face_jumped"]
    assert faults((1, 0), (1.1, np.nan), (1.2, 0)) == [None, "face_jumped", "face_jumped"]
    assert faults((1, 0), (1.1, np.inf)) == [None, "face_jumped"]
    assert faults((1, 0), (np.nan, 0)) == [None, "face_jumped"]
