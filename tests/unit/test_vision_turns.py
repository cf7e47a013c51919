"""The turns' marks: how far a head has to go, and what does not count."""

import math

import pytest

from edge_atm.records import Turn
from edge_atm.vision.challenge import LIFTED, Turns
from tests.unit.test_vision_challenge import STRAIGHT, Pose, drawn, shown


def asked_after(turns: Turns, *poses: Pose, began_at: float) -> Turn | None:
    for step, pose in enumerate(poses):
        assert turns.follow(*pose, began_at + step / 16) is None
    return turns.asked


def ready(*order: Turn) -> tuple[Turns, float]:
    """Return turns that ask for the first one, and the time."""
    turns = Turns(drawn(order, 0.3), 0.0)
    assert asked_after(turns, *[STRAIGHT] * 10, began_at=1.0) is order[0]
    return turns, 1.8


@pytest.mark.parametrize("first_reaches", [0.26, 0.5, 1.5])
def test_the_second_side_must_reach_its_mark_however_far_the_first_went(
    first_reaches: float,
) -> None:
    turns, at = ready(Turn.LEFT, Turn.RIGHT)
    asked_after(turns, (0.1, 0), *[(first_reaches, 0)] * 2, *[STRAIGHT] * 12, began_at=at)
    assert turns.asked is Turn.RIGHT
    little, once = ((-0.24, 0.0), (-0.24, 0.0), STRAIGHT), ((-0.37, 0.0), STRAIGHT)
    assert asked_after(turns, *little, *once, began_at=at + 1) is Turn.RIGHT
    assert asked_after(turns, *once, began_at=at + 1.5) is None
    assert turns.done


def test_both_sides_together_reach_the_range() -> None:
    turns, at = ready(Turn.LEFT, Turn.RIGHT)
    asked_after(turns, (0.9, 0), *[(0.3, 0)] * 2, *[STRAIGHT] * 12, began_at=at)
    assert asked_after(turns, *[(-0.31, 0)] * 2, STRAIGHT, began_at=at + 1) is Turn.RIGHT
    assert asked_after(turns, *[(-0.33, 0)] * 2, STRAIGHT, began_at=at + 1.3) is None


def test_a_look_up_must_reach_its_mark_and_be_no_turn_to_a_side() -> None:
    turns, at = ready(Turn.UP)
    assert asked_after(turns, *[(0, LIFTED - 0.01)] * 2, STRAIGHT, began_at=at) is Turn.UP
    assert asked_after(turns, *[(0.2, LIFTED - 0.01)] * 2, STRAIGHT, began_at=at + 1) is Turn.UP
    assert asked_after(turns, *[(0.2, LIFTED)] * 2, STRAIGHT, began_at=at + 2) is None
    turns, at = ready(Turn.UP)
    assert turns.follow(0.25, LIFTED, at) == "wrong_turn"
    # Nor are two frames that look up aside, in which a far front is still ahead, a look up.
    turns = Turns(drawn((Turn.UP,), 0.3), 0.14)
    assert asked_after(turns, *[(0.14, 0.0)] * 10, began_at=1.0) is Turn.UP
    aside = [(0.255, LIFTED)] * 2
    assert asked_after(turns, *aside, (0.14, 0.0), began_at=1.8) is Turn.UP


def test_a_head_that_passes_the_middle_without_a_rest_is_only_waited_for() -> None:
    turns, at = ready(Turn.LEFT, Turn.RIGHT)
    through = [(0.3 - step * 0.06, 0.0) for step in range(11)]
    assert asked_after(turns, (0.1, 0), *[(0.3, 0)] * 2, *through, began_at=at) is None
    assert asked_after(turns, *[STRAIGHT] * 12, began_at=at + 2) is Turn.RIGHT


def test_a_side_lowers_the_nose_and_is_no_look_up() -> None:
    turns, at = ready(Turn.LEFT, Turn.RIGHT)
    assert asked_after(turns, (0.1, 0.05), *[(0.4, 0.2)] * 2, STRAIGHT, began_at=at) is None


@pytest.mark.parametrize(("after_seconds", "fault"), [(0.14, "begun_early"), (0.16, None)])
def test_nobody_answers_sooner_than_a_reaction_takes(
    after_seconds: float, fault: str | None
) -> None:
    turns, _ = ready(Turn.LEFT)
    asked_at = 1.5
    # One frame may err.
    assert turns.follow(0.2, 0.0, asked_at + after_seconds) is None
    assert turns.follow(0.2, 0.0, asked_at + after_seconds + 0.06) == fault


@pytest.mark.parametrize("pose", [(math.nan, 0.0), (0.0, math.nan), (math.nan, math.nan)])
def test_a_pose_that_is_no_number_reaches_nothing(pose: Pose) -> None:
    assert shown(Turns(drawn((Turn.UP,), 0.3), 0.0), lambda asked, at: pose, 15) is None
    turns, at = ready(Turn.LEFT, Turn.RIGHT)
    assert turns.follow(*pose, at - 0.2) is None
    assert turns.follow(*pose, at - 0.1) == "begun_early"
    # Nor does a furthest frame that is no number stand in for a second one.
    turns, at = ready(Turn.LEFT, Turn.RIGHT)
    once = ((0.1, 0), (0.4, 0), pose, pose, STRAIGHT)
    assert asked_after(turns, *once, began_at=at + 0.1) is Turn.LEFT
    turns, at = ready(Turn.UP)
    asked_after(turns, *[STRAIGHT] * 3, began_at=at)
    assert turns.follow(*pose, at + 0.3) is None
    assert turns.begun is None
