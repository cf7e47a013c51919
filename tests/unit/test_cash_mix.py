"""Note mixes against brute force."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from edge_atm.cash.mix import minimum_bills, split
from edge_atm.money import StorageUnit

UNITS = st.lists(
    st.tuples(st.sampled_from([0, 500, 1000, 2000, 5000]), st.integers(0, 5)),
    min_size=4, max_size=4,
)  # fmt: skip


def units_of(pairs: list[tuple[int, int]]) -> list[StorageUnit]:
    return [
        StorageUnit(position, value, count, 0, 0, 0, "accurate")
        for position, (value, count) in enumerate(pairs, start=1)
    ]


@given(UNITS, st.integers(0, 30))
def test_fewest_notes_as_brute_force_finds_them(pairs: list[tuple[int, int]], fives: int) -> None:
    amount_cents = fives * 500
    found = minimum_bills(amount_cents, units_of(pairs))
    ranges = [range(count + 1 if value else 1) for value, count in pairs]
    possible = [
        mix for mix in product(*ranges)
        if sum(n * v for n, (v, _) in zip(mix, pairs, strict=True)) == amount_cents
    ]  # fmt: skip
    if amount_cents == 0 or not possible:
        assert found is None
    else:
        assert found in possible
        assert sum(found) == min(map(sum, possible))


def test_no_more_than_a_hand_can_take() -> None:
    assert minimum_bills(101 * 1000, units_of([(1000, 2000), (0, 0), (0, 0), (0, 0)])) is None


@given(st.tuples(*[st.integers(0, 60)] * 4), st.integers(1, 40))
def test_commands_add_up_and_keep_the_limit(
    quantities: tuple[int, int, int, int], most: int
) -> None:
    batches = split(quantities, most)
    assert tuple(sum(b[i] for b in batches) for i in range(4)) == quantities
    assert all(0 < sum(batch) <= most for batch in batches)
