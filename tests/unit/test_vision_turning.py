"""The turns of a look: each when it is asked, there, and far enough."""

import math

import pytest

from edge_atm.records import Challenge, Face, Hint, Pixels, Turn
from edge_atm.vision import turning
from edge_atm.vision.challenge import BEGIN_SECONDS_MAX
from edge_atm.vision.pose import yaw_proxy
from edge_atm.vision.turning import HINTS
from edge_atm.vision.watch import TurnWatch
from tests.vision.stage import Stage, Unmeasured, both, challenge, face, unmeasured


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


def test_the_furthest_turn_is_waited_for(ready: TurnWatch, stage: Stage) -> None:
    stage.turn(ready, 0, 26)
    assert stage.show(ready, face(35), seconds=0.3) is Hint.TURN_LEFT
    assert stage.show(ready, face(35), seconds=0.3) is Hint.LOOK_STRAIGHT


def test_both_sides_together_must_go_far(ready: TurnWatch, stage: Stage) -> None:
    stage.turn(ready, 0, 26)
    stage.turn(ready, 26, 0)
    stage.wait(ready, Hint.TURN_RIGHT)
    stage.turn(ready, 0, -26)
    assert stage.turn(ready, -26, 0) is Hint.TURN_RIGHT
    stage.turn(ready, 0, -33)
    assert stage.turn(ready, -33, 0) is Hint.LOOK_STRAIGHT


def test_a_photo_never_gets_through_the_turns(ready: TurnWatch, stage: Stage) -> None:
    for degrees in (0, 8, 0, -8) * 40:
        stage.show(ready, face(degrees))
        if ready.done:
            break
    # However it is turned, its nose stays on the line from eyes to mouth.
    assert fault(ready) == "not_begun"


@pytest.mark.parametrize("seconds", [0.2, 1.4])
def test_waiting_before_a_turn_does_not_hide_it(
    ready: TurnWatch, stage: Stage, seconds: float
) -> None:
    assert stage.show(ready, face(), seconds=seconds) is Hint.TURN_LEFT
    stage.turn(ready, 4, 33)
    stage.turn(ready, 33, 0)
    stage.wait(ready, Hint.TURN_RIGHT)
    assert stage.show(ready, face(), seconds=seconds) is Hint.TURN_RIGHT
    stage.turn(ready, -4, -33)
    stage.turn(ready, -33, 0)
    stage.wait(ready, Hint.DONE)
    assert ready.look().liveness.turn_range >= 0.6
    assert ready.look().liveness.nose_residual >= 0.4


def test_a_turn_that_is_not_begun_ends_the_look(ready: TurnWatch, stage: Stage) -> None:
    assert stage.show(ready, face(), seconds=BEGIN_SECONDS_MAX) is Hint.TURN_LEFT
    stage.show(ready, face())
    assert fault(ready) == "not_begun"


def test_a_turn_that_began_before_it_was_asked_ends_the_look(
    watch: TurnWatch, stage: Stage
) -> None:
    stage.show(watch, face(), seconds=0.5)
    while watch.colour is not None:
        stage.show(watch, face())
    # The last field's light has passed, and the head has come to rest.
    stage.show(watch, face(), seconds=0.7)
    stage.turn(watch, 0, 33)
    assert fault(watch) == "begun_early"


@pytest.mark.parametrize("asks", [both(), challenge(Turn.UP, Turn.LEFT, Turn.RIGHT)])
def test_the_wrong_side_first_ends_the_look(stage: Stage, asks: Challenge) -> None:
    watch = stage.watch(asks)
    stage.wait(watch, HINTS[asks.turns[0]])
    stage.turn(watch, 0, -35)
    assert watch.done
    assert fault(watch) == "wrong_turn"


def test_a_look_up_that_was_not_asked_for_ends_the_look(ready: TurnWatch, stage: Stage) -> None:
    stage.lift(ready, 0, 30)
    assert fault(ready) == "wrong_turn"


@pytest.mark.parametrize(
    ("deviations", "smallest"),
    [
        ((0.2, 0.3), 0.2),
        ((0.3, 0.0), 0.0),
        ((math.nan, 0.3), math.nan),
        ((0.2, math.nan), math.nan),
    ],
)
def test_the_midline_is_followed_on_each_side_from_a_head_at_rest(
    stage: Stage,
    monkeypatch: pytest.MonkeyPatch,
    deviations: tuple[float, float],
    smallest: float,
) -> None:
    found = iter(deviations)
    started: list[float] = []
    towards: list[float] = []
    followed: list[list[float]] = []

    class Midline(Unmeasured):
        def start(self, pixels: Pixels, face: Face) -> None:
            started.append(float(yaw_proxy(face.landmarks)))
            # While the head rests each frame takes the place of the one before.
            followed[:] = [*filter(None, followed), []]

        def follow(self, pixels: Pixels, face: Face) -> None:
            followed[-1].append(float(yaw_proxy(face.landmarks)))

        def deviation(self, side: float) -> float:
            towards.append(side)
            return next(found)

    monkeypatch.setattr(turning, "Midline", Midline)
    asks = challenge(Turn.LEFT, Turn.UP, Turn.RIGHT)
    watch = stage.watch(asks)
    stage.whole(watch, asks)
    assert watch.look().liveness.midline == pytest.approx(smallest, nan_ok=True)
    assert towards == [1.0, -1.0]
    # A look up starts nothing.
    assert all(abs(yaw) < 0.03 for yaw in started)
    left, right = followed
    assert 0.3 < max(left) < 0.4
    assert -0.4 < min(right) < -0.3


def test_a_midline_that_held_on_no_side_is_unknown(ready: TurnWatch, stage: Stage) -> None:
    for hint, degrees in ((Hint.TURN_LEFT, 33), (Hint.TURN_RIGHT, -33)):
        stage.wait(ready, hint)
        stage.turn(ready, 0, degrees)
        stage.turn(ready, degrees, 0)
    stage.wait(ready, Hint.DONE)
    assert math.isnan(ready.look().liveness.midline)


def test_a_head_too_far_back_to_be_known_turns_nothing(stage: Stage) -> None:
    watch = stage.watch(challenge(Turn.UP, Turn.LEFT, Turn.RIGHT))
    stage.wait(watch, Hint.TURN_UP)
    stage.lift(watch, 0, 8)
    looked = len(stage.embedded_at)
    assert stage.show(watch, face(up=40), seconds=1.2) is Hint.TURN_UP
    assert len(stage.embedded_at) == looked
    stage.lift(watch, 40, 0)
    assert len(stage.embedded_at) > looked
    assert stage.show(watch, face()) is Hint.LOOK_STRAIGHT
