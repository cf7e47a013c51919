"""Note mixes and commands against brute force."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import pairwise, permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_atm.cash.mix import NOTES_MAX, SMALL_NOTES_MAX, denominate, split
from edge_atm.money import Mix, Quantities, StorageUnit

VALUES = [500, 1000, 2000, 5000]
NEVER = 10**6


def cassette(position: int, value_cents: int, present: int, presented: int = 0) -> StorageUnit:
    initial = present + presented
    return StorageUnit(position, value_cents, initial, presented, 0, 0, "accurateSet", False)


def cassettes(counts: Sequence[int], values: Sequence[int] = VALUES) -> list[StorageUnit]:
    return [
        cassette(position, value, count)
        for position, (value, count) in enumerate(zip(values, counts, strict=True), start=1)
    ]


@st.composite
def four_cassettes(draw: st.DrawFn) -> list[StorageUnit]:
    values = st.sampled_from([0, *VALUES])
    return [
        replace(
            cassette(position, draw(values), draw(st.integers(-1, 5)), draw(st.integers(1, 3))),
            manipulated=draw(st.integers(0, 5)) == 5,
        )
        for position in (1, 2, 3, 4)
    ]


AMOUNTS = st.integers(0, 30).map(lambda fives: fives * 500)


def usable(unit: StorageUnit) -> bool:
    return unit.value_cents > 0 and unit.present > 0 and not unit.manipulated


def possible(amount_cents: int, units: list[StorageUnit]) -> list[Quantities]:
    upper, second, third, bottom = (range(u.present + 1 if usable(u) else 1) for u in units)
    return [
        notes for notes in product(upper, second, third, bottom)
        if sum(n * u.value_cents for n, u in zip(notes, units, strict=True)) == amount_cents
    ]  # fmt: skip


def unequal(notes: Quantities, units: list[StorageUnit]) -> Fraction:
    shares = [
        Fraction(unit.present - count, unit.initial)
        for count, unit in zip(notes, units, strict=True)
        if usable(unit)
    ]
    mean = sum(shares, Fraction(0)) / len(shares)
    return sum(((share - mean) ** 2 for share in shares), Fraction(0))


def rank(mix: Mix, notes: Quantities, units: list[StorageUnit]) -> Fraction:
    match mix:
        case Mix.EQUAL_EMPTYING:
            return unequal(notes, units)
        case Mix.MAX_CASH_UNITS:
            return Fraction(-sum(count > 0 for count in notes))
        case Mix.SMALL_NOTES if sum(notes) <= SMALL_NOTES_MAX:
            return Fraction(-sum(notes))
        case _:
            return Fraction(sum(notes))


@pytest.mark.parametrize("mix", Mix)
@given(units=four_cassettes(), amount_cents=AMOUNTS)
def test_the_best_that_brute_force_finds(
    mix: Mix, units: list[StorageUnit], amount_cents: int
) -> None:
    found, wanted = denominate(amount_cents, units, mix), possible(amount_cents, units)
    if amount_cents == 0 or not wanted:
        assert found is None
    else:
        assert found in wanted
        # Shares are compared in whole millionths.
        best = min(rank(mix, notes, units) for notes in wanted)
        assert rank(mix, found, units) <= best + Fraction(1, 10**5)


@given(four_cassettes(), AMOUNTS)
def test_all_mixes_find_an_answer_or_none_does(units: list[StorageUnit], amount: int) -> None:
    assert len({denominate(amount, units, mix) is None for mix in Mix}) == 1


@pytest.mark.parametrize("mix", Mix)
@given(units=four_cassettes(), amount_cents=AMOUNTS)
def test_the_order_of_the_cassettes_is_nothing(
    mix: Mix, units: list[StorageUnit], amount_cents: int
) -> None:
    answers = {denominate(amount_cents, list(order), mix) for order in permutations(units)}
    assert len(answers) == 1


@pytest.mark.parametrize("mix", Mix)
def test_no_more_than_a_hand_can_take(mix: Mix) -> None:
    units = cassettes([0, 2000, 0, 0])
    assert denominate(NOTES_MAX * 1000, units, mix) == (0, NOTES_MAX, 0, 0)
    assert denominate((NOTES_MAX + 1) * 1000, units, mix) is None


@pytest.mark.parametrize(
    ("amount_cents", "counts", "notes"),
    [
        (30_000, [0, 100, 100, 100], (0, 10, 10, 0)),  # not ten notes of 50.00 among the twenty
        (50_000, [0, 100, 100, 100], (0, 2, 14, 4)),
        (150_000, [0, 100, 100, 100], (0, 0, 0, 30)),  # no twenty notes make it: the fewest
        (10_000, [20, 100, 100, 100], (20, 0, 0, 0)),
        (10_000, [3, 0, 100, 100], (0, 0, 5, 0)),
    ],
)
def test_small_notes_fill_one_command_and_no_more(
    amount_cents: int, counts: list[int], notes: Quantities
) -> None:
    assert denominate(amount_cents, cassettes(counts), Mix.SMALL_NOTES) == notes


def test_equal_emptying_leaves_the_cassettes_low_together() -> None:
    units, shares = cassettes([200, 100, 100, 100]), [1.0]
    while (notes := denominate(18_500, units, Mix.EQUAL_EMPTYING)) and min(shares) > 0.2:
        units = [
            replace(unit, presented=unit.presented + count)
            for unit, count in zip(units, notes, strict=True)
        ]
        shares = [unit.present / unit.initial for unit in units]
        assert max(shares) - min(shares) < 0.03
    assert min(shares) <= 0.2


@given(st.tuples(*[st.integers(0, 25)] * 4), st.integers(1, 40))
def test_commands_add_up_and_keep_the_limit(quantities: Quantities, most: int) -> None:
    commands = split(quantities, most)
    assert tuple(sum(command[i] for command in commands) for i in range(4)) == quantities
    assert all(0 < sum(command) <= most for command in commands)


@cache
def alike_min(left: Quantities, most: int, before: Quantities | None, number: int) -> int:
    """Return the fewest look-alikes in all ways to give `left` in that many commands."""
    if number == 0:
        return 0 if not any(left) else NEVER
    found = [NEVER]
    for command in product(*[range(count + 1) for count in left]):
        if 1 <= sum(command) <= most and number - 1 <= sum(left) - sum(command):
            a, b, c, d = (n - taken for n, taken in zip(left, command, strict=True))
            rest = alike_min((a, b, c, d), most, command, number - 1)
            found.append(rest + (command == before))
    return min(found)


@given(
    st.tuples(*[st.integers(0, count) for count in (6, 2, 2, 1)]).filter(any),
    st.integers(1, 4),
    st.sampled_from([None, *(n for n in product(*[range(3)] * 4) if any(n))]),
)
def test_no_fewer_look_alikes_are_possible(
    quantities: Quantities, most: int, before: Quantities | None
) -> None:
    for remembered in (before, split(quantities, most)[0]):
        commands = split(quantities, most, remembered)
        alike = sum(one == next_one for one, next_one in pairwise([remembered, *commands]))
        fewest = -(-sum(quantities) // most)
        best = [alike_min(quantities, most, remembered, fewest + more) for more in (0, 1)]
        assert (alike, len(commands) - fewest) == min(zip(best, (0, 1), strict=True))


@pytest.mark.parametrize(
    ("quantities", "before", "commands"),
    [
        ((30, 0, 0, 0), None, [(20, 0, 0, 0), (10, 0, 0, 0)]),
        ((20, 20, 0, 0), None, [(20, 0, 0, 0), (0, 20, 0, 0)]),
        ((50, 0, 0, 0), None, [(20, 0, 0, 0), (19, 0, 0, 0), (11, 0, 0, 0)]),
        ((5, 0, 0, 1), (5, 0, 0, 1), [(5, 0, 0, 0), (0, 0, 0, 1)]),
        ((1, 0, 0, 0), (1, 0, 0, 0), [(1, 0, 0, 0)]),
        ((2, 0, 0, 0), (2, 0, 0, 0), [(2, 0, 0, 0)]),
        ((0, 0, 0, 0), None, []),
    ],
)
def test_commands_differ_where_they_can(
    quantities: Quantities, before: Quantities | None, commands: list[Quantities]
) -> None:
    assert split(quantities, 20, before) == commands
