import numpy as np
import pytest

from edge_atm.records import Face, Frame, Hint, Side
from edge_atm.vision.watch import TurnWatch
from tests.vision.stage import NOISE, SECONDS_PER_FRAME, Stage, face

OTHER_HINT = {Hint.TURN_LEFT: Hint.TURN_RIGHT, Hint.TURN_RIGHT: Hint.TURN_LEFT}


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def watch(stage: Stage) -> TurnWatch:
    return TurnWatch(stage, stage, Side.LEFT)


@pytest.fixture
def ready(stage: Stage) -> TurnWatch:
    return stage.asked_to_turn()


def ended(watch: TurnWatch) -> bool:
    return watch.done


def fault(watch: TurnWatch) -> str | None:
    look = watch.look()
    assert (look.embeddings == ()) == (look.liveness.fault is not None)
    return look.liveness.fault


@pytest.mark.parametrize(("side", "sign"), [(Side.LEFT, 1), (Side.RIGHT, -1)])
def test_a_whole_look(stage: Stage, side: Side, sign: int) -> None:
    watch = TurnWatch(stage, stage, side)
    assert stage.show(watch) is Hint.STEP_INTO_VIEW
    assert stage.show(watch, face()) is Hint.LOOK_STRAIGHT
    first = stage.show(watch, face(), seconds=0.8)
    assert first is (Hint.TURN_LEFT if side is Side.LEFT else Hint.TURN_RIGHT)
    stage.turn(watch, 0, sign * 33)
    assert stage.turn(watch, sign * 33, 0) is OTHER_HINT[first]
    stage.turn(watch, 0, sign * -33)
    assert stage.turn(watch, sign * -33, 0) is Hint.LOOK_STRAIGHT
    assert not ended(watch)
    assert stage.show(watch, face(), seconds=0.6) is Hint.DONE
    frames = (stage.at_seconds - 100) / SECONDS_PER_FRAME
    look = watch.look()
    assert look.liveness.fault is None
    assert look.liveness.turn_range >= 0.5
    assert look.liveness.nose_residual >= 0.4
    assert len(look.embeddings) == 8
    assert stage.show(watch, face()) is Hint.DONE
    assert watch.look().frames_seen == look.frames_seen == frames


def test_matching_frames_are_apart_and_lie_on_both_sides_of_the_turn(stage: Stage) -> None:
    watch = TurnWatch(stage, stage, Side.LEFT)
    stage.show(watch, face(), seconds=0.8)
    assert np.diff(stage.embedded_at).min() >= 0.149
    for end in (33, -33, 0):
        stage.turn(watch, {33: 0, -33: 33, 0: -33}[end], end)
    turned = len(stage.embedded_at)
    stage.show(watch, face(), seconds=0.6)
    assert np.diff(stage.embedded_at[turned:]).min() >= 0.149
    assert len(watch.look().embeddings) == 8


def test_the_furthest_turn_is_waited_for(ready: TurnWatch, stage: Stage) -> None:
    stage.turn(ready, 0, 26)
    assert stage.show(ready, face(35), seconds=0.3) is Hint.TURN_LEFT
    assert stage.show(ready, face(35), seconds=0.3) is Hint.TURN_RIGHT


def test_both_sides_together_must_go_far(ready: TurnWatch, stage: Stage) -> None:
    stage.turn(ready, 0, 26)
    assert stage.turn(ready, 26, 0) is Hint.TURN_RIGHT
    stage.turn(ready, 0, -26)
    assert stage.turn(ready, -26, 0) is Hint.TURN_RIGHT
    stage.turn(ready, 0, -33)
    assert stage.turn(ready, -33, 0) is Hint.LOOK_STRAIGHT


def test_a_photo_never_gets_through_the_turn(ready: TurnWatch, stage: Stage) -> None:
    for degrees in (0, 6, -6) * 20:
        assert stage.show(ready, face(degrees)) is Hint.TURN_LEFT
    assert fault(ready) == "not_finished"


def test_waiting_before_the_turn_does_not_hide_it(ready: TurnWatch, stage: Stage) -> None:
    assert stage.show(ready, face(), seconds=60) is Hint.TURN_LEFT
    for start, end in ((0, 33), (33, -33), (-33, 0)):
        stage.turn(ready, start, end)
    assert stage.show(ready, face(), seconds=0.6) is Hint.DONE
    assert ready.look().liveness.turn_range >= 0.5
    assert ready.look().liveness.nose_residual >= 0.4


def test_the_wrong_side_first_ends_the_look(ready: TurnWatch, stage: Stage) -> None:
    stage.turn(ready, 0, -35)
    assert ended(ready)
    assert fault(ready) == "wrong_side_first"


def test_a_second_face_waits_before_the_start_and_ends_the_look_after(stage: Stage) -> None:
    watch = TurnWatch(stage, stage, Side.LEFT)
    second = face(x_px=560)
    assert stage.show(watch, face(), second) is Hint.ONE_PERSON_ONLY
    assert not ended(watch)
    stage.show(watch, face(), seconds=0.2)
    assert stage.show(watch, face(), second) is Hint.ONE_PERSON_ONLY
    assert ended(watch)
    assert fault(watch) == "two_faces"


def test_a_lost_face_starts_over_before_the_turn(watch: TurnWatch, stage: Stage) -> None:
    stage.show(watch, face(), seconds=0.4)
    assert stage.show(watch, seconds=0.5) is Hint.STEP_INTO_VIEW
    assert watch.face is None
    assert stage.show(watch, face(), seconds=0.5) is Hint.LOOK_STRAIGHT
    assert stage.show(watch, face(), seconds=0.5) is Hint.TURN_LEFT


@pytest.mark.parametrize("seen", [[], [face(x_px=120)]])
def test_a_lost_face_ends_the_look_in_the_turn(
    ready: TurnWatch, stage: Stage, seen: list[Face]
) -> None:
    assert stage.show(ready, *seen, seconds=0.3) is Hint.STEP_INTO_VIEW
    stage.show(ready, *seen, seconds=0.2)
    assert ended(ready)
    assert fault(ready) == "track_lost"


def test_a_helper_who_turns_for_a_photo_is_noticed(ready: TurnWatch, stage: Stage) -> None:
    stage.person = 1
    stage.turn(ready, 0, 33)
    stage.turn(ready, 33, 0)
    assert fault(ready) == "face_changed"


def test_another_face_before_the_turn_starts_over(watch: TurnWatch, stage: Stage) -> None:
    stage.show(watch, face(), seconds=0.4)
    stage.person = 1
    stage.show(watch, face(), seconds=0.3)
    assert not ended(watch)
    assert stage.show(watch, face(), seconds=0.8) is Hint.TURN_LEFT


@pytest.mark.parametrize("back_seconds", [0.0, 1.0, float("nan")])
def test_a_clock_that_stands_ends_the_look(
    ready: TurnWatch, stage: Stage, back_seconds: float
) -> None:
    ready.see(Frame(NOISE, stage.at_seconds - back_seconds, 0))
    assert ended(ready)
    assert fault(ready) == "frame_clock"


def test_nobody_there_ends_the_look(watch: TurnWatch, stage: Stage) -> None:
    assert stage.show(watch, seconds=9.9) is Hint.STEP_INTO_VIEW
    assert not ended(watch)
    stage.show(watch, seconds=0.2)
    assert fault(watch) == "no_face"


def test_landmarks_that_are_no_numbers_prove_nothing(ready: TurnWatch, stage: Stage) -> None:
    broken = face(33)
    broken.landmarks[2, 0] = np.nan
    stage.show(ready, broken)
    assert ended(ready)
    assert fault(ready) == "face_jumped"
