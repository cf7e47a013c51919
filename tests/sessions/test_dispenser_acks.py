"""Lost and damaged acknowledgements: never paid twice, with a referee and without."""

from pathlib import Path

import pytest

from edge_atm.errors import PayoutSuspect
from tests.rig.dispenser_till import REFEREE, Till, till
from tests.rig.lcdm_faults import Fault, Kind, LastStatusFate
from tests.unit.books import BALANCE_CENTS, CUSTOMER

pytestmark = pytest.mark.slow
PAY = 0x52
CENTS = 8000
both_ways = pytest.mark.parametrize("guarded", [REFEREE, frozenset()], ids=["referee", "alone"])


def outage(fate: LastStatusFate, notes: int = 2) -> Fault:
    return Fault(PAY, "power_loss_mid", notes=notes, last_status=fate)


def assert_told_once(at: Till) -> None:
    """One frame, and no more notes than were asked, now and after another look."""
    assert at.pays() == 1
    assert all(n <= 1 for n in at.sim.presented)
    assert at.sim.conserved()


@both_ways
@pytest.mark.parametrize(
    ("faults", "cents"),
    [
        pytest.param([Fault(PAY, "nak_times", times=9)], 0, id="true NAK"),
        pytest.param([Fault(PAY, "ack_as_nak")], CENTS, id="ACK read as NAK"),
        pytest.param([Fault(PAY, "ack_as_nak"), Fault(PAY, "lose_first")], CENTS,
                     id="and the first answer lost"),
        pytest.param([Fault(PAY, "ack_as_nak"), Fault(PAY, "lose_response")], CENTS,
                     id="and every answer lost"),
        pytest.param([Fault(PAY, "ack_as_nak"), outage("kept", 3)], CENTS,
                     id="and power lost at the end"),
        pytest.param([Fault(PAY, "garble_ack")], CENTS, id="ACK with a flipped bit"),
        pytest.param([Fault(PAY, "lose_ack"), Fault(PAY, "lose_response")], CENTS, id="no byte"),
    ],
)  # fmt: skip
def test_the_memory_says_what_the_line_did_not(
    tmp_path: Path, faults: list[Fault], cents: int, guarded: frozenset[int]
) -> None:
    with till(tmp_path, *faults, guarded=guarded) as at:
        payout = at.pay(CENTS)
        assert (payout.state, payout.presented_cents) == ("SETTLED", cents)
        assert at.books.balance_and_hold() == (BALANCE_CENTS - cents, 0)
        assert at.cashier.recover() is None
        assert_told_once(at)
        at.assert_booked()


@both_ways
@pytest.mark.parametrize(
    ("ack", "fate"),
    [("ack_as_nak", "kept"), ("ack_as_nak", "cleared"), ("garble_ack", "stale"),
     ("lose_ack", "cleared")],
)  # fmt: skip
def test_power_lost_on_the_way_waits_for_a_count(
    tmp_path: Path, ack: Kind, fate: LastStatusFate, guarded: frozenset[int]
) -> None:
    with till(tmp_path, Fault(PAY, ack), outage(fate), guarded=guarded) as at:
        with pytest.raises(PayoutSuspect):
            at.pay(CENTS)
        assert at.cashier.obstacle(CUSTOMER, 1000) == "dispenser_closed"
        with pytest.raises(PayoutSuspect):
            at.cashier.recover()
        assert_told_once(at)
        assert at.books.balance_and_hold() == (BALANCE_CENTS - CENTS, CENTS)
        assert at.settle_by_truth().presented == at.sim.presented
        at.assert_booked()


@both_ways
@pytest.mark.parametrize("ack", ["lose_ack", "ack_as_nak"])
def test_known_limit_no_sign_of_an_ack_and_power_lost_with_a_stale_memory(
    tmp_path: Path, ack: Kind, guarded: frozenset[int]
) -> None:
    """Three failures at once look like a command that never ran: its notes are the bank's loss.

    Nobody is debited for them and nothing is paid twice; the next count of the cassettes shows it.
    """
    with till(tmp_path, Fault(PAY, ack), outage("stale"), guarded=guarded) as at:
        payout = at.pay(CENTS)
        assert (payout.state, payout.presented_cents) == ("SETTLED", 0)
        assert at.books.balance_and_hold() == (BALANCE_CENTS, 0)
        assert sum(at.sim.presented) == 2
        assert_told_once(at)
