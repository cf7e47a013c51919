"""What is on disk while a command is on the wire, and what a restart makes of it."""

from pathlib import Path

import pytest

from edge_atm.errors import LinkSilent, StoreFault
from tests.rig.dispenser_till import Till, till
from tests.rig.lcdm_faults import Fault
from tests.unit.books import BALANCE_CENTS

pytestmark = pytest.mark.slow
PAY, ASK = 0x52, 0x55
CENTS = 8000
STEPS = ["intent", "sent", "accepted", "booked", "settled"]


def full_disk(*_: object) -> None:
    raise StoreFault("no room on the disk")


def payout_events(at: Till) -> list[str]:
    return [event for event in at.books.events() if not event.startswith("service")]


def test_the_steps_of_a_payout_over_the_wire(tmp_path: Path) -> None:
    with till(tmp_path) as at:
        seen: list[tuple[str, int]] = []
        real_sent, real_accepted = at.books.ledger.note_sent, at.books.ledger.note_accepted

        def note_sent(payout_id: str, batch: int) -> None:
            seen.append((at.books.state(payout_id), at.pays()))
            real_sent(payout_id, batch)

        def note_accepted(payout_id: str, batch: int) -> None:
            seen.append((at.books.state(payout_id), at.pays()))
            real_accepted(payout_id, batch)

        at.books.ledger.note_sent = note_sent  # type: ignore[method-assign]
        at.books.ledger.note_accepted = note_accepted  # type: ignore[method-assign]
        at.pay(CENTS)
        assert seen == [("INTENT", 0), ("SENT", 1)]
        assert payout_events(at) == STEPS
        at.assert_booked()


def test_no_byte_goes_out_that_is_not_written_down_first(tmp_path: Path) -> None:
    with till(tmp_path) as at:
        at.books.ledger.note_sent = full_disk  # type: ignore[method-assign, assignment]
        with pytest.raises(StoreFault):
            at.pay(CENTS)
        assert (at.pays(), at.books.state("p1")) == (0, "INTENT")
        del at.books.ledger.note_sent
        payout = at.cashier.recover()
        assert payout is not None
        assert payout_events(at) == ["intent", "booked", "settled"]
        assert at.books.journal.entries()[-2].detail["state"] == "NOT_SENT"
        assert at.books.balance_and_hold() == (BALANCE_CENTS, 0)
        assert at.pays() == 0
        at.assert_booked()


def test_an_ack_that_was_not_written_down_leaves_it_sent_and_the_next_start_asks(
    tmp_path: Path,
) -> None:
    with till(tmp_path) as at:
        at.books.ledger.note_accepted = full_disk  # type: ignore[method-assign, assignment]
        with pytest.raises(StoreFault):
            at.pay(CENTS)
        assert (at.pays(), at.books.state("p1")) == (1, "SENT")
        assert at.books.balance_and_hold() == (BALANCE_CENTS - CENTS, CENTS)
        asked = at.sim.commands.count(ASK)
        payout = at.cashier.recover()
        assert payout is not None
        assert payout.presented_cents == CENTS
        assert at.sim.commands.count(ASK) > asked
        assert at.pays() == 1
        at.assert_booked()


@pytest.mark.parametrize("kind", ["lose_ack", "garble_ack"])
def test_a_response_without_an_ack_ends_well(tmp_path: Path, kind: str) -> None:
    with till(tmp_path, Fault(PAY, kind)) as at:  # type: ignore[arg-type]
        assert at.pay(CENTS).presented_cents == CENTS
        assert payout_events(at) == ["intent", "sent", "booked", "settled"]
        at.assert_booked()


def test_a_dispenser_that_dies_behind_its_ack_leaves_the_payout_accepted(tmp_path: Path) -> None:
    with till(tmp_path, Fault(PAY, "die_after_pay")) as at:
        with pytest.raises(LinkSilent):
            at.pay(CENTS)
        assert at.books.state("p1") == "ACCEPTED"
        assert at.books.balance_and_hold() == (BALANCE_CENTS - CENTS, CENTS)
