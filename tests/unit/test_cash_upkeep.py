"""A purge moves notes that a power cut left in the path: written down before, counted after."""

from contextlib import suppress
from pathlib import Path

import pytest

from edge_atm.cash.cashier import CashRules
from edge_atm.errors import LinkFault, LinkSilent, PayoutSuspect
from edge_atm.money import NO_NOTES, Operation, Outcome, Quantities
from tests.rig.dispenser_course import Fault
from tests.rig.dispenser_memory import NOTHING, Crash
from tests.unit.books import PURGED, Books, assert_balanced

OTHER = Outcome(Operation.OTHER, 0, NO_NOTES, NO_NOTES)
TESTED = Outcome(Operation.TEST_DISPENSE, 0, NO_NOTES, (1, 0, 0, 0))
LEFT: Quantities = (1, 0, 0, 0)
ASIDE: Quantities = (0, 2, 0, 0)
MOVED = Outcome(Operation.PURGE, 0, LEFT, ASIDE)


@pytest.fixture
def books(tmp_path: Path) -> Books:
    books = Books(tmp_path)
    books.dispenser.strand(to_exit=LEFT, to_path=ASIDE)
    return books


def assert_purged_once(books: Books) -> None:
    assert_purged_at(books, purges=1)


def assert_purged_at(books: Books, purges: int) -> None:
    assert (books.presented(), books.rejected()) == ([1, 0, 0, 0], [0, 2, 0, 0])
    assert books.dispenser.conserved()
    assert books.dispenser.calls.count("purge") == purges


@pytest.mark.parametrize("memory", [NOTHING, OTHER])
def test_an_empty_memory_is_filled_before_customers_are_served(
    books: Books, memory: Outcome
) -> None:
    books.dispenser.outcome = memory
    assert books.cashier.recover() is None
    assert books.dispenser.calls == ["last", "purge", "last"]
    assert_purged_once(books)
    none = [0, 0, 0, 0]
    empty = {"operation": memory.operation.value, "error": 0, "presented": [0] * 4,
             "rejected": [0] * 4}  # fmt: skip
    moved = {"operation": "purge", "error": 0, "presented": [1, 0, 0, 0], "rejected": [0, 2, 0, 0]}
    assert [(entry.event, entry.detail) for entry in books.journal.entries()] == [
        ("service", {"told": "purge", "asked": none, "memory": empty}),
        ("service_counted", {"asked": none, "unknown": none, **moved}),
    ]  # fmt: skip
    books.cashier.recover()
    assert_purged_once(books)


@pytest.mark.parametrize("memory", [PURGED, TESTED])
def test_a_memory_that_tells_something_is_left_alone(books: Books, memory: Outcome) -> None:
    books.dispenser.outcome = memory
    books.dispenser.path = list(NO_NOTES)
    books.cashier.recover()
    books.pay(8000)
    assert "purge" not in books.dispenser.calls
    assert books.presented() == [1, 1, 1, 0]


def test_what_a_purge_moved_is_nobodys_debit(books: Books) -> None:
    payout = books.pay(8000)
    assert payout.presented == (1, 1, 1, 0)
    assert (books.presented(), books.rejected()) == ([2, 1, 1, 0], [0, 2, 0, 0])
    assert books.balance_and_hold() == (100_000 - 8000, 0)


def test_the_purge_is_on_disk_before_it_runs(books: Books) -> None:
    def cut() -> Outcome:
        raise Crash

    books.dispenser.purge = cut  # type: ignore[method-assign]
    with pytest.raises(Crash):
        books.cashier.recover()
    books.reopen()
    assert books.events() == ["service"]
    assert books.ledger.service.uncounted() is Operation.PURGE


def test_the_baseline_is_the_memory_after_the_purge_not_its_answer(books: Books) -> None:
    real = books.dispenser.purge

    def damaged() -> Outcome:
        real()
        return PURGED

    books.dispenser.purge = damaged  # type: ignore[method-assign]
    books.dispenser.plan = ["nak"]
    # With the answer as its baseline the unchanged memory would look changed, and be a suspect.
    assert books.pay(8000).presented == NO_NOTES
    assert books.ledger.open_payout() is None


def test_a_payout_that_waits_is_asked_about_before_any_purge(tmp_path: Path) -> None:
    books = Books(tmp_path)
    books.dispenser.outcome = PURGED
    books.dispenser.plan = ["crash_after"]
    with pytest.raises(Crash):
        books.pay(8000)
    books.reopen()
    books.cashier.recover()
    assert "purge" not in books.dispenser.calls
    assert_balanced(books)


@pytest.mark.parametrize("end", [LinkSilent("no answer"), Crash()])
def test_a_purge_whose_answer_is_lost_is_counted_from_the_memory(
    books: Books, end: BaseException
) -> None:
    real = books.dispenser.purge

    def lost() -> Outcome:
        real()
        raise end

    books.dispenser.purge = lost  # type: ignore[method-assign]
    # Silence is asked about at once; only a power cut has to wait for the next start.
    with suppress(Crash):
        books.cashier.recover()
    books.reopen()
    books.cashier.recover()
    assert_purged_once(books)
    assert books.events() == ["service", "service_counted"]
    assert books.accuracies() == ["accurateSet"] * 4
    books.cashier.recover()
    assert_purged_once(books)


def test_an_empty_memory_that_could_not_be_filled_proves_nothing(books: Books) -> None:
    books.dispenser.purge_plan = ["nak"]
    books.dispenser.plan = ["nak"]
    with pytest.raises(PayoutSuspect):
        books.pay(8000)
    assert books.presented() == [0, 0, 0, 0]
    # Nobody can say what the purge moved, and nothing is made up.
    counted = [e.detail for e in books.journal.entries() if e.event == "service_counted"]
    assert counted == [{"asked": [0, 0, 0, 0], "unknown": [0, 0, 0, 0]}]
    assert books.ledger.service.uncounted() is None


@pytest.mark.parametrize("fault", ["power_cleared", "power_stale"])
def test_a_purge_whose_memory_was_lost_makes_every_count_inaccurate(
    books: Books, fault: Fault
) -> None:
    books.dispenser.purge_plan = [fault, "well"]
    books.cashier.recover()
    assert books.accuracies() == ["inaccurate"] * 4
    assert (books.presented(), books.rejected()) == ([0] * 4, [0] * 4)
    assert books.dispenser.conserved()
    # Only a count says where they are.
    books.cashier.recover()
    assert books.accuracies() == ["inaccurate"] * 4


def test_a_purge_with_an_error_is_counted_and_makes_every_count_inaccurate(books: Books) -> None:
    books.dispenser.purge_plan = [0x0E]
    books.cashier.recover()
    assert_purged_once(books)
    assert books.accuracies() == ["inaccurate"] * 4
    books.dispenser.plan = ["nak"]
    # It is a record like any other: an unchanged one proves that nothing ran.
    assert books.pay(8000).presented == NO_NOTES
    assert_purged_once(books)


def test_a_purge_that_nobody_could_count_is_not_forgotten_when_another_follows(
    tmp_path: Path,
) -> None:
    """The first ran and lost its record; the second one is begun in the same payout."""
    books = Books(tmp_path)
    books.only_tens()
    books.use(CashRules(1))
    books.dispenser.strand(to_exit=NO_NOTES, to_path=LEFT)
    books.dispenser.purge_plan = ["power_cleared", "well"]
    books.pay(2000)
    books.cashier.recover()
    assert books.rejected() == [0, 0, 0, 0]
    assert books.accuracies() == ["inaccurate"] * 4


def test_a_purge_that_certainly_did_not_run_spoils_no_count(books: Books) -> None:
    """The cable is out while the purge is told, and back in when the unit looks again."""
    books.dispenser.purge_plan = ["refuse", "well"]
    with pytest.raises(LinkFault):
        books.cashier.recover()
    books.cashier.recover()
    assert_purged_at(books, purges=2)
    assert books.accuracies() == ["accurateSet"] * 4
