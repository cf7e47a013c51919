"""Everybody has his own front: what is straight for him, and what is not yet."""

from dataclasses import replace

import numpy as np
import pytest

from edge_atm.policy.decision import NOSE_DEPTH_MIN
from edge_atm.records import Hint, Turn
from edge_atm.vision.challenge import LIFTED, STRAIGHT_LIFT, TURNED_YAW
from edge_atm.vision.pose import FRONTAL_YAW, nose_part, yaw_proxy
from edge_atm.vision.turning import OWN_YAW_MAX
from edge_atm.vision.watch import FRONTAL_COUNT, TurnWatch
from tests.vision.stage import HEAD, Stage, challenge, face, landmarks, unmeasured


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    return unmeasured(monkeypatch)


@pytest.fixture
def watch(stage: Stage) -> TurnWatch:
    return stage.watch()


def fault(watch: TurnWatch) -> str | None:
    look = watch.look()
    assert (look.embeddings == ()) == (look.liveness.fault is not None)
    return look.liveness.fault


def test_whoever_is_not_even_is_measured_against_his_own_front(
    watch: TurnWatch, stage: Stage
) -> None:
    # His mouth stands aside: straight ahead he is further round than FRONTAL_YAW.
    head = HEAD - np.array([[0, 0, 0]] * 3 + [[0.12, 0, 0]] * 2)
    ways, degrees, hint = {Hint.TURN_LEFT: 35.0, Hint.TURN_RIGHT: -45.0}, 0.0, Hint.LOOK_STRAIGHT
    while hint is not Hint.DONE and not watch.done:
        degrees += float(np.clip(ways.get(hint, 0.0) - degrees, -3.75, 3.75))
        shown = replace(face(degrees), landmarks=landmarks(degrees + 5, head))
        hint = stage.show(watch, shown)
    liveness = watch.look().liveness
    assert yaw_proxy(landmarks(5, head)) > FRONTAL_YAW
    assert liveness.fault is None
    assert liveness.nose_depth >= NOSE_DEPTH_MIN


def test_a_mark_is_never_straight_however_the_front_is_held() -> None:
    assert OWN_YAW_MAX + FRONTAL_YAW < TURNED_YAW


def test_whoever_still_looks_up_after_the_turns_is_not_matched_yet(stage: Stage) -> None:
    watch = stage.watch(challenge(Turn.LEFT, Turn.RIGHT, Turn.UP))
    stage.wait(watch, Hint.TURN_LEFT)
    for way, then in ((35, Hint.TURN_RIGHT), (-35, Hint.TURN_UP)):
        stage.turn(watch, 0, way)
        stage.turn(watch, way, 0)
        stage.wait(watch, then)
    for up in range(0, 26, 2):
        stage.show(watch, face(up=up))
    assert stage.show(watch, face(up=26), seconds=0.7) is Hint.LOOK_STRAIGHT
    part, lifted = (nose_part(landmarks(0, up=up)) for up in (0, 12))
    assert STRAIGHT_LIFT < part - lifted < LIFTED
    assert stage.show(watch, face(up=12), seconds=2) is Hint.LOOK_STRAIGHT
    assert stage.asked_to_deny == FRONTAL_COUNT
    assert watch._turning is not None
    shown = len(watch._turning.trace)
    for way in (*range(0, 40, 4), *range(40, 0, -4)):
        stage.show(watch, face(way, up=12))
    # No turn is asked for any more, and none counts as depth.
    assert len(watch._turning.trace) == shown
    assert stage.show(watch, face(), seconds=0.6) is Hint.DONE
    assert fault(watch) is None
