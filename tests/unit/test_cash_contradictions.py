"""Answers and memories that contradict each other, or that another hand has left."""

from collections.abc import Callable
from pathlib import Path

import pytest

from edge_atm.cash import count
from edge_atm.cash.cashier import CashRules
from edge_atm.errors import PayoutSuspect, StoreFault
from edge_atm.money import NO_NOTES, Operation, Outcome, Quantities
from tests.unit.books import BALANCE_CENTS, CUSTOMER, PURGED, Books, assert_balanced

TESTED: Quantities = (2, 0, 1, 0)


@pytest.fixture
def books(tmp_path: Path) -> Books:
    return Books(tmp_path)


def test_an_answer_that_damage_made_perfect_debits_nobody(books: Books) -> None:
    """Error 01 and no notes are one damage away from no error and one note."""
    real = books.dispenser.dispense

    def damaged(quantities: Quantities, **steps: Callable[[], None]) -> Outcome:
        real(quantities, **steps)
        return Outcome(Operation.DISPENSE, 0, quantities, NO_NOTES)

    books.dispenser.dispense = damaged  # type: ignore[method-assign, assignment]
    books.dispenser.plan = [0x01]
    payout = books.pay(24_000)
    assert payout.presented == tuple(books.dispenser.presented)
    assert payout.presented_cents < 24_000


def test_a_record_that_a_cut_command_may_have_left_proves_nothing(books: Books) -> None:
    """Ten was paid before; of twenty-with-one-note-each power let one note out, and no ACK."""
    books.only_tens()
    books.pay(1000)
    books.dispenser.plan = ["nak"]
    with pytest.raises(PayoutSuspect):
        books.pay(2000)
    assert books.balance_and_hold() == (BALANCE_CENTS - 3000, 2000)


@pytest.mark.parametrize("memory", [PURGED, Outcome(Operation.DISPENSE, 0, (1, 1, 1, 0), NO_NOTES)])
def test_another_dispenser_that_knows_of_no_fault_proves_nothing(
    books: Books, memory: Outcome
) -> None:
    books.dispenser.plan = ["dead"]
    with pytest.raises(Exception, match="no answer"):
        books.pay(24_000)
    books.dispenser.mute, books.dispenser.outcome = False, memory
    books.reopen()
    with pytest.raises(PayoutSuspect):
        books.cashier.recover()


@pytest.mark.parametrize("acked", [False, True])
def test_a_dispenser_that_never_answers_again_is_counted_instead(
    tmp_path: Path, acked: bool
) -> None:
    books = Books(tmp_path)
    books.ledger.intend("p1", CUSTOMER, "s", 8000, (1, 1, 1, 0), PURGED)
    books.ledger.note_sent("p1", 1)
    if acked:
        books.ledger.note_accepted("p1", 1)
    payout = count.settle_by_count(
        books.store, books.journal, books.ledger, "p1", (1, 0, 1, 0), NO_NOTES
    )
    assert (payout.state, payout.presented_cents) == ("SETTLED", 6000)
    assert books.unknown() == [0, 0, 0, 0]
    assert books.events()[-3:] == ["suspect", "counted", "settled"]
    assert books.balance_and_hold() == (BALANCE_CENTS - 6000, 0)


@pytest.mark.parametrize("rule", ["purge", "suspect"])
def test_notes_on_the_path_are_cleared_before_the_next_payout(books: Books, rule: str) -> None:
    books.use(CashRules(20, equal_commands="suspect" if rule == "suspect" else "purge"))
    books.dispenser.plan = [0x02]
    books.pay(24_000)
    assert any(books.dispenser.path)
    # Its record may be gone, or be somebody's test: the sensors alone say that notes lie there.
    books.dispenser.outcome = PURGED
    assert books.pay(1000).presented_cents == 1000
    assert not any(books.dispenser.path)
    assert books.dispenser.conserved()
    assert books.rejected() == books.dispenser.rejected


def test_a_test_cut_short_without_an_error_misses_its_notes(books: Books) -> None:
    real = books.dispenser.test_dispense

    def cut(quantities: Quantities) -> Outcome:
        real((1, 0, 0, 0))
        return books.dispenser.outcome

    books.dispenser.outcome = PURGED
    books.dispenser.test_dispense = cut  # type: ignore[method-assign]
    books.upkeep.test(TESTED)
    assert (books.rejected(), books.unknown()) == ([1, 0, 0, 0], [1, 0, 1, 0])
    assert books.accuracies() == ["inaccurate", "accurateSet", "inaccurate", "accurateSet"]


def test_a_tested_note_that_left_by_the_exit_is_counted_once(books: Books) -> None:
    slipped = Outcome(Operation.TEST_DISPENSE, 0x08, (1, 0, 0, 0), (1, 0, 0, 0))

    def slip(quantities: Quantities) -> Outcome:
        books.dispenser.outcome = slipped
        return slipped

    books.dispenser.outcome = PURGED
    books.dispenser.test_dispense = slip  # type: ignore[method-assign]
    books.upkeep.test((2, 0, 0, 0))
    places = (books.presented(), books.rejected(), books.unknown())
    assert places == ([1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0])


def test_a_test_that_was_refused_and_not_remembered_moved_nothing(books: Books) -> None:
    refused = Outcome(Operation.TEST_DISPENSE, 0x24, NO_NOTES, NO_NOTES)
    books.dispenser.outcome = PURGED
    books.dispenser.test_dispense = lambda quantities: refused  # type: ignore[method-assign]
    assert books.upkeep.test(TESTED) == refused
    assert (books.unknown(), books.accuracies()) == ([0, 0, 0, 0], ["accurateSet"] * 4)
    assert_balanced(books)


def test_a_second_purge_that_never_ran_is_not_counted_from_the_first(books: Books) -> None:
    books.dispenser.strand(to_exit=NO_NOTES, to_path=(0, 2, 0, 0))
    books.cashier.recover()
    assert books.rejected() == [0, 2, 0, 0]
    books.dispenser.strand(to_exit=NO_NOTES, to_path=(1, 0, 0, 0))
    books.dispenser.purge_plan = ["nak"]
    books.cashier.recover()
    assert books.rejected() == [0, 2, 0, 0]
    assert books.accuracies() == ["inaccurate"] * 4


@pytest.mark.parametrize("asked_in_vain", [False, True])
def test_what_is_there_now_tells_what_left(books: Books, asked_in_vain: bool) -> None:
    books.ledger.intend("p1", CUSTOMER, "s", 8000, (1, 1, 1, 0), PURGED)
    books.ledger.note_sent("p1", 1)
    if asked_in_vain:
        books.ledger.suspect("p1")
    suspect, units = count.waiting(books.ledger), books.ledger.storage_units()
    assert count.untouched(units, suspect) == ((100, 100, 100, 0), NO_NOTES)
    counted = count.moved(units, suspect, (99, 100, 98, 0), (0, 0, 1, 0))
    assert counted == ((1, 0, 1, 0), (0, 0, 1, 0))
    count.check(*counted)
    too_many = count.moved(units, suspect, (101, 100, 100, 0), NO_NOTES)
    with pytest.raises(StoreFault, match="count again"):
        count.check(*too_many)
