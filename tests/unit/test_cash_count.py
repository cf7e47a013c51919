"""A technician's count ends a SUSPECT payout, once, and moves every unknown note to its place."""

from pathlib import Path

import pytest

from edge_atm.cash.cashier import CashRules
from edge_atm.cash.count import MOVED_MAX
from edge_atm.errors import PayoutSuspect, StoreFault
from edge_atm.money import NO_NOTES, Payout, Quantities
from tests.rig.dispenser_course import Fault
from tests.unit.books import BALANCE_CENTS, CUSTOMER, PURGED, Books, assert_balanced

NOBODY = "no payout is waiting for a count"


@pytest.fixture
def books(tmp_path: Path) -> Books:
    """Books with a suspect payout p1 of 240.00: two notes of 20.00 and four of 50.00."""
    books = Books(tmp_path)
    suspect(books, "power_stale", 24_000)
    return books


def suspect(books: Books, fault: Fault, cents: int) -> None:
    books.dispenser.plan = [fault]
    with pytest.raises(PayoutSuspect):
        books.pay(cents)


def counted(
    books: Books, presented: Quantities, rejected: Quantities = NO_NOTES, payout_id: str = "p1"
) -> Payout:
    return books.count(payout_id, presented, rejected)


def test_what_was_counted_is_booked_debited_and_closed(books: Books) -> None:
    payout = counted(books, (0, 1, 1, 0))
    assert (payout.state, payout.presented, payout.presented_cents) == (
        "SETTLED", (0, 1, 1, 0), 7000
    )  # fmt: skip
    assert books.unknown() == [0, 0, 0, 0]
    # The notes are counted; whether the path is clean is another question.
    assert books.accuracies() == ["accurateSet", "inaccurate", "inaccurate", "accurateSet"]
    assert_balanced(books)
    assert books.cashier.obstacle(CUSTOMER, 1000) is None


def test_what_lies_in_the_tray_is_not_debited(books: Books) -> None:
    payout = counted(books, NO_NOTES, (0, 1, 1, 0))
    assert (payout.presented_cents, books.rejected()) == (0, [0, 1, 1, 0])
    assert books.balance_and_hold() == (BALANCE_CENTS, 0)
    assert [unit.present for unit in books.ledger.storage_units()] == [100, 99, 99, 0]


@pytest.mark.parametrize(
    ("presented", "rejected"),
    [((0, 2, 4, 0), NO_NOTES), (NO_NOTES, (0, 2, 4, 0)), ((0, 1, 3, 0), (0, 1, 1, 0)),
     (NO_NOTES, NO_NOTES)],
)  # fmt: skip
def test_no_note_and_no_cent_is_lost_whatever_was_counted(
    books: Books, presented: Quantities, rejected: Quantities
) -> None:
    payout = counted(books, presented, rejected)
    units = books.ledger.storage_units()
    assert [u.present + u.presented + u.rejected for u in units] == [100, 100, 100, 0]
    assert books.balance_and_hold() == (BALANCE_CENTS - payout.presented_cents, 0)
    assert payout.presented_cents == 2000 * presented[1] + 5000 * presented[2]


@pytest.mark.parametrize(
    ("presented", "rejected"),
    [((MOVED_MAX + 1, 0, 0, 0), NO_NOTES), ((0, 2, 0, 0), (0, MOVED_MAX - 1, 0, 0)),
     (NO_NOTES, (0, 0, MOVED_MAX + 1, 0)),
     ((0, -1, 0, 0), NO_NOTES), ((0, 1, 0, 0), (0, -1, 0, 0))],
)  # fmt: skip
def test_a_count_that_cannot_be_is_refused(
    books: Books, presented: Quantities, rejected: Quantities
) -> None:
    events = books.events()
    with pytest.raises(StoreFault):
        counted(books, presented, rejected)
    assert_still_suspect(books, events)


@pytest.mark.parametrize(
    ("presented", "rejected"),
    [((0, 3, 4, 0), NO_NOTES), ((0, 2, 60, 0), NO_NOTES),
     ((90, 2, 4, 0), NO_NOTES), ((0, 2, 4, 0), (12, 0, 0, 0))],
)  # fmt: skip
def test_a_surplus_is_booked_and_is_the_banks_loss(
    books: Books, presented: Quantities, rejected: Quantities
) -> None:
    payout = counted(books, presented, rejected)
    assert payout.presented == presented
    units = books.ledger.storage_units()
    assert [u.present + u.presented + u.rejected for u in units] == [100, 100, 100, 0]
    assert books.unknown() == [0, 0, 0, 0]
    assert books.balance_and_hold() == (BALANCE_CENTS - min(payout.presented_cents, 24_000), 0)


def test_a_surplus_of_one_kind_does_not_hide_what_another_is_short(books: Books) -> None:
    payout = counted(books, (1, 2, 3, 0))
    assert payout.presented_cents == 1000 + 4000 + 15_000
    assert books.balance_and_hold() == (BALANCE_CENTS - 20_000, 0)


def test_notes_that_were_rejected_and_picked_again_are_counted(books: Books) -> None:
    """The dispenser replaces a note that it rejects: more leave the cassette than were asked."""
    payout = counted(books, (0, 2, 4, 0), (0, 1, 0, 0))
    assert (payout.presented_cents, books.rejected()) == (24_000, [0, 1, 0, 0])
    assert [unit.present for unit in books.ledger.storage_units()] == [100, 97, 96, 0]


@pytest.mark.parametrize(
    ("presented", "rejected"), [((0, -1, 0, 0), NO_NOTES), (NO_NOTES, (0, -1, 0, 0))]
)
def test_a_negative_count_is_refused_where_others_were_booked_before(
    books: Books, presented: Quantities, rejected: Quantities
) -> None:
    """The columns alone do not show it: they hold earlier notes."""
    counted(books, (0, 1, 1, 0), (0, 1, 0, 0))
    books.pay(8000)
    suspect(books, "power_cleared", 24_000)
    with pytest.raises(StoreFault):
        counted(books, presented, rejected, payout_id="p3")
    assert books.state("p3") == "SUSPECT"
    assert (books.presented(), books.rejected()) == ([1, 2, 2, 0], [0, 1, 0, 0])


def assert_still_suspect(books: Books, events: list[str]) -> None:
    assert books.state("p1") == "SUSPECT"
    assert books.unknown() == [0, 2, 4, 0]
    assert (books.presented(), books.rejected()) == ([0] * 4, [0] * 4)
    assert books.balance_and_hold() == (BALANCE_CENTS - 24_000, 24_000)
    assert books.events() == events


def test_only_the_payout_that_waits_is_counted(books: Books) -> None:
    events = books.events()
    with pytest.raises(StoreFault, match="p2 is not waiting for a count"):
        counted(books, NO_NOTES, payout_id="p2")
    assert_still_suspect(books, events)


def test_a_settled_payout_is_not_counted_again(books: Books) -> None:
    counted(books, (0, 1, 1, 0))
    with pytest.raises(StoreFault, match=NOBODY):
        counted(books, (0, 1, 1, 0))
    assert_balanced(books)
    # Nor while another one waits.
    suspect(books, "power_cleared", 24_000)
    with pytest.raises(StoreFault, match="p1 is not waiting for a count"):
        counted(books, NO_NOTES)


def test_a_payout_that_was_never_told_is_not_counted(tmp_path: Path) -> None:
    books = Books(tmp_path)
    books.ledger.intend("p1", CUSTOMER, "s", 8000, (1, 1, 1, 0), PURGED)
    with pytest.raises(StoreFault, match=NOBODY):
        counted(books, (1, 1, 1, 0))
    assert books.balance_and_hold() == (BALANCE_CENTS - 8000, 8000)


def test_earlier_commands_of_the_payout_stay_booked(tmp_path: Path) -> None:
    books = Books(tmp_path)
    books.only_tens()
    books.use(CashRules(1, equal_commands="suspect"))
    books.dispenser.plan = ["well", "silent_after"]
    with pytest.raises(PayoutSuspect):
        books.pay(3000)
    payout = counted(books, (1, 0, 0, 0))
    assert (payout.presented, payout.presented_cents) == ((2, 0, 0, 0), 2000)
    assert_balanced(books)


def test_the_count_is_in_the_journal(books: Books) -> None:
    counted(books, (0, 1, 1, 0), (0, 1, 0, 0))
    entry = books.journal.entries(last=2)[0]
    assert (entry.event, entry.detail) == (
        "counted", {"payout": "p1", "state": "PARTIAL", "presented": [0, 1, 1, 0],
                    "rejected": [0, 1, 0, 0], "unknown": [0, -2, -4, 0]}
    )  # fmt: skip
    assert books.events()[-1] == "settled"


def test_what_an_earlier_jam_left_unknown_stays_so_when_a_suspect_is_counted(
    tmp_path: Path,
) -> None:
    books = Books(tmp_path)
    books.dispenser.plan = ["jam"]
    books.dispenser.purge_plan = ["well", "power_stale"]
    books.pay(24_000)
    before = books.unknown()
    suspect(books, "power_stale", 24_000)
    counted(books, (0, 1, 1, 0), payout_id="p2")
    assert books.unknown() == before
