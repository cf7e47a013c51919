"""A day's totals: complete, balanced, and never counted twice over several closes."""

from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from edge_atm.cash import day, exchange
from edge_atm.cash.cashier import CashRules
from edge_atm.cash.count import settle_by_count
from edge_atm.cash.day import Day
from edge_atm.cash.upkeep import Upkeep
from edge_atm.errors import LinkFault, PayoutSuspect, StoreFault
from edge_atm.money import Quantities, Wish
from tests.rig.dispenser_course import Fault
from tests.rig.dispenser_memory import Crash
from tests.unit.books import BALANCE_CENTS, COUNTS, CUSTOMER, PURGED, VALUES, Books

COLUMNS = ("added", "removed", "over", "short", "presented", "rejected", "unknown")
TRAY = ("rejected", "expected", "counted", "over", "short")


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    books = provisioned(tmp_path)
    with closing(books.store):
        yield books


def provisioned(folder: Path) -> Books:
    """Books whose first filling is in the journal, as `provision` writes it."""
    books = Books(folder)
    books.dispenser.outcome = PURGED
    books.journal.record("provisioned", notes=COUNTS)
    return books


def closed(books: Books) -> Day:
    return day.close(books.store, books.journal, books.ledger)[0]


def column(closed_day: Day, name: str) -> list[int]:
    return [getattr(balance, name) for balance in closed_day.cassettes]


def pay(books: Books, cents: int, fault: Fault = "well") -> None:
    books.dispenser.plan = [fault]
    with suppress(PayoutSuspect, LinkFault):
        books.cashier.pay(CUSTOMER, "s", Wish(cents))


def power_fails(payout_id: str) -> None:
    raise Crash


def count(books: Books, counted: Quantities, tray: Quantities | None = None) -> None:
    compared = exchange.compare(books.ledger.storage_units(), counted, tray)
    exchange.book_count(books.store, books.journal, VALUES, compared)


def test_a_day_tells_what_was_paid_and_where_the_notes_are(books: Books) -> None:
    pay(books, 8000)
    pay(books, 24_000, "jam")
    pay(books, 1000, "refuse")
    Upkeep(books.ledger, books.dispenser).test((1, 1, 0, 0))
    first = closed(books)
    assert first.balanced
    assert first.payouts == {"RESULT": 1, "PARTIAL": 1, "NOT_SENT": 1}
    assert (first.debited_cents, first.since, first.open_payout) == (15_000, None, None)
    assert column(first, "added") == COUNTS
    assert column(first, "presented") == books.presented() == [1, 2, 2, 0]
    # The purge before the third payout found a note of the jam in the path.
    assert column(first, "rejected") == books.rejected() == [1, 2, 2, 0]
    assert column(first, "unknown") == books.unknown() == [0, 1, 2, 0]
    # They are in the tray, and nobody has emptied it.
    assert [place.should_hold for place in first.tray] == books.rejected()
    # Nothing was set back, and the next day begins where this one ended.
    assert column(first, "should_hold") == [u.present for u in books.ledger.storage_units()]
    books.journal.record("opened")
    second = closed(books)
    assert column(second, "opening") == column(first, "should_hold")
    assert [place.opening for place in second.tray] == [place.should_hold for place in first.tray]
    assert all(column(second, name) == [0, 0, 0, 0] for name in COLUMNS)
    assert (second.payouts, second.debited_cents) == ({}, 0)
    assert second.since == books.journal.entries()[-1].at


def test_right_after_a_close_there_is_nothing_to_close(books: Books) -> None:
    pay(books, 8000)
    entry = day.close(books.store, books.journal, books.ledger)[1]
    assert entry is not None
    # To carry a copy away changes nothing.
    books.journal.record("exported")
    written = books.events()
    second, nothing = day.close(books.store, books.journal, books.ledger)
    assert (nothing, second.since, books.events()) == (None, entry.at, written)
    # An edited count is no quiet day.
    with books.store.transaction() as connection:
        connection.execute("UPDATE storage_units SET rejected = 1, initial = initial + 1")
    third, entry = day.close(books.store, books.journal, books.ledger)
    assert (third.balanced, entry is None) == (False, False)
    assert [place.difference for place in third.tray] == [1, 1, 1, 1]


def test_a_suspect_payout_is_named_and_counted_on_the_day_it_ends(books: Books) -> None:
    pay(books, 8000, "power_stale")
    first = closed(books)
    assert (first.open_payout, first.open_state, first.suspects) == ("p1", "SUSPECT", 1)
    assert (first.payouts, column(first, "unknown")) == ({}, [1, 1, 1, 0])
    settle_by_count(
        books.store, books.journal, books.ledger, "p1", (1, 1, 0, 0), (0, 0, 1, 0)
    )  # fmt: skip
    second = closed(books)
    assert (second.payouts, second.suspects) == ({"PARTIAL": 1}, 0)
    assert (second.debited_cents, second.open_payout) == (3000, None)
    # What was unknown is found again.
    assert column(second, "unknown") == [-1, -1, -1, 0]
    assert second.balanced


def test_a_payout_booked_before_the_close_and_settled_after_it_keeps_its_state(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    books.dispenser.plan = ["short"]
    with monkeypatch.context() as patch:
        patch.setattr(books.ledger, "settle", power_fails)
        with pytest.raises(Crash):
            books.cashier.pay(CUSTOMER, "s", Wish(24_000))
    first = closed(books)
    assert (first.payouts, first.open_state) == ({}, "PARTIAL")
    books.cashier.recover()
    assert closed(books).payouts == {"PARTIAL": 1}


def test_what_was_paid_before_a_refusal_is_partly_and_a_surplus_is_no_debit(books: Books) -> None:
    books.rules = CashRules(notes_per_command_max=1)
    books.reopen()
    books.dispenser.plan = ["well", "refuse"]
    books.cashier.pay(CUSTOMER, "s", Wish(7000))
    pay(books, 1000, "over")
    today = closed(books)
    assert today.payouts == {"PARTIAL": 1, "RESULT": 1}
    paid = sum(b.presented * b.value_cents for b in today.cassettes)
    # One note of the first payout, and the note that the second one's customer asked for.
    assert today.debited_cents == paid - 1000
    assert books.balance_and_hold() == (BALANCE_CENTS - today.debited_cents, 0)


def test_an_edited_count_shows_as_a_difference(books: Books) -> None:
    pay(books, 8000)
    with books.store.transaction() as connection:
        connection.execute("UPDATE storage_units SET presented = 3 WHERE position = 3")
    today = closed(books)
    assert not today.balanced
    assert [balance.difference for balance in today.cassettes] == [0, 0, -2, 0]


def test_notes_edited_into_unknown_are_a_difference_until_they_are_counted(books: Books) -> None:
    closed(books)
    with books.store.transaction() as connection:
        connection.execute("UPDATE storage_units SET unknown = 40 WHERE position = 1")
    # Whoever edits the books may close the day himself first.
    for _ in range(2):
        assert [place.difference for place in closed(books).cassettes] == [-40, 0, 0, 0]
        pay(books, 1000)
    held = [unit.present for unit in books.ledger.storage_units()]
    count(books, (held[0], held[1], held[2], 0))
    found = closed(books)
    assert (found.balanced, column(found, "short")) == (True, [40, 0, 0, 0])


def test_a_broken_journal_closes_no_day(books: Books) -> None:
    with books.store.transaction() as connection:
        connection.execute("DROP TRIGGER journal_is_never_changed")
        connection.execute("UPDATE journal SET at = 'never' WHERE sequence = 1")
    with pytest.raises(StoreFault, match="journal was changed"):
        closed(books)
    assert books.events() == ["provisioned"]
