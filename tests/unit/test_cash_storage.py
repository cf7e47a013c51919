"""The cassettes' counts: each movement in its own column, and no note from nowhere."""

import sqlite3
from contextlib import closing
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_atm.cash import storage
from edge_atm.cash.mix import denominate
from edge_atm.errors import StoreFault
from edge_atm.money import Mix, Operation, Outcome, Quantities, StorageUnit
from tests.unit.books import COUNTS, VALUES, Books

MOVED = Outcome(Operation.DISPENSE, 3, (4, 3, 2, 0), (0, 1, 0, 0))
UNKNOWN: Quantities = (1, 0, 5, 0)
NOTES = st.tuples(*[st.integers(0, 9)] * 4)
STEPS = st.one_of(
    st.tuples(st.sampled_from(["book", "purged"]), NOTES, NOTES),
    st.tuples(st.sampled_from(["misplace", "found"]), NOTES, st.just((0, 0, 0, 0))),
)


@pytest.fixture
def books(tmp_path: Path) -> Books:
    return Books(tmp_path)


def test_the_cassettes_are_given_from_top_to_bottom(books: Books) -> None:
    assert storage.units(books.store) == [
        StorageUnit(position, value, count, 0, 0, 0, "accurateSet", False)
        for position, (value, count) in enumerate(zip(VALUES, COUNTS, strict=True), start=1)
    ]


def test_what_moved_is_counted_where_it_went(books: Books) -> None:
    for _ in range(2):
        with books.store.transaction() as connection:
            storage.book(connection, MOVED)
    with books.store.transaction() as connection:
        storage.misplace(connection, UNKNOWN)
    assert (books.presented(), books.rejected()) == ([8, 6, 4, 0], [0, 2, 0, 0])
    assert books.unknown() == [1, 0, 5, 0]
    assert [unit.present for unit in storage.units(books.store)] == [91, 92, 91, 0]
    assert books.accuracies() == ["accurateSet"] * 4


def test_a_surplus_note_misplaces_nothing(books: Books) -> None:
    with books.store.transaction() as connection:
        storage.misplace(connection, (2, -1, 0, 0))
    assert books.unknown() == [2, 0, 0, 0]


def test_a_purge_moves_missing_notes_first(books: Books) -> None:
    with books.store.transaction() as connection:
        storage.misplace(connection, (5, 5, 0, 0))
        purge = Outcome(Operation.PURGE, 0, (1, 0, 0, 0), (2, 7, 1, 0))
        storage.purged(connection, purge)
    assert books.unknown() == [2, 0, 0, 0]
    assert (books.presented(), books.rejected()) == ([1, 0, 0, 0], [2, 7, 1, 0])
    # Five had left the first two cassettes before; of the second two more had left uncounted.
    assert [unit.present for unit in storage.units(books.store)] == [95, 93, 99, 0]


def test_more_notes_than_were_loaded_are_booked_and_show(books: Books) -> None:
    with books.store.transaction() as connection:
        storage.replenish(connection, VALUES, [2, 0, 0, 0])
        storage.book(connection, MOVED)
    units = storage.units(books.store)
    assert [unit.present for unit in units] == [-2, -4, -2, 0]
    assert {unit.replenishment_status(0) for unit in units} == {"empty"}
    assert denominate(1000, units, Mix.MINIMUM_BILLS) is None


def test_only_the_cassettes_that_were_asked_are_distrusted(books: Books) -> None:
    with books.store.transaction() as connection:
        storage.distrust(connection, (0, 2, 0, 1))
    assert books.accuracies() == ["accurateSet", "inaccurate", "accurateSet", "inaccurate"]


def test_a_cassette_that_was_away_pays_nothing_until_it_is_counted(books: Books) -> None:
    with books.store.transaction() as connection:
        storage.manipulated(connection, [1])
        storage.distrust(connection, (1, 1, 0, 0))
    units = storage.units(books.store)
    assert [unit.manipulated for unit in units] == [True, False, False, False]
    # A fault after it says nothing better about its count.
    assert books.accuracies() == ["unknown", "inaccurate", "accurateSet", "accurateSet"]
    assert denominate(1000, units, Mix.MINIMUM_BILLS) is None
    with books.store.transaction() as connection:
        storage.replenish(connection, VALUES, COUNTS)
    assert denominate(1000, storage.units(books.store), Mix.MINIMUM_BILLS) == (1, 0, 0, 0)


def test_replenishing_starts_a_new_count_that_is_trusted(books: Books) -> None:
    with books.store.transaction() as connection:
        storage.book(connection, MOVED)
        storage.misplace(connection, UNKNOWN)
        storage.distrust(connection, (1, 1, 1, 1))
        storage.manipulated(connection, [1, 2])
        storage.replenish(connection, [500, 0, 0, 0], [7, 0, 0, 0])
    units = storage.units(books.store)
    assert units[0] == StorageUnit(1, 500, 7, 0, 0, 0, "accurateSet", False)
    assert [unit.present for unit in units] == [7, 0, 0, 0]


@pytest.mark.parametrize(
    ("present", "low_notes", "status"),
    [(0, 0, "empty"), (1, 0, "ok"), (9, 10, "low"), (10, 10, "ok"), (0, 10, "empty")],
)
def test_a_cassette_is_low_below_its_threshold(present: int, low_notes: int, status: str) -> None:
    unit = StorageUnit(1, 1000, 20, 20 - present, 0, 0, "accurateSet", False)
    assert unit.replenishment_status(low_notes) == status


@pytest.mark.parametrize("column", ["presented", "rejected", "unknown"])
def test_no_count_falls_below_zero(books: Books, column: str) -> None:
    with pytest.raises(StoreFault), books.store.transaction() as connection:
        storage.count(connection, column, (1, -1, 0, 0))
    # The whole commit is gone, the cassette that could be counted too.
    assert books.presented() == books.rejected() == books.unknown() == [0, 0, 0, 0]


@given(st.lists(STEPS, max_size=8))
def test_every_note_is_in_one_place(steps: list[tuple[str, Quantities, Quantities]]) -> None:
    # One note at a time: where it was, and where it is then.
    places = [{"present": 12, "presented": 0, "rejected": 0, "unknown": 0} for _ in range(4)]
    schema = resources.files("edge_atm").joinpath("schema.sql").read_text(encoding="utf-8")
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(schema)
        storage.replenish(connection, VALUES, [12] * 4)
        for name, first, second in steps:
            outcome = Outcome(Operation.OTHER, 0, first, second)
            argument = outcome if name in ("book", "purged") else first
            getattr(storage, name)(connection, argument)
            for place, presented, rejected in zip(places, first, second, strict=True):
                _move(place, name, presented, rejected)
        rows = connection.execute(
            "SELECT initial, presented, rejected, unknown FROM storage_units ORDER BY position"
        ).fetchall()
    for place, (initial, presented, rejected, unknown) in zip(places, rows, strict=True):
        unit = StorageUnit(1, 1, initial, presented, rejected, unknown, "accurateSet", False)
        assert sum(place.values()) == initial == 12
        assert place == {key: getattr(unit, key) for key in place}


def _move(place: dict[str, int], name: str, presented: int, rejected: int) -> None:
    match name:
        case "misplace":
            moves = [("present", "unknown")] * presented
        case "found":
            moves = [("unknown", "present")] * min(presented, place["unknown"])
        case _:
            ends = ["presented"] * presented + ["rejected"] * rejected
            missing = place["unknown"] if name == "purged" else 0
            moves = [
                ("unknown" if number < missing else "present", end)
                for number, end in enumerate(ends)
            ]
    for source, end in moves:
        place[source] -= 1
        place[end] += 1
