"""Books and a simulated dispenser on a pty, without a customer: the whole way of the money."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from edge_atm.cash.cashier import Cashier, CashRules
from edge_atm.cash.count import settle_by_count
from edge_atm.cash.outcomes import quantities
from edge_atm.device.dispenser import LcdmDispenser, Timing
from edge_atm.device.serial_wire import SerialWire
from edge_atm.money import NO_NOTES, Payout, Quantities, Wish
from tests.rig.dispenser import SimulatedDispenser
from tests.rig.lcdm_faults import Fault, FaultPlan, Kind
from tests.rig.lcdm_mechanism import Settings
from tests.rig.lcdm_words import Command
from tests.unit.books import COUNTS, CUSTOMER, Books

# An answer that will come has all the time it needs; one that is lost is waited for shortly.
PATIENT = Timing(
    poll=0.005, quiet=0.02, stall=0.1, ack=0.2, closing=0.05, response=60, status=20, last=20
)
HASTY = replace(PATIENT, response=0.7, answer=0.5)
# One that is dead will not answer, however long it is asked.
SHORT = replace(HASTY, status=1, last=1)
LOST: set[Kind] = {
    "lose_command", "lose_response", "late_response", "garble_always", "power_loss_mid"
}  # fmt: skip
REFEREE = frozenset({int(Command.DISPENSE)})
TWENTY_A_COMMAND = CashRules(notes_per_command_max=20)


@dataclass(frozen=True)
class Till:
    """The books, the cashier, and the dispenser's truth."""

    books: Books
    sim: SimulatedDispenser
    cashier: Cashier

    def pay(self, cents: int) -> Payout:
        return self.cashier.pay(CUSTOMER, "s", Wish(cents))

    def pays(self) -> int:
        """Return how many DISPENSE frames the device has seen."""
        return self.sim.commands.count(Command.DISPENSE)

    def settle_by_truth(self) -> Payout:
        """Count what the books miss, as a technician would, and close the payout."""
        waiting = self.books.ledger.open_payout()
        assert waiting is not None
        presented, rejected = (
            quantities([there - known for there, known in zip(truth, booked, strict=True)])
            for truth, booked in (
                (self.sim.presented, self.books.presented()),
                (self.sim.rejected, self.books.rejected()),
            )
        )
        return settle_by_count(
            self.books.store,
            self.books.journal,
            self.books.ledger,
            waiting.payout_id,
            presented,
            rejected,
        )

    def assert_booked(self, unknown: Quantities = NO_NOTES) -> None:
        """The books say what the device did, and each note but the `unknown` ones is somewhere."""
        assert self.sim.conserved()
        assert self.books.presented() == list(self.sim.presented)
        assert self.books.rejected() == list(self.sim.rejected)
        assert self.books.unknown() == list(unknown)


@contextmanager
def till(
    folder: Path,
    *faults: Fault,
    guarded: frozenset[int] = REFEREE,
    rules: CashRules = TWENTY_A_COMMAND,
) -> Iterator[Till]:
    """Open a till; leaving it raises if the host broke the referee's rule, unless he is off."""
    settings = Settings(reply_wait_seconds=0.1, guarded=guarded)
    sim = SimulatedDispenser(folder / "lcdm.json", FaultPlan(faults), settings, COUNTS)
    books = Books(folder)
    books.use(rules)
    kinds = {fault.kind for fault in faults}
    timing = SHORT if "die_after_pay" in kinds else HASTY if kinds & LOST else PATIENT
    with sim, LcdmDispenser(SerialWire(Path(sim.port)), timing=timing) as dispenser:
        yield Till(books, sim, books.cashier_at(dispenser))
