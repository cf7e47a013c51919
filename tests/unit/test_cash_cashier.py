"""No note is paid twice and none is booked from a request, wherever the line or power fails."""

from collections.abc import Callable
from pathlib import Path

import pytest

from edge_atm.cash.cashier import CashRules
from edge_atm.errors import LinkSilent, PayoutSuspect, StoreFault
from edge_atm.money import NO_NOTES, Operation, Outcome, Quantities
from tests.rig.dispenser_course import Fault
from tests.rig.dispenser_memory import NOTHING, Crash
from tests.unit.books import BALANCE_CENTS, CUSTOMER, PURGED, Books, assert_balanced


@pytest.fixture
def books(tmp_path: Path) -> Books:
    return Books(tmp_path)


def test_pays_the_fewest_notes_and_debits_them(books: Books) -> None:
    payout = books.pay(8000)
    assert (payout.state, payout.presented_cents) == ("SETTLED", 8000)
    assert books.presented() == [1, 1, 1, 0]
    assert books.accuracies() == ["accurateSet"] * 4
    assert_balanced(books)


@pytest.mark.parametrize(
    ("fault", "cents"),
    [("refuse", 0), ("nak", 0), ("silent_after", 8000), ("nak_but_paid", 8000), ("lie", 8000)],
)
def test_what_is_in_doubt_is_asked_about_and_booked_once(
    books: Books, fault: Fault, cents: int
) -> None:
    books.dispenser.plan = [fault]
    payout = books.pay(8000)
    assert (payout.state, payout.presented_cents) == ("SETTLED", cents)
    assert books.dispenser.calls.count("dispense") == (fault != "refuse")
    assert_balanced(books)


def test_what_is_booked_was_asked_about_before_and_after(books: Books) -> None:
    books.dispenser.outcome = PURGED
    books.pay(8000)
    assert books.dispenser.calls == ["last", "dispense", "last"]


@pytest.mark.parametrize(
    "fault", ["idle", "power_kept", "power_stale", "power_cleared", "over_unsaid"]
)
def test_what_the_memory_cannot_prove_waits_for_a_count(books: Books, fault: Fault) -> None:
    books.dispenser.plan = [fault]
    with pytest.raises(PayoutSuspect):
        books.pay(24_000)
    assert books.state("p1") == "SUSPECT"
    assert books.balance_and_hold() == (BALANCE_CENTS - 24_000, 24_000)
    assert (books.presented(), books.unknown()) == ([0, 0, 0, 0], [0, 2, 4, 0])
    assert books.accuracies() == ["accurateSet", "inaccurate", "inaccurate", "accurateSet"]


def test_an_answer_that_contradicts_and_a_memory_that_says_nothing_wait(books: Books) -> None:
    books.dispenser.outcome = PURGED

    def nonsense(quantities: Quantities, **steps: Callable[[], None]) -> Outcome:
        steps["sending"]()
        return Outcome(Operation.DISPENSE, 0, NO_NOTES, NO_NOTES)

    books.dispenser.dispense = nonsense  # type: ignore[method-assign, assignment]
    with pytest.raises(PayoutSuspect):
        books.pay(8000)
    assert books.unknown() == [1, 1, 1, 0]


def test_power_cut_is_settled_at_start_by_asking(books: Books) -> None:
    books.dispenser.plan = ["crash_after"]
    with pytest.raises(Crash):
        books.pay(8000)
    books.reopen()
    assert books.cashier.obstacle(CUSTOMER, 1000) == "dispenser_closed"
    payout = books.cashier.recover()
    assert payout is not None
    assert (payout.payout_id, payout.presented_cents) == ("p1", 8000)
    assert books.cashier.recover() is None
    assert_balanced(books)
    assert books.cashier.obstacle(CUSTOMER, 1000) is None


def test_power_cut_that_left_no_trace_waits_for_a_count(books: Books) -> None:
    books.dispenser.plan = ["crash_before"]
    with pytest.raises(Crash):
        books.pay(8000)
    books.reopen()
    with pytest.raises(PayoutSuspect):
        books.cashier.recover()
    assert books.balance_and_hold() == (BALANCE_CENTS - 8000, 8000)


@pytest.mark.parametrize(
    ("fault", "rejected"),
    [("jam", [0, 1, 1, 0]), ("silent_jam", [0, 1, 1, 0]), ("short", [0, 0, 0, 0])],
)
def test_a_fault_books_what_left_and_gives_the_rest_back(
    books: Books, fault: Fault, rejected: list[int]
) -> None:
    books.dispenser.plan = [fault]
    payout = books.pay(24_000)
    assert (payout.presented, payout.presented_cents) == ((0, 1, 1, 0), 7000)
    # Twice 20.00 and four times 50.00 were asked: only those cassettes are in doubt.
    assert books.accuracies() == ["accurateSet", "inaccurate", "inaccurate", "accurateSet"]
    assert books.rejected() == rejected
    # A rejected note was replaced by another pick: what is short may all lie in the path.
    assert_balanced(books, unknown=(0, 1, 3, 0))


def test_surplus_note_is_booked_and_is_the_banks_loss(books: Books) -> None:
    books.dispenser.plan = ["over"]
    payout = books.pay(8000)
    assert payout.presented_cents == 9000
    assert books.balance_and_hold() == (BALANCE_CENTS - 8000, 0)
    assert books.presented() == books.dispenser.presented


def test_surplus_never_takes_more_than_the_account_holds(books: Books) -> None:
    books.set_balance(8000)
    books.dispenser.plan = ["over"]
    payout = books.pay(8000)
    assert payout.presented_cents == 9000
    assert books.balance_and_hold() == (0, 0)


def test_same_counts_twice_and_silence_end_suspect(books: Books) -> None:
    books.use(CashRules(20, equal_commands="suspect"))
    books.pay(1000)
    books.dispenser.plan = ["silent_after"]
    with pytest.raises(PayoutSuspect):
        books.pay(1000)
    assert books.balance_and_hold() == (BALANCE_CENTS - 2000, 1000)
    assert books.unknown() == [1, 0, 0, 0]
    assert books.cashier.obstacle(CUSTOMER, 1000) == "dispenser_closed"
    calls = list(books.dispenser.calls)
    with pytest.raises(PayoutSuspect):
        books.cashier.recover()
    assert books.dispenser.calls == calls


def test_a_dispenser_that_stays_silent_keeps_the_payout_open(books: Books) -> None:
    books.pay(1000)
    books.dispenser.plan = ["dead"]
    with pytest.raises(LinkSilent):
        books.pay(8000)
    assert books.state("p2") == "ACCEPTED"
    with pytest.raises(LinkSilent):
        books.cashier.recover()
    books.dispenser.mute = False
    books.reopen()
    payout = books.cashier.recover()
    assert payout is not None
    assert payout.presented_cents == 8000
    assert_balanced(books)


def test_a_dispenser_that_is_dead_before_costs_nothing(books: Books) -> None:
    books.dispenser.mute = True
    with pytest.raises(LinkSilent):
        books.pay(8000)
    assert books.events() == []
    assert books.balance_and_hold() == (BALANCE_CENTS, 0)


@pytest.mark.parametrize("state", ["INTENT", "SUSPECT"])
def test_paying_while_a_payout_is_open_is_our_own_mistake(books: Books, state: str) -> None:
    books.ledger.intend("p0", CUSTOMER, "s0", 1000, (1, 0, 0, 0), PURGED)
    if state == "SUSPECT":
        books.ledger.note_sent("p0", 1)
        books.ledger.suspect("p0")
    with pytest.raises(AssertionError, match="paying while a payout is open"):
        books.pay(8000)
    assert books.dispenser.calls == []


def test_a_result_is_booked_once(books: Books) -> None:
    payout = books.pay(1000)
    with pytest.raises(StoreFault):
        books.ledger.book(payout.payout_id, 1, books.dispenser.outcome)
    with pytest.raises(StoreFault):
        books.ledger.settle(payout.payout_id)
    assert_balanced(books)


@pytest.mark.parametrize(
    ("amount_cents", "word"),
    [(0, "insufficient_funds"), (-1000, "insufficient_funds"), (1, "not_dispensable"),
     (BALANCE_CENTS + 1000, "insufficient_funds"), (1500, "not_dispensable"), (1000, None)],
)  # fmt: skip
def test_obstacles(books: Books, amount_cents: int, word: str | None) -> None:
    assert books.cashier.obstacle(CUSTOMER, amount_cents) == word
    assert books.cashier.obstacle("nobody", 1000) == "insufficient_funds"
    assert (books.dispenser.outcome, books.dispenser.presented) == (NOTHING, list(NO_NOTES))
