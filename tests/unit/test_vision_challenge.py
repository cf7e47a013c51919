"""The turns' state machine: who does what is asked when it is asked passes, nobody else."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from edge_atm.policy.challenge import DELAY_SECONDS_MAX, DELAY_SECONDS_MIN, ORDERS
from edge_atm.records import Challenge, Turn
from edge_atm.vision.challenge import (
    BEGIN_SECONDS_MAX,
    REACTION_SECONDS_MIN,
    REST_SECONDS,
    STRAIGHT_LIFT,
    STRAIGHT_YAW,
    TURN_SECONDS_MAX,
    Turns,
)

Pose = tuple[float, float]
STRAIGHT: Pose = (0.0, 0.0)
SIDES = {Turn.LEFT: (1.0, 0.0), Turn.RIGHT: (-1.0, 0.0), Turn.UP: (0.0, 1.0)}
# What a head does without trouble: the nose's way, and back, a moment after the hint.
REACH = {Turn.LEFT: 0.4, Turn.RIGHT: 0.4, Turn.UP: 0.25}

orders = st.sampled_from(ORDERS)
delays = st.floats(DELAY_SECONDS_MIN, DELAY_SECONDS_MAX)
rates = st.integers(5, 30)


@dataclass
class Head:
    """Does what it is asked, `reaction` seconds later, in `seconds` there and back."""

    reaction: float = 0.4
    seconds: float = 1.5
    front_yaw: float = 0.0
    reach: dict[Turn, float] = field(default_factory=lambda: dict(REACH))
    asked: Turn | None = None
    moving: Turn | None = None
    since: float = 0.0

    def held(self, asked: Turn | None, at_seconds: float) -> Pose:
        if asked is not None and self.moving is None:
            self.moving, self.since = asked, at_seconds + self.reaction
        way = (at_seconds - self.since) / self.seconds
        if self.moving is None or way <= 0:
            return self.front_yaw, 0.0
        across, up = SIDES[self.moving]
        # Out, a hold at the far end, and back.
        part = min(1.0, 1.3 * math.sin(math.pi * min(way, 1.0))) * self.reach[self.moving]
        if way >= 1:
            self.moving = None
        return self.front_yaw + across * part, up * part


def drawn(order: tuple[Turn, ...], delay_seconds: float) -> Challenge:
    return Challenge(order, (delay_seconds,) * len(order), ())


def shown(turns: Turns, held: Callable[[Turn | None, float], Pose], fps: float) -> str | None:
    """Show a head for up to 40 s; return the fault, "done", or None when it never ends."""
    for frame in range(int(40 * fps)):
        at_seconds = 100 + frame / fps
        fault = turns.follow(*held(turns.asked, at_seconds), at_seconds)
        if fault is not None or turns.done:
            return fault or "done"
    return None


@given(
    orders,
    st.lists(delays, min_size=3, max_size=3),
    rates,
    st.floats(0.2, 0.6),
    st.floats(1.0, 2.5),
    st.floats(-0.09, 0.09),
)
def test_a_willing_head_passes(
    order: tuple[Turn, ...],
    waits: list[float],
    fps: int,
    reaction: float,
    seconds: float,
    front_yaw: float,
) -> None:
    turns = Turns(Challenge(order, tuple(waits[: len(order)]), ()), front_yaw)
    asked: list[Turn] = []
    head = Head(reaction, seconds, front_yaw)

    def held(turn: Turn | None, at_seconds: float) -> Pose:
        if turn is not None and asked[-1:] != [turn]:
            asked.append(turn)
        return head.held(turn, at_seconds)

    assert shown(turns, held, fps) == "done"
    assert tuple(asked) == order


@given(orders, delays, rates, st.sampled_from(list(Turn)), st.floats(0, 1))
def test_a_head_that_moves_before_it_is_asked_is_no_answer(
    order: tuple[Turn, ...], delay_seconds: float, fps: int, goes: Turn, part: float
) -> None:
    turns = Turns(drawn(order, delay_seconds), 0.0)
    # After it has rested, and before a reaction to the question.
    leaves = 100.0 + REST_SECONDS + 1 / fps
    last = 100.0 + REST_SECONDS + delay_seconds + REACTION_SECONDS_MIN - 1 / fps
    leaves += part * max(0.0, last - leaves)
    across, up = SIDES[goes]

    def held(asked: Turn | None, at_seconds: float) -> Pose:
        gone = at_seconds > leaves
        return (0.3 * across * gone, 0.2 * up * gone)

    assert shown(turns, held, fps) == "begun_early"


@given(orders, delays, rates, st.floats(BEGIN_SECONDS_MAX, 10.0))
def test_a_head_that_begins_too_late_is_no_answer(
    order: tuple[Turn, ...], delay_seconds: float, fps: int, late: float
) -> None:
    head = Head(reaction=late)
    assert shown(Turns(drawn(order, delay_seconds), 0.0), head.held, fps) == "not_begun"


@given(orders, delays, rates, st.data())
def test_a_head_that_goes_elsewhere_first_is_no_answer(
    order: tuple[Turn, ...], delay_seconds: float, fps: int, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(order) - 1))
    wrong = data.draw(st.sampled_from([turn for turn in Turn if turn is not order[at]]))
    head, turns = Head(), Turns(drawn(order, delay_seconds), 0.0)

    def held(asked: Turn | None, at_seconds: float) -> Pose:
        return head.held(wrong if asked is order[at] else asked, at_seconds)

    # It goes elsewhere, and only what it was asked for would have been in time.
    assert shown(turns, held, fps) in ("wrong_turn", "not_begun")
    assert turns.asked is order[at]


@given(
    orders,
    delays,
    rates,
    st.floats(0.1, 4.0),
    st.floats(1.0, 3.0),
    st.permutations(list(Turn)),
)
def test_a_recording_that_plays_on_is_never_asked_while_it_moves(
    order: tuple[Turn, ...],
    delay_seconds: float,
    fps: int,
    pause: float,
    seconds: float,
    played: list[Turn],
) -> None:
    turns = Turns(drawn(order, delay_seconds), 0.0)
    poses: list[Pose] = [STRAIGHT]
    # How the head was held in each frame in which it was asked.
    asked_in: dict[Turn, Pose] = {}

    def held(asked: Turn | None, at_seconds: float) -> Pose:
        if asked is not None:
            asked_in.setdefault(asked, poses[-1])
        along, way = divmod((at_seconds - 100) / (pause + seconds), 1)
        moving = (way * (pause + seconds) - pause) / seconds
        across, up = SIDES[played[int(along) % 3]]
        part = max(0.0, math.sin(math.pi * moving))
        poses.append((0.4 * across * part, 0.25 * up * part))
        return poses[-1]

    if shown(turns, held, fps) == "done":
        assert set(asked_in) == set(order)
    for yaw, lift in asked_in.values():
        assert abs(yaw) <= STRAIGHT_YAW
        assert lift <= STRAIGHT_LIFT


def test_a_head_that_stops_half_way_is_not_turned() -> None:
    turns = Turns(drawn((Turn.LEFT, Turn.RIGHT), 0.3), 0.0)
    head = Head(seconds=8.0, reach=REACH | {Turn.LEFT: 0.24})
    assert shown(turns, head.held, 15) == "not_turned"
    assert TURN_SECONDS_MAX > BEGIN_SECONDS_MAX + 2
