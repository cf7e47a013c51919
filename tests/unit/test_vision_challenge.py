import pytest

from edge_atm.records import Side
from edge_atm.vision.challenge import HeadTurn


def asked_after(turn: HeadTurn, *yaws: float, began_at: float = 1.0) -> Side | None:
    for step, yaw in enumerate(yaws):
        assert turn.follow(yaw, began_at + step / 16) is None
    return turn.asked


@pytest.mark.parametrize("first_reaches", [0.26, 0.5, 1.5])
def test_the_second_side_must_reach_its_mark_however_far_the_first_went(
    first_reaches: float,
) -> None:
    turn = HeadTurn(Side.LEFT)
    assert asked_after(turn, 0.1, first_reaches, 0.0) is Side.RIGHT
    assert asked_after(turn, -0.24, 0.0, -0.24, 0.0, began_at=2) is Side.RIGHT
    assert asked_after(turn, -0.35, 0.0, began_at=3) is None


def test_the_first_side_must_reach_its_mark() -> None:
    turn = HeadTurn(Side.RIGHT)
    assert asked_after(turn, *[-0.24, 0.0] * 20) is Side.RIGHT
    assert asked_after(turn, -0.25, 0.0, began_at=9) is Side.LEFT


def test_both_sides_together_reach_the_range() -> None:
    turn = HeadTurn(Side.LEFT)
    assert asked_after(turn, 0.3, 0.0) is Side.RIGHT
    assert asked_after(turn, -0.29, 0.0, began_at=2) is Side.RIGHT
    assert asked_after(turn, -0.31, 0.0, began_at=3) is None


def test_a_pose_that_is_no_number_reaches_nothing() -> None:
    assert asked_after(HeadTurn(Side.LEFT), float("nan"), 0.0, float("nan")) is Side.LEFT
