"""A face whose landmarks jump: once it is the detector, and no frame; more often it is stills."""

import numpy as np
import pytest

from edge_atm.records import Hint, Turn
from edge_atm.vision.pose import FRONTAL_YAW, yaw_proxy
from edge_atm.vision.turning import HINTS
from edge_atm.vision.watch import HIDDEN_FRAMES_MAX, TurnWatch
from tests.unit.test_vision_attacks import WAY, fault
from tests.vision.stage import SECONDS_PER_FRAME, Stage, face, landmarks, unmeasured


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    return unmeasured(monkeypatch)


@pytest.fixture
def ready(stage: Stage) -> TurnWatch:
    return stage.asked_to_turn()


def yaw_range(way: list[float]) -> float:
    return float(np.ptp([yaw_proxy(landmarks(degrees)) for degrees in way])) + 1e-3


@pytest.mark.parametrize("hidden_frames", [0, 1, 2])
@pytest.mark.parametrize(("side", "sign"), [(Turn.LEFT, 1), (Turn.RIGHT, -1)])
def test_three_stills_are_no_turn(stage: Stage, side: Turn, sign: int, hidden_frames: int) -> None:
    watch = stage.asked_to_turn(side)
    for _ in range(hidden_frames):
        stage.show(watch)
    # The frames that jump hide the face as a hand would, and there are no more of them.
    for _ in range(HIDDEN_FRAMES_MAX - hidden_frames):
        assert stage.show(watch, face(sign * 33)) is HINTS[side]
    assert stage.show(watch, face(sign * 33)) is not Hint.DONE
    assert watch.done
    assert fault(watch) == "face_jumped"
    assert watch.look().liveness.turn_range < FRONTAL_YAW


@pytest.mark.parametrize("at", range(len(WAY) - 2))
def test_one_frame_with_landmarks_far_off_costs_no_look_and_proves_nothing(
    ready: TurnWatch, stage: Stage, at: int
) -> None:
    for frame, degrees in enumerate(WAY):
        wrong = -55.0 if degrees >= 0 else 55.0
        hint = stage.show(ready, face(wrong if frame == at else float(degrees)))
        assert hint is not Hint.STEP_INTO_VIEW
    assert stage.show(ready, face(), seconds=1.0) is Hint.DONE
    assert fault(ready) is None
    assert ready.look().liveness.turn_range < yaw_range(WAY)


def test_a_still_after_the_turn_is_a_jump_too(ready: TurnWatch, stage: Stage) -> None:
    for degrees in WAY[: WAY.index(-33.75) + 4]:
        stage.show(ready, face(float(degrees)))
    assert not ready.done
    stage.show(ready, face(15), seconds=(HIDDEN_FRAMES_MAX + 1) * SECONDS_PER_FRAME)
    assert fault(ready) == "face_jumped"


def test_a_jump_before_the_fields_starts_over(stage: Stage) -> None:
    watch = stage.watch()
    stage.show(watch, face(), seconds=0.15)
    assert stage.show(watch, face(33)) is Hint.LOOK_STRAIGHT
    assert not watch.done
    assert stage.show(watch, face(), seconds=0.5) is Hint.LOOK_STRAIGHT
    stage.wait(watch, Hint.TURN_LEFT)
