"""Who leaves, changes, brings company or stops the clock: what is forgiven before the fields."""

import numpy as np
import pytest

from edge_atm.records import Face, Frame, Hint, Turn
from edge_atm.vision.watch import HIDDEN_FRAMES_MAX, TurnWatch
from tests.vision.stage import (
    FIELDS,
    NOISE,
    SECONDS_PER_FRAME,
    Stage,
    challenge,
    face,
    unmeasured,
)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    return unmeasured(monkeypatch)


@pytest.fixture
def watch(stage: Stage) -> TurnWatch:
    return stage.watch()


@pytest.fixture
def ready(stage: Stage) -> TurnWatch:
    return stage.asked_to_turn()


def fault(watch: TurnWatch) -> str | None:
    look = watch.look()
    assert (look.embeddings == ()) == (look.liveness.fault is not None)
    return look.liveness.fault


def test_a_second_face_waits_before_the_start_and_ends_the_look_after(stage: Stage) -> None:
    watch = stage.watch()
    second = face(x_px=560)
    assert stage.show(watch, face(), second, seconds=0.15) is Hint.ONE_PERSON_ONLY
    assert watch.look().liveness.fault == "not_finished"
    stage.show(watch, face(), seconds=0.2)
    assert stage.show(watch, face(), second, seconds=0.15) is Hint.ONE_PERSON_ONLY
    assert watch.done
    assert fault(watch) == "two_faces"


def test_a_lost_face_starts_over_before_the_fields(watch: TurnWatch, stage: Stage) -> None:
    stage.show(watch, face(), seconds=0.15)
    assert len(stage.embedded_at) == 1
    assert stage.show(watch, seconds=0.5) is Hint.STEP_INTO_VIEW
    assert watch.face is None
    assert watch.colour is None
    assert stage.show(watch, face(), seconds=0.5) is Hint.LOOK_STRAIGHT
    stage.wait(watch, Hint.TURN_LEFT)


def test_a_face_that_is_lost_in_the_fields_ends_the_look(watch: TurnWatch, stage: Stage) -> None:
    stage.show(watch, face(), seconds=0.4)
    assert watch.colour is FIELDS[0]
    assert stage.show(watch, seconds=0.5) is Hint.STEP_INTO_VIEW
    assert fault(watch) == "track_lost"


@pytest.mark.parametrize("seen", [[], [face(x_px=120)]])
def test_a_lost_face_ends_the_look_in_the_turn(
    ready: TurnWatch, stage: Stage, seen: list[Face]
) -> None:
    assert stage.show(ready, *seen, seconds=0.3) is Hint.STEP_INTO_VIEW
    stage.show(ready, *seen, seconds=0.2)
    assert ready.done
    assert fault(ready) == "track_lost"


def test_a_helper_who_turns_for_a_photo_is_noticed(ready: TurnWatch, stage: Stage) -> None:
    stage.person = 1
    stage.turn(ready, 0, 33)
    stage.turn(ready, 33, 0)
    assert fault(ready) == "face_changed"


def test_a_helper_who_looks_up_for_a_photo_is_noticed(stage: Stage) -> None:
    watch = stage.watch(challenge(Turn.UP, Turn.LEFT, Turn.RIGHT))
    stage.wait(watch, Hint.TURN_UP)
    stage.show(watch, face())
    stage.person = 1
    stage.lift(watch, 8, 30)
    assert fault(watch) == "face_changed"


def test_another_face_before_the_fields_starts_over(watch: TurnWatch, stage: Stage) -> None:
    stage.show(watch, face(), seconds=0.15)
    stage.person = 1
    stage.show(watch, face(), seconds=0.2)
    assert not watch.done
    stage.wait(watch, Hint.TURN_LEFT)


def test_another_face_in_the_fields_ends_the_look(watch: TurnWatch, stage: Stage) -> None:
    stage.show(watch, face(), seconds=0.5)
    stage.person = 1
    stage.show(watch, face(), seconds=0.5)
    assert fault(watch) == "face_changed"


@pytest.mark.parametrize("back_seconds", [0.0, 1.0, float("nan")])
def test_a_clock_that_stands_ends_the_look(
    ready: TurnWatch, stage: Stage, back_seconds: float
) -> None:
    ready.see(Frame(NOISE, stage.at_seconds - back_seconds, 0))
    assert ready.done
    assert fault(ready) == "frame_clock"


def test_nobody_there_ends_the_look(watch: TurnWatch, stage: Stage) -> None:
    assert stage.show(watch, seconds=9.9) is Hint.STEP_INTO_VIEW
    assert not watch.done
    stage.show(watch, seconds=0.2)
    assert fault(watch) == "no_face"


def test_landmarks_that_are_no_numbers_prove_nothing(ready: TurnWatch, stage: Stage) -> None:
    broken = face(33)
    broken.landmarks[2, 0] = np.nan
    hidden_seconds = HIDDEN_FRAMES_MAX * SECONDS_PER_FRAME
    assert stage.show(ready, broken, seconds=hidden_seconds) is Hint.TURN_LEFT
    stage.show(ready, broken)
    assert ready.done
    assert fault(ready) == "face_jumped"
