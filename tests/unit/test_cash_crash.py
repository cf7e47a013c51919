"""Power fails at every step of a payout, its recovery and its count: no note twice, none lost.

A step is a commit (before it, inside it, after it) or a call of the dispenser (before, after).
"""

from pathlib import Path

import pytest

from edge_atm.errors import PayoutSuspect
from edge_atm.money import Quantities
from tests.rig.dispenser_memory import Crash
from tests.unit.books import BALANCE_CENTS, Books, assert_balanced, assert_no_note_is_promised_twice
from tests.unit.fuse import Fuse, fused

# Two commands, of 20 and of 10 notes.
CENTS = 30_000
# Purge noted and counted, then twice intent, sent, accepted and booked, then settled.
PAY_COMMITS = 2 + 4 + 4 + 1
# Readiness, last, purge, last, then twice dispense, last.
PAY_CALLS = 8
PAY_STEPS = 3 * PAY_COMMITS + 2 * PAY_CALLS
# What was told is asked about, then booked and settled, and the unit looks around.
RECOVERY_STEPS = 3 * 4 + 2 * 5


@pytest.fixture
def books(tmp_path: Path) -> Books:
    books = Books(tmp_path)
    books.only_tens()
    return books


def pay_until(books: Books, step: int) -> int:
    """Pay until the power fails; return how many commands the dispenser got."""
    with pytest.raises(Crash), fused(books, Fuse(step)):
        books.pay(CENTS)
    books.reopen()
    return books.dispenser.calls.count("dispense")


def assert_in_order(books: Books) -> None:
    """Every note that left is booked, or belongs to the one payout that waits for a count."""
    assert books.dispenser.conserved()
    assert books.journal.verify() >= 0
    missing = books.dispenser.presented[0] - books.presented()[0]
    payout = books.ledger.open_payout()
    if payout is None:
        assert missing == 0
        return assert_balanced(books)
    command = books.ledger.open_batch(payout.payout_id)
    told = payout.state in ("SENT", "ACCEPTED", "SUSPECT")
    assert 0 <= missing <= (command[1][0] if command and told else 0)
    assert (command is not None) == (payout.state in ("INTENT", "SENT", "ACCEPTED", "SUSPECT"))
    assert books.balance_and_hold() == (BALANCE_CENTS - CENTS, CENTS)
    assert books.unknown()[0] == (command[1][0] if command and payout.state == "SUSPECT" else 0)
    if payout.state == "SUSPECT":
        assert_no_note_is_promised_twice(books)
    return None


def test_the_steps_are_all_of_them(books: Books) -> None:
    fuse = Fuse(1000)
    with fused(books, fuse):
        books.pay(CENTS)
    assert fuse.passed == PAY_STEPS


@pytest.mark.parametrize("step", range(PAY_STEPS))
def test_cash_is_conserved_wherever_power_fails(books: Books, step: int) -> None:
    told = pay_until(books, step)
    assert_in_order(books)
    try:
        books.cashier.recover()
    except PayoutSuspect:
        assert_in_order(books)
        books.count_by_truth()
    # Recovery asks, and never tells the dispenser to pay.
    assert books.dispenser.calls.count("dispense") == told
    assert_balanced(books)
    assert books.cashier.obstacle("c0ffee", 1000) is None
    assert books.pay(1000).presented_cents == 1000
    assert_balanced(books)


@pytest.mark.parametrize("step", range(PAY_STEPS))
def test_recovery_may_fail_at_every_step_too(books: Books, step: int) -> None:
    told = pay_until(books, step)
    for later in range(RECOVERY_STEPS + 1):
        try:
            with fused(books, Fuse(later)):
                books.cashier.recover()
        except (Crash, PayoutSuspect):
            books.reopen()
            assert_in_order(books)
            continue
        break
    waiting = books.ledger.open_payout()
    if waiting is not None:
        assert waiting.state == "SUSPECT"
        books.count_by_truth()
    assert_balanced(books)
    assert books.dispenser.calls.count("dispense") == told


@pytest.mark.parametrize("step", range(2 * 3))
def test_a_count_may_fail_at_every_step_too(books: Books, step: int) -> None:
    """It is two commits: between them the payout is counted and not yet settled."""
    books.dispenser.plan = ["power_stale"]
    with pytest.raises(PayoutSuspect):
        books.pay(CENTS)
    with pytest.raises(Crash), fused(books, Fuse(step)):
        books.count_by_truth()
    books.reopen()
    if step < 2:
        with pytest.raises(PayoutSuspect):
            books.cashier.recover()
        assert_in_order(books)
        books.count_by_truth()
    else:
        assert (books.state("p1") == "PARTIAL") == (step < 5)
        books.cashier.recover()
    assert (books.state("p1"), books.ledger.payout("p1").presented_cents) == ("SETTLED", 1000)
    assert books.events().count("counted") == 1
    assert_balanced(books)


def test_the_count_is_two_commits(books: Books) -> None:
    books.dispenser.plan = ["power_stale"]
    with pytest.raises(PayoutSuspect):
        books.pay(CENTS)
    fuse = Fuse(1000)
    with fused(books, fuse):
        books.count_by_truth()
    assert fuse.passed == 2 * 3


@pytest.mark.parametrize("step", range(3 * 4 + 2 * 6))
def test_a_test_dispense_may_fail_at_every_step_too(books: Books, step: int) -> None:
    tested: Quantities = (2, 0, 0, 0)
    with pytest.raises(Crash), fused(books, Fuse(step)):
        books.upkeep.test(tested)
    books.reopen()
    books.cashier.recover()
    begun = [e for e in books.journal.entries() if e.detail.get("told") == "test_dispense"]
    told = books.dispenser.calls.count("test")
    # Written down but not told, it might have been: nobody can place the notes until a count.
    assert books.unknown() == (list(tested) if begun and not told else [0, 0, 0, 0])
    assert books.rejected() == books.dispenser.rejected
    assert_no_note_is_promised_twice(books)
    assert books.pay(1000).presented_cents == 1000


def test_power_that_fails_inside_a_commit_leaves_nothing_of_it(books: Books) -> None:
    def cut(*_: object, **__: object) -> None:
        raise Crash

    books.dispenser.purge()
    books.journal.append = cut  # type: ignore[method-assign, assignment]
    with pytest.raises(Crash):
        books.pay(CENTS)
    books.reopen()
    assert books.balance_and_hold() == (BALANCE_CENTS, 0)
    assert books.ledger.open_payout() is None
    assert books.dispenser.calls.count("dispense") == 0
