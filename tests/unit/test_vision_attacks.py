"""What a thief with pictures, or with a helper, shows the watch: each ends the look unpaid."""

import numpy as np
import pytest

from edge_atm.records import Hint
from edge_atm.vision.pose import FRONTAL_YAW, NOSE, yaw_proxy
from edge_atm.vision.watch import TurnWatch
from tests.vision.stage import EYES_PX, SECONDS_PER_FRAME, Stage, face, landmarks, unmeasured

# Both turns at 60 degrees per second, as `Stage.turn` does them, with the wait for the second one.
FIRST, WAITING = [*np.arange(0, 35, 3.75), *np.arange(30, -1, -3.75)], [0.0] * 13
WAY = [*FIRST, *WAITING, *(-degrees for degrees in FIRST)]
TURNED = [i for i, way in enumerate(WAY) if abs(yaw_proxy(landmarks(way))) > FRONTAL_YAW]
# The last two on the way back come when the turns are over, and count for nothing.
TURNED_AND_COUNTED = TURNED[:-2]


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    return unmeasured(monkeypatch)


@pytest.fixture
def ready(stage: Stage) -> TurnWatch:
    return stage.asked_to_turn()


def fault(watch: TurnWatch) -> str | None:
    look = watch.look()
    assert (look.embeddings == ()) == (look.liveness.fault is not None)
    return look.liveness.fault


def test_the_way_of_these_attacks_is_that_of_a_whole_look(ready: TurnWatch, stage: Stage) -> None:
    for degrees in WAY:
        stage.show(ready, face(float(degrees)))
    assert stage.show(ready, face(), seconds=0.8) is Hint.DONE
    assert fault(ready) is None


def test_a_face_hidden_again_and_again_is_swapped(ready: TurnWatch, stage: Stage) -> None:
    for degrees in (10, 20):
        stage.show(ready)
        assert stage.show(ready, face(degrees)) is Hint.TURN_LEFT
    stage.show(ready)
    assert ready.done
    assert fault(ready) == "track_lost"


@pytest.mark.parametrize("frame", TURNED_AND_COUNTED)
def test_one_turned_frame_of_somebody_else_is_noticed(
    ready: TurnWatch, stage: Stage, frame: int
) -> None:
    for at, degrees in enumerate(WAY):
        stage.person = float(at == frame)
        stage.show(ready, face(float(degrees)))
    assert fault(ready) == "face_changed"


def test_somebody_else_in_the_first_turned_frame_turns_nothing(
    ready: TurnWatch, stage: Stage
) -> None:
    stage.turn(ready, 0, 11)
    stage.person = 1
    for degrees in (20, 30):
        stage.show(ready, face(degrees))
    assert fault(ready) == "face_changed"
    assert ready.look().liveness.turn_range < FRONTAL_YAW


def test_somebody_else_may_not_look_straight_during_the_turn(
    ready: TurnWatch, stage: Stage
) -> None:
    stage.person = 1
    stage.show(ready, face(), seconds=0.35)
    assert fault(ready) == "face_changed"


def test_a_straight_face_is_looked_at_again_and_again(ready: TurnWatch, stage: Stage) -> None:
    before = len(stage.embedded_at)
    stage.show(ready, face(), seconds=1.5)
    assert np.diff(stage.embedded_at[before - 1 :]).max() <= 0.3 + SECONDS_PER_FRAME
    watch = stage.watch()
    before = len(stage.embedded_at)
    stage.wait(watch, Hint.TURN_LEFT)
    assert np.diff(stage.embedded_at[before:]).max() <= 0.4 + SECONDS_PER_FRAME


def test_somebody_else_after_the_turn_is_noticed(ready: TurnWatch, stage: Stage) -> None:
    for degrees in WAY:
        stage.show(ready, face(float(degrees)))
    assert not ready.done
    stage.person = 1
    stage.show(ready, face(), seconds=0.3)
    assert fault(ready) == "face_changed"


@pytest.mark.parametrize("degrees", [13, -13, 25])
def test_a_turned_face_is_never_matched(stage: Stage, degrees: float) -> None:
    watch = stage.watch()
    assert stage.show(watch, face(degrees), seconds=2) is Hint.LOOK_STRAIGHT
    assert stage.embedded_at == []
    watch = stage.asked_to_turn()
    for way in [*WAY, degrees / 2, degrees]:
        stage.show(watch, face(float(way)))
    turned = len(stage.embedded_at)
    assert stage.show(watch, face(degrees), seconds=2) is Hint.LOOK_STRAIGHT
    assert len(stage.embedded_at) == turned


def test_a_lowered_face_is_never_matched(stage: Stage) -> None:
    lowered = face()
    lowered.landmarks[NOSE, 1] += 0.3 * EYES_PX
    watch = stage.watch()
    assert stage.show(watch, lowered, seconds=2) is Hint.LOOK_STRAIGHT
    assert stage.embedded_at == []


def test_what_was_seen_before_it_started_over_counts_no_more(stage: Stage) -> None:
    watch = stage.watch()
    stage.show(watch, face(9), seconds=0.15)
    assert len(stage.embedded_at) == 1
    stage.show(watch, seconds=0.5)
    stage.show(watch, face(-9), seconds=1)
    assert len(stage.embedded_at) >= 3
    assert watch.look().liveness.turn_range == pytest.approx(0, abs=1e-6)


def test_a_face_that_leaves_the_picture_proves_nothing(ready: TurnWatch, stage: Stage) -> None:
    for step in range(40):
        hint = stage.show(ready, face(min(33, 3 * step), x_px=320 - 20 * step))
    assert ready.face is not None
    assert ready.face.box[2] < 0
    assert hint is Hint.STEP_INTO_VIEW
    assert fault(ready) == "not_finished"


@pytest.mark.parametrize("kept_before", [1, 5])
def test_a_helpers_head_beside_a_followed_face_ends_the_look(
    stage: Stage, kept_before: int
) -> None:
    watch = stage.watch()
    while len(stage.embedded_at) < kept_before:
        stage.show(watch, face())
    before = len(stage.embedded_at)
    stage.show(watch, face(), face(x_px=560, width_px=110), seconds=0.25)
    assert fault(watch) == "two_faces"
    # It may hide for as long as a followed face's surroundings go unwatched, one embedding long.
    assert len(stage.embedded_at) - before <= 1


def test_a_helper_cannot_be_lit_in_a_pictures_place(stage: Stage) -> None:
    # Held so that no frame of his is good enough to be matched.
    askew, watch = face(), stage.watch()
    middle = askew.landmarks.mean(axis=0)
    turn = np.radians(20)
    by = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]], np.float32)
    askew.landmarks[:] = middle + (askew.landmarks - middle) @ by
    while watch.colour is None:
        stage.show(watch, face())
    assert stage.show(watch, askew, seconds=0.9) is Hint.HEAD_UPRIGHT
    assert not watch.done
    stage.person = 1
    stage.show(watch, askew, seconds=0.45)
    assert fault(watch) == "face_changed"
