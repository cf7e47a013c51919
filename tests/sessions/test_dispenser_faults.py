"""What a customer gets when the line or the dispenser fails, over a real pty."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge_atm.cli.opening import open_unit
from edge_atm.device.dispenser import LcdmDispenser
from edge_atm.device.serial_wire import SerialWire
from edge_atm.errors import LinkFault, LinkSilent, PayoutSuspect
from edge_atm.money import NO_NOTES, Wish
from tests.rig import bench as whole_unit
from tests.rig.bench import CARD_A, CONFIG, TIMING, Bench, bench
from tests.rig.dispenser import SimulatedDispenser
from tests.rig.dispenser_till import till
from tests.rig.lcdm_faults import Fault, FaultPlan
from tests.unit.books import BALANCE_CENTS

pytestmark = pytest.mark.slow
PAY, ASK = 0x52, 0x55
CENTS = 8000


@contextmanager
def site(folder: Path, *faults: Fault) -> Iterator[tuple[Bench, SimulatedDispenser, str]]:
    sim = SimulatedDispenser(folder / "lcdm.json", FaultPlan(faults), notes=(100, 100, 100, 0))
    with sim, bench(folder, sim.port) as at:
        yield at, sim, at.unit.customers.claim(CARD_A).customer_id


def held_and_debited(at: Bench, customer_id: str) -> tuple[int, int]:
    query = "SELECT held_cents, balance_cents FROM accounts WHERE customer_id = ?"
    row = at.unit.store.rows(query, customer_id)[0]
    return row[0], whole_unit.BALANCE_CENTS - row[0] - row[1]


@pytest.mark.parametrize(
    ("fault", "paid_cents"),
    [
        (Fault(PAY, "lose_response"), CENTS),
        (Fault(PAY, "lose_ack"), CENTS),
        (Fault(PAY, "garble_response", times=2), CENTS),
        (Fault(PAY, "garble_always"), CENTS),
        (Fault(PAY, "late_response", seconds=1.0), CENTS),
        (Fault(PAY, "double_response"), CENTS),
        (Fault(PAY, "no_eot"), CENTS),
        (Fault(PAY, "noise"), CENTS),
        (Fault(PAY, "nak_times", times=1), 0),
        (Fault(PAY, "lose_command"), 0),
        (Fault(PAY, "jam", notes=1, rejects=1), 1000),
    ],
    ids=lambda value: value.kind if isinstance(value, Fault) else None,
)
def test_the_books_follow_the_device(tmp_path: Path, fault: Fault, paid_cents: int) -> None:
    with till(tmp_path, fault) as at:
        payout = at.pay(CENTS)
        assert payout.presented_cents == paid_cents
        assert at.books.balance_and_hold() == (BALANCE_CENTS - paid_cents, 0)
        # Nothing is left over on the line for the next customer.
        again = at.pay(2000)
        assert again.presented_cents == 2000
        # Of three notes asked one left; the other two may lie where the jam was.
        at.assert_booked(unknown=(0, 1, 1, 0) if fault.kind == "jam" else NO_NOTES)
        assert at.pays() == 2


def test_surplus_is_booked_and_not_debited(tmp_path: Path) -> None:
    with till(tmp_path, Fault(PAY, "overdispense")) as at:
        payout = at.pay(CENTS)
        assert payout.presented_cents > CENTS
        assert at.books.balance_and_hold() == (BALANCE_CENTS - CENTS, 0)
        at.assert_booked()


def test_a_dead_dispenser_keeps_the_hold_and_closes_the_unit(tmp_path: Path) -> None:
    with site(tmp_path, Fault(PAY, "die_after_pay")) as (at, sim, customer_id):
        cashier = at.unit.cashier(at.dispenser)
        with pytest.raises((LinkSilent, LinkFault)):
            cashier.pay(customer_id, "s", Wish(CENTS))
        assert held_and_debited(at, customer_id) == (CENTS, 0)
        assert cashier.obstacle(customer_id, 1000) == "dispenser_closed"
        paid = sum(sim.presented)
    # The dispenser is switched on again and remembers; the unit asks and books once.
    sim = SimulatedDispenser(tmp_path / "lcdm.json")
    with sim, bench_again(tmp_path, sim.port) as at:
        payout = at.unit.ledger.open_payout()
        assert payout is not None
        at.unit.cashier(at.dispenser)
        assert at.unit.ledger.payout(payout.payout_id).presented_cents == CENTS
        assert sum(sim.presented) == paid


@pytest.mark.parametrize("memory", ["stale", "cleared"])
def test_a_dispenser_that_forgot_makes_a_suspect(tmp_path: Path, memory: str) -> None:
    fault = Fault(PAY, "power_loss_mid", notes=2, last_status=memory)  # type: ignore[arg-type]
    with site(tmp_path, fault) as (at, sim, customer_id):
        cashier = at.unit.cashier(at.dispenser)
        with pytest.raises(PayoutSuspect):
            cashier.pay(customer_id, "s", Wish(CENTS))
        assert sum(sim.presented) == 2
        assert held_and_debited(at, customer_id) == (CENTS, 0)
        assert sum(unit.unknown for unit in at.unit.ledger.storage_units()) == 3
        with pytest.raises(PayoutSuspect):
            at.unit.cashier(at.dispenser)


@contextmanager
def bench_again(folder: Path, port: str) -> Iterator[Bench]:
    path = folder / "edge-atm.toml"
    path.write_text(CONFIG.format(state_dir=folder / "state", port=port))
    with (
        open_unit(path, development=True) as unit,
        LcdmDispenser(SerialWire(Path(port)), timing=TIMING) as dispenser,
    ):
        yield Bench(unit, dispenser)
