"""The cassettes' counts: each movement in its own column, and no note from nowhere."""

from pathlib import Path

import pytest

from edge_atm.cash import storage
from edge_atm.errors import StoreFault
from edge_atm.money import Operation, Outcome, Quantities, StorageUnit
from tests.unit.books import COUNTS, VALUES, Books

MOVED = Outcome(Operation.DISPENSE, 3, (4, 3, 2, 0), (0, 1, 0, 0))
UNKNOWN: Quantities = (1, 0, 5, 0)


@pytest.fixture
def books(tmp_path: Path) -> Books:
    return Books(tmp_path)


def test_the_cassettes_are_given_from_top_to_bottom(books: Books) -> None:
    assert storage.units(books.store) == [
        StorageUnit(position, value, count, 0, 0, 0, "accurate")
        for position, (value, count) in enumerate(zip(VALUES, COUNTS, strict=True), start=1)
    ]


def test_what_moved_is_counted_where_it_went(books: Books) -> None:
    for _ in range(2):
        with books.store.transaction() as connection:
            storage.book(connection, MOVED)
    with books.store.transaction() as connection:
        storage.count(connection, "unknown", UNKNOWN)
    assert (books.presented(), books.rejected()) == ([8, 6, 4, 0], [0, 2, 0, 0])
    assert books.unknown() == [1, 0, 5, 0]
    assert [unit.present for unit in storage.units(books.store)] == [91, 92, 91, 0]


def test_only_the_cassettes_that_were_asked_are_distrusted(books: Books) -> None:
    with books.store.transaction() as connection:
        storage.distrust(connection, (0, 2, 0, 1))
    assert books.accuracies() == ["accurate", "inaccurate", "accurate", "inaccurate"]


def test_replenishing_starts_a_new_count_that_is_trusted(books: Books) -> None:
    with books.store.transaction() as connection:
        storage.book(connection, MOVED)
        storage.count(connection, "unknown", UNKNOWN)
        storage.distrust(connection, (1, 1, 1, 1))
        storage.replenish(connection, [500, 0, 0, 0], [7, 0, 0, 0])
    units = storage.units(books.store)
    assert units[0] == StorageUnit(1, 500, 7, 0, 0, 0, "accurate")
    assert [unit.present for unit in units] == [7, 0, 0, 0]


@pytest.mark.parametrize("column", ["presented", "rejected", "unknown"])
def test_no_count_falls_below_zero(books: Books, column: str) -> None:
    with pytest.raises(StoreFault), books.store.transaction() as connection:
        storage.count(connection, column, (1, -1, 0, 0))
    # The whole commit is gone, the cassette that could be counted too.
    assert books.presented() == books.rejected() == books.unknown() == [0, 0, 0, 0]
