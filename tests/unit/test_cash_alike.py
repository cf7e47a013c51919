"""Commands that leave the same record: told apart by a purge, or never guessed about."""

from pathlib import Path
from typing import Literal

import pytest

from edge_atm.cash.cashier import CashRules
from edge_atm.cash.outcomes import from_text
from edge_atm.errors import LinkFault, LinkSilent, PayoutSuspect
from edge_atm.money import Outcome, Quantities
from tests.rig.dispenser_course import Fault
from tests.unit.books import BALANCE_CENTS, PURGED, Books, assert_balanced

ONE: Quantities = (1, 0, 0, 0)


def baselines(books: Books) -> list[Outcome]:
    rows = books.store.rows("SELECT baseline FROM batches ORDER BY payout_id, batch")
    return [from_text(row[0]) for row in rows]


@pytest.fixture
def ones(tmp_path: Path) -> Books:
    """One note a command: two of them can only be told apart by a purge."""
    books = Books(tmp_path)
    books.only_tens()
    books.use(CashRules(notes_per_command_max=1))
    return books


@pytest.mark.parametrize("fault", ["silent_after", "nak_but_paid", "nak", "idle"])
def test_silence_in_an_equal_second_command_waits_for_a_count(ones: Books, fault: Fault) -> None:
    ones.use(CashRules(1, equal_commands="suspect"))
    ones.dispenser.plan = ["well", fault]
    with pytest.raises(PayoutSuspect):
        ones.pay(2000)
    assert ones.dispenser.calls.count("purge") == 1  # of the memory that was empty
    assert ones.presented() == [1, 0, 0, 0]
    assert ones.unknown() == [1, 0, 0, 0]
    assert ones.accuracies() == ["inaccurate", "accurateSet", "accurateSet", "accurateSet"]
    assert ones.balance_and_hold() == (BALANCE_CENTS - 2000, 2000)
    assert ones.ledger.payout("p1").presented == ONE


@pytest.mark.parametrize(("fault", "notes"), [("silent_after", 2), ("nak_but_paid", 2), ("nak", 1)])
def test_a_purge_between_equal_commands_makes_silence_provable(
    ones: Books, fault: Fault, notes: int
) -> None:
    ones.dispenser.plan = ["well", fault]
    assert ones.pay(2000).presented == (notes, 0, 0, 0)
    assert baselines(ones) == [PURGED, PURGED]
    assert_balanced(ones)


@pytest.mark.parametrize("rule", ["purge", "suspect"])
def test_equal_commands_that_are_answered_are_paid(
    ones: Books, rule: Literal["purge", "suspect"]
) -> None:
    ones.use(CashRules(1, equal_commands=rule))
    assert ones.pay(3000).presented_cents == 3000
    assert ones.dispenser.calls.count("purge") == (3 if rule == "purge" else 1)
    assert_balanced(ones)


@pytest.mark.parametrize("rule", ["purge", "suspect"])
def test_an_equal_second_command_that_was_never_sent_is_proved(
    ones: Books, rule: Literal["purge", "suspect"]
) -> None:
    ones.use(CashRules(1, equal_commands=rule))
    ones.dispenser.plan = ["well", "refuse"]
    assert ones.pay(2000).presented == ONE
    assert_balanced(ones)


def test_an_equal_payout_after_a_restart_is_told_apart_too(ones: Books) -> None:
    ones.pay(1000)
    ones.reopen()
    ones.dispenser.plan = ["silent_after"]
    assert ones.pay(1000).presented == ONE
    assert baselines(ones) == [PURGED, PURGED]
    assert_balanced(ones)


def test_a_record_with_an_error_may_be_anybodys_and_is_purged(ones: Books) -> None:
    """Even the counts of another command: an error makes them anything."""
    ones.use(CashRules(20))
    ones.dispenser.plan = [0x03, "silent_after"]
    ones.pay(5000)
    assert ones.pay(3000).presented == (3, 0, 0, 0)
    assert baselines(ones)[1].operation is PURGED.operation
    # The note that the jam left inside went to the tray, and is unknown no more.
    assert (ones.rejected(), ones.unknown()) == ([1, 0, 0, 0], [0, 0, 0, 0])
    assert_balanced(ones)


@pytest.mark.parametrize("fault", ["refuse", "nak", "dead"])
def test_a_purge_between_commands_that_fails_costs_no_note(ones: Books, fault: Fault) -> None:
    ones.dispenser.purge_plan = ["well", fault]
    if fault == "nak":
        # The record stays, so silence would end in doubt; an answer is an answer.
        assert ones.pay(2000).presented == (2, 0, 0, 0)
    else:
        with pytest.raises((LinkFault, LinkSilent)):
            ones.pay(2000)
        assert (ones.state("p1"), ones.balance_and_hold()[1]) == ("RESULT", 2000)
    ones.dispenser.mute = False
    ones.reopen()
    ones.cashier.recover()
    assert_balanced(ones)


def test_a_purge_that_did_not_run_leaves_equal_commands_in_doubt(ones: Books) -> None:
    ones.dispenser.purge_plan = ["well", "nak"]
    ones.dispenser.plan = ["well", "silent_after"]
    with pytest.raises(PayoutSuspect):
        ones.pay(2000)
    assert ones.unknown() == [1, 0, 0, 0]
    ones.count_by_truth()
    assert_balanced(ones)
