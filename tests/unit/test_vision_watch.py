"""A whole look: straight in the fields, the turns, straight again."""

import re
from pathlib import Path

import numpy as np
import pytest

from edge_atm.records import Challenge, Colour, Hint, Turn
from edge_atm.vision.challenge import Turns
from edge_atm.vision.turning import HINTS
from edge_atm.vision.watch import TurnWatch
from tests.vision.stage import FIELDS, SECONDS_PER_FRAME, Stage, both, challenge, face

WITH_UP = [
    challenge(Turn.UP, Turn.LEFT, Turn.RIGHT),
    challenge(Turn.RIGHT, Turn.UP, Turn.LEFT),
    challenge(Turn.LEFT, Turn.RIGHT, Turn.UP),
]


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def watch(stage: Stage) -> TurnWatch:
    return stage.watch()


def fault(watch: TurnWatch) -> str | None:
    look = watch.look()
    assert (look.embeddings == ()) == (look.liveness.fault is not None)
    return look.liveness.fault


@pytest.mark.parametrize("asks", [both(), both(Turn.RIGHT), *WITH_UP])
def test_a_whole_look(stage: Stage, asks: Challenge) -> None:
    watch = stage.watch(asks)
    assert stage.show(watch) is Hint.STEP_INTO_VIEW
    assert stage.show(watch, face()) is Hint.LOOK_STRAIGHT
    stage.whole(watch, asks)
    frames = (stage.at_seconds - 100) / SECONDS_PER_FRAME
    look = watch.look()
    assert look.liveness.fault is None
    assert look.liveness.turn_range >= 0.6
    assert look.liveness.nose_residual >= 0.4
    assert len(look.embeddings) == 8 == stage.asked_to_deny
    assert stage.show(watch, face()) is Hint.DONE
    assert watch.look().frames_seen == look.frames_seen == frames


def straight_seconds(stage: Stage, asks: Challenge) -> float:
    """Return how long it takes from the last field to the first hint to turn."""
    watch = stage.watch(asks)
    stage.show(watch, face(), seconds=0.5)
    while watch.colour is not None:
        stage.show(watch, face())
    began_at = stage.at_seconds
    stage.wait(watch, HINTS[asks.turns[0]])
    return stage.at_seconds - began_at


def test_each_turn_is_asked_after_its_delay(stage: Stage) -> None:
    late, soon = (Challenge((Turn.UP, Turn.RIGHT), pair, FIELDS) for pair in ((1, 0.25), (0.5, 1)))
    difference = straight_seconds(stage, late) - straight_seconds(stage, soon)
    assert difference == pytest.approx(0.5, abs=SECONDS_PER_FRAME)
    watch = stage.watch(late)
    stage.wait(watch, Hint.TURN_UP)
    stage.lift(watch, 0, 30)
    assert stage.lift(watch, 30, 4) is Hint.LOOK_STRAIGHT
    back = stage.at_seconds
    stage.wait(watch, Hint.TURN_RIGHT)
    assert 0.25 <= stage.at_seconds - back <= 0.6


def test_the_fields_are_shown_one_after_the_other_while_the_head_is_straight(
    stage: Stage, watch: TurnWatch
) -> None:
    shown: list[Colour | None] = []
    while stage.show(watch, face()) is not Hint.TURN_LEFT:
        if shown[-1:] != [watch.colour]:
            shown.append(watch.colour)
    assert [colour for colour in shown if colour] == list(FIELDS)
    assert shown[0] is shown[-1] is None
    # Most of the frames to match are taken in their light.
    assert len(stage.embedded_at) >= 5
    stage.show(watch)
    assert watch.colour is None


def test_a_look_that_ends_shows_no_colour(stage: Stage, watch: TurnWatch) -> None:
    stage.show(watch, face(), seconds=0.5)
    assert watch.colour is not None
    stage.show(watch, face(), face(x_px=560), seconds=0.3)
    assert watch.done
    assert watch.colour is None


def test_matching_frames_are_apart_and_lie_on_both_sides_of_the_turns(stage: Stage) -> None:
    watch = stage.asked_to_turn()
    assert np.diff(stage.embedded_at).min() >= 0.149
    stage.turn(watch, 0, 33)
    stage.turn(watch, 33, 0)
    stage.wait(watch, Hint.TURN_RIGHT)
    stage.turn(watch, 0, -33)
    stage.turn(watch, -33, 0)
    turned = len(stage.embedded_at)
    stage.wait(watch, Hint.DONE)
    assert np.diff(stage.embedded_at[turned:]).min() >= 0.149
    assert len(watch.look().embeddings) == 8


@pytest.mark.parametrize(("denied", "word"), [(4, None), (5, "denied"), (8, "denied")])
def test_a_cue_that_denies_most_of_the_matched_frames_ends_the_look(
    stage: Stage, denied: int, word: str | None
) -> None:
    watch = stage.watch()
    seen = iter(["glare"] * denied + [None] * 8)
    stage.cue = "glare"

    def cue(*_: object) -> str | None:
        return next(seen)

    watch = TurnWatch(stage, stage, both(), denies=cue)
    stage.whole(watch, both())
    assert fault(watch) == word


def test_what_was_not_shown_cannot_be_known(watch: TurnWatch, stage: Stage) -> None:
    stage.show(watch, face(), seconds=0.3)
    liveness = watch.look().liveness
    assert liveness.fault == "not_finished"
    for value in (liveness.nose_residual, liveness.midline, liveness.light_gain):
        assert np.isnan(value)
    assert np.isnan(liveness.light_fit)


def test_every_word_that_ends_a_look_is_explained_to_the_bank() -> None:
    words = re.findall(r'"(\w+)"', f"{TurnWatch.look.__doc__}{Turns.follow.__doc__}")
    assert len(words) == len(set(words)) == 13
    explained = (Path(__file__).resolve().parents[2] / "docs" / "journal.md").read_text("utf-8")
    assert [word for word in words if f"| `{word}` |" not in explained] == []
