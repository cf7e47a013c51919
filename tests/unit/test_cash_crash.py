"""Power fails at every step of a payout and of its recovery: no note twice, none forgotten."""

from pathlib import Path

import pytest

from edge_atm.cash.cashier import Cashier
from edge_atm.cash.count import settle_by_count
from edge_atm.cash.outcomes import quantities
from edge_atm.errors import PayoutSuspect
from tests.rig.dispenser_memory import Crash
from tests.unit.books import BALANCE_CENTS, CUSTOMER, Books, assert_balanced

# Two commands, of 20 and of 10 notes.
CENTS = 30_000
# Before and after: last, purge noted, purge, purge booked, last, intend, dispense, book, last,
# intend, dispense, book, settle.
PAY_STEPS = 2 * 13
WRITES = {"intend", "intend_batch", "book", "note", "settle", "suspect"}


class Fuse:
    """Cuts the power at one step."""

    def __init__(self, steps: int) -> None:
        self.left = steps
        self.passed = 0

    def step(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Crash
        self.passed += 1


class Fused:
    """Ledger or dispenser: power may fail before each call, and after what it did is done."""

    def __init__(self, inner: object, fuse: Fuse) -> None:
        self._inner, self._fuse = inner, fuse

    def __getattr__(self, name: str):  # type: ignore[no-untyped-def]
        real = getattr(self._inner, name)

        def call(*given: object) -> object:
            self._fuse.step()
            result = real(*given)
            self._fuse.step()
            return result

        return call


class FusedLedger(Fused):
    """Reading changes nothing, so power that fails around it is no step of its own."""

    def __getattr__(self, name: str):  # type: ignore[no-untyped-def]
        if name == "purges":
            return FusedLedger(self._inner.purges, self._fuse)  # type: ignore[attr-defined]
        return super().__getattr__(name) if name in WRITES else getattr(self._inner, name)


def fused(books: Books, fuse: Fuse) -> Cashier:
    ledger, dispenser = FusedLedger(books.ledger, fuse), Fused(books.dispenser, fuse)
    return Cashier(ledger, dispenser, 20, lambda: "cut")  # type: ignore[arg-type]


@pytest.fixture
def books(tmp_path: Path) -> Books:
    books = Books(tmp_path)
    books.only_tens()
    return books


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
    assert 0 <= missing <= (command[1][0] if command else 0)
    assert books.balance_and_hold() == (BALANCE_CENTS - CENTS, CENTS)
    assert books.unknown()[0] == (command[1][0] if command and payout.state == "SUSPECT" else 0)
    return None


def settle_by_truth(books: Books) -> None:
    """Count what is missing, as a technician would."""
    left = zip(books.dispenser.presented, books.presented(), strict=True)
    presented = quantities([there - booked for there, booked in left])
    settle_by_count(books.store, books.journal, books.ledger, "cut", presented, (0, 0, 0, 0))


def test_the_steps_are_all_of_them(books: Books) -> None:
    fuse = Fuse(1000)
    fused(books, fuse).pay(CUSTOMER, "s", CENTS)
    assert fuse.passed == PAY_STEPS


@pytest.mark.parametrize("step", range(PAY_STEPS))
def test_cash_is_conserved_wherever_power_fails(books: Books, step: int) -> None:
    with pytest.raises(Crash):
        fused(books, Fuse(step)).pay(CUSTOMER, "s", CENTS)
    told = books.dispenser.calls.count("dispense")
    books.reopen()
    assert_in_order(books)
    try:
        books.cashier.recover()
    except PayoutSuspect:
        assert_in_order(books)
        settle_by_truth(books)
    # Recovery asks, and never tells the dispenser to pay.
    assert books.dispenser.calls.count("dispense") == told
    assert_balanced(books)
    assert books.cashier.obstacle(CUSTOMER, 1000) is None
    assert books.cashier.pay(CUSTOMER, "s2", 1000).presented_cents == 1000
    assert_balanced(books)


@pytest.mark.parametrize("step", range(PAY_STEPS))
def test_recovery_may_fail_at_every_step_too(books: Books, step: int) -> None:
    with pytest.raises(Crash):
        fused(books, Fuse(step)).pay(CUSTOMER, "s", CENTS)
    told = books.dispenser.calls.count("dispense")
    for later in range(PAY_STEPS):
        books.reopen()
        try:
            fused(books, Fuse(later)).recover()
        except (Crash, PayoutSuspect):
            assert_in_order(books)
            continue
        break
    waiting = books.ledger.open_payout()
    if waiting is not None:
        assert waiting.state == "SUSPECT"
        settle_by_truth(books)
    assert_balanced(books)
    assert books.dispenser.calls.count("dispense") == told


def test_power_that_fails_inside_a_commit_leaves_nothing_of_it(books: Books) -> None:
    def cut(*_: object, **__: object) -> None:
        raise Crash

    books.dispenser.purge()
    books.journal.append = cut  # type: ignore[method-assign]
    with pytest.raises(Crash):
        books.cashier.pay(CUSTOMER, "s", CENTS)
    books.reopen()
    assert books.balance_and_hold() == (BALANCE_CENTS, 0)
    assert books.ledger.open_payout() is None
    assert books.dispenser.calls.count("dispense") == 0
