"""Damage that the check byte does not show, several commands, and purges, over a real pty."""

from pathlib import Path

import pytest

from edge_atm.cash.cashier import CashRules
from edge_atm.errors import PayoutSuspect
from tests.rig.dispenser_till import till
from tests.rig.lcdm_faults import Fault, Kind
from tests.unit.books import BALANCE_CENTS

pytestmark = pytest.mark.slow
PURGE, PAY, ASK = 0x51, 0x52, 0x55
CENTS = 8000
# In a new till the memory is asked before its first purge, after it, and after each answer; each
# time until it is told twice alike.
AFTER_ANSWER, SECOND_BASELINE = (5, 6), (7, 8)


def garbled(replies: tuple[int, int]) -> tuple[Fault, Fault]:
    """Damage both replies alike, in a way that the check byte does not show."""
    first, second = replies
    return Fault(ASK, "garble_twice", first), Fault(ASK, "garble_twice", second)


def test_an_answer_that_contradicts_the_request_is_not_believed(tmp_path: Path) -> None:
    with till(tmp_path, Fault(PAY, "garble_twice")) as at:
        payout = at.pay(CENTS)
        assert (payout.presented, payout.presented_cents) == ((1, 1, 1, 0), CENTS)
        assert at.books.accuracies() == ["accurateSet"] * 4
        assert at.books.balance_and_hold() == (BALANCE_CENTS - CENTS, 0)
        assert at.pays() == 1
        at.assert_booked()


def test_a_memory_that_contradicts_the_request_too_waits_for_a_count(tmp_path: Path) -> None:
    with till(tmp_path, Fault(PAY, "garble_twice"), *garbled(AFTER_ANSWER)) as at:
        with pytest.raises(PayoutSuspect):
            at.pay(CENTS)
        assert (at.books.unknown(), at.pays()) == ([1, 1, 1, 0], 1)
        assert at.settle_by_truth().presented_cents == CENTS
        at.assert_booked()


def test_a_damaged_baseline_does_not_make_an_old_payout_a_new_one(tmp_path: Path) -> None:
    lost = Fault(PAY, "lose_command", occurrence=2)
    with till(tmp_path, lost, *garbled(SECOND_BASELINE)) as at:
        at.pay(CENTS)
        with pytest.raises(PayoutSuspect):
            at.pay(6000)
        assert at.sim.presented == (1, 1, 1, 0)
        assert at.settle_by_truth().presented_cents == 0
        assert at.books.balance_and_hold() == (BALANCE_CENTS - CENTS, 0)
        at.assert_booked()


@pytest.mark.parametrize(
    ("fault", "notes", "unknown"),
    [
        (Fault(PAY, "jam", occurrence=2, notes=5, rejects=2), 25, 14),
        (Fault(PAY, "error", occurrence=2, error=0x01), 20, 19),
        (Fault(PAY, "overdispense", occurrence=2), 40, 0),
        (Fault(PAY, "nak_times", occurrence=3), 39, 0),
        (Fault(PAY, "lose_response", occurrence=3), 50, 0),
        (Fault(PAY, "no_eot", occurrence=0), 50, 0),
    ],
    ids=lambda value: value.kind if isinstance(value, Fault) else None,
)
def test_the_command_that_falls_short_ends_the_payout(
    tmp_path: Path, fault: Fault, notes: int, unknown: int
) -> None:
    """Fifty notes are asked for as 20, 19 and 11: no two neighbours leave the same record."""
    with till(tmp_path, fault) as at:
        at.books.only_tens()
        payout = at.pay(50_000)
        assert (payout.state, payout.presented) == ("SETTLED", (notes, 0, 0, 0))
        assert at.pays() == max(2, fault.occurrence or 3)
        accuracy = "inaccurate" if fault.occurrence == 2 else "accurateSet"
        assert at.books.accuracies() == [accuracy, "accurateSet", "accurateSet", "accurateSet"]
        assert at.books.balance_and_hold() == (BALANCE_CENTS - notes * 1000, 0)
        at.assert_booked(unknown=(unknown, 0, 0, 0))


@pytest.mark.parametrize("kind", ["lose_command", "lose_response"])
def test_silence_in_an_equal_second_command_waits_for_a_count(tmp_path: Path, kind: Kind) -> None:
    suspect = CashRules(1, equal_commands="suspect")
    with till(tmp_path, Fault(PAY, kind, occurrence=2), rules=suspect) as at:
        at.books.only_tens()
        with pytest.raises(PayoutSuspect):
            at.pay(3000)
        assert (at.books.presented(), at.books.unknown()) == ([1, 0, 0, 0], [1, 0, 0, 0])
        assert at.pays() == 2
        paid = 2 if kind == "lose_response" else 1
        assert at.settle_by_truth().presented == (paid, 0, 0, 0)
        at.assert_booked()


@pytest.mark.parametrize(("kind", "paid"), [("lose_command", 1), ("lose_response", 3)])
def test_a_purge_before_an_equal_command_makes_its_silence_provable(
    tmp_path: Path, kind: Kind, paid: int
) -> None:
    with till(tmp_path, Fault(PAY, kind, occurrence=2), rules=CashRules(1)) as at:
        at.books.only_tens()
        assert at.pay(3000).presented == (paid, 0, 0, 0)
        # Of the empty memory, and before each equal command.
        assert at.sim.commands.count(PURGE) == (3 if paid == 3 else 2)
        at.assert_booked()


@pytest.mark.parametrize("code", [0x05, 0x08, 0x41, 0x58])
def test_a_note_that_may_lie_in_the_exit_waits_for_a_count(tmp_path: Path, code: int) -> None:
    with till(tmp_path, Fault(PAY, "jam", notes=2, error=code)) as at:
        with pytest.raises(PayoutSuspect):
            at.pay(CENTS)
        assert at.books.balance_and_hold() == (BALANCE_CENTS - CENTS, CENTS)
        assert (at.books.unknown(), at.pays()) == ([1, 1, 1, 0], 1)
        assert at.settle_by_truth().presented == (1, 1, 0, 0)
        at.assert_booked()


@pytest.mark.parametrize("lost", [(), (Fault(PURGE, "lose_response"),)], ids=["heard", "lost"])
def test_what_a_purge_finds_in_the_path_is_booked(tmp_path: Path, lost: tuple[Fault, ...]) -> None:
    with till(tmp_path, Fault(PURGE, "stranded", notes=1, rejects=2), *lost) as at:
        assert at.cashier.recover() is None
        at.assert_booked()
        assert (at.books.presented(), at.books.rejected()) == ([1, 0, 0, 0], [2, 0, 0, 0])
        assert at.books.events() == ["service", "service_counted"]
        assert at.pay(CENTS).presented_cents == CENTS
        assert at.sim.commands.count(PURGE) == 1
        at.assert_booked()
