"""Filling and counting: what is over, short, added and removed, and what is refused."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from edge_atm.cash import exchange
from edge_atm.cash.exchange import Uncounted
from edge_atm.cash.upkeep import Upkeep
from edge_atm.errors import StoreFault
from edge_atm.money import NO_NOTES, Operation, Quantities
from tests.unit.books import COUNTS, PURGED, VALUES, Books
from tests.unit.test_cash_day import closed, column, count, pay, provisioned


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    books = provisioned(tmp_path)
    with closing(books.store):
        yield books


def held(books: Books) -> list[int]:
    return [unit.present for unit in books.ledger.storage_units()]


def test_counts_and_fillings_are_told_apart(books: Books) -> None:
    pay(books, 8000)
    Upkeep(books.ledger, books.dispenser).test((1, 0, 2, 0))
    count(books, (98, 100, 97, 0), (0, 0, 3, 0))
    exchange.add(books.store, books.journal, (10, 0, 0, 0))
    exchange.replenish(books.store, books.journal, VALUES, (50, 100, 99, 0), swap=True)
    today = closed(books)
    assert today.balanced
    # What is over in one place hides nothing of what is short in another.
    assert (column(today, "over"), column(today, "short")) == ([0, 1, 0, 0], [0, 0, 0, 0])
    assert [place.over for place in today.tray] == [0, 0, 1, 0]
    assert [place.short for place in today.tray] == [1, 0, 0, 0]
    assert (today.over_cents, today.short_cents) == (2000 + 5000, 1000)
    assert [place.counted for place in today.tray] == [0, 0, 3, 0]
    assert column(today, "added") == [100 + 10 + 50, 100 + 100, 100 + 99, 0]
    assert column(today, "removed") == [108, 100, 97, 0]


def test_the_same_note_short_and_then_over_is_told_twice(books: Books) -> None:
    count(books, (99, 100, 100, 0))
    count(books, (100, 100, 100, 0))
    today = closed(books)
    assert (today.over_cents, today.short_cents, today.balanced) == (1000, 1000, True)


def test_a_count_begins_anew_and_keeps_what_it_replaces(books: Books) -> None:
    pay(books, 24_000, "jam")
    books.ledger.service.note_missing([1])
    with pytest.raises(StoreFault, match="cassette 1 was taken out"):
        exchange.add(books.store, books.journal, (1, 1, 1, 0))
    count(books, (99, 98, 97, 0))
    for unit, counted in zip(books.ledger.storage_units(), (99, 98, 97, 0), strict=True):
        assert (unit.present, unit.unknown, unit.rejected) == (counted, 0, 0)
        assert exchange.doubt(unit) is None
    entry = books.journal.entries()[-1]
    before = entry.detail["before"]
    assert isinstance(before, list)
    assert [row["manipulated"] for row in before] == [True, False, False, False]
    exchange.add(books.store, books.journal, (1, 1, 1, 0))
    assert [unit.present for unit in books.ledger.storage_units()] == [100, 99, 98, 0]


def test_a_difference_hides_no_other(books: Books) -> None:
    Upkeep(books.ledger, books.dispenser).test((0, 2, 0, 0))
    units = books.ledger.storage_units()
    compared = exchange.compare(units, (102, 97, 100, 0), (0, 2, 0, 0))
    assert (compared.over_notes, compared.over_cents) == (2, 2000)
    assert (compared.short_notes, compared.short_cents) == (1, 2000)
    # A note that lay in the tray is not in its cassette.
    compared = exchange.compare(units, (100, 98, 100, 0), NO_NOTES)
    assert (compared.over_notes, compared.short_cents) == (0, 4000)
    compared = exchange.compare(units, (100, 98, 100, 0), (0, 2, 0, 0))
    assert (compared.over_notes, compared.short_notes) == (0, 0)


def test_a_filling_below_the_books_is_refused_unless_exchanged(books: Books) -> None:
    with pytest.raises(StoreFault, match="Cassette 2 would hold 7 fewer than the books") as refused:
        exchange.replenish(books.store, books.journal, VALUES, (120, 93, 100, 0))
    assert "edge-atm cash-count" in refused.value.hint
    assert "SWAP=1" in refused.value.hint
    assert held(books) == list(COUNTS)
    exchange.replenish(books.store, books.journal, VALUES, (120, 93, 100, 0), swap=True)
    assert held(books) == [120, 93, 100, 0]
    assert books.journal.entries()[-1].detail["removed"] == list(COUNTS)


@pytest.mark.parametrize(("notes", "fits"), [(9899, True), (9900, False)])
def test_a_cassette_holds_no_more_than_can_be_counted(books: Books, notes: int, fits: bool) -> None:
    added: Quantities = (0, notes, 0, 0)
    if fits:
        exchange.add(books.store, books.journal, added)
        assert held(books)[1] == exchange.NOTES_MAX
    else:
        with pytest.raises(StoreFault, match="cassette 2 would hold 10000 notes, more than 9999"):
            exchange.add(books.store, books.journal, added)
        assert held(books) == list(COUNTS)


def test_an_added_note_leaves_the_tray_as_it_is(books: Books) -> None:
    Upkeep(books.ledger, books.dispenser).test((1, 0, 0, 0))
    exchange.add(books.store, books.journal, (5, 0, 0, 0))
    assert exchange.tray_of(books.ledger.storage_units()) == (1, 0, 0, 0)
    today = closed(books)
    assert today.balanced
    assert [place.should_hold for place in today.tray] == [1, 0, 0, 0]
    exchange.replenish(books.store, books.journal, VALUES, (200, 200, 200, 0), (2, 0, 0, 0))
    today = closed(books)
    assert today.balanced
    assert ([place.expected for place in today.tray], today.over_cents) == ([1, 0, 0, 0], 1000)


def test_an_uncounted_move_is_named_until_a_count_takes_its_place(books: Books) -> None:
    assert exchange.uncounted(books.store) is None
    books.ledger.service.begin(Operation.TEST_DISPENSE, PURGED, (6, 6, 6, 0))
    waiting = exchange.uncounted(books.store)
    assert waiting == Uncounted(1, Operation.TEST_DISPENSE, (6, 6, 6, 0))
    count(books, (94, 94, 94, 0), (6, 6, 6, 0))
    assert exchange.uncounted(books.store) is None
    assert closed(books).balanced
