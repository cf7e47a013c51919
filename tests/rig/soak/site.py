"""Where the unit stands: power comes back, the service starts again, a technician comes."""

import json
import shutil
from collections.abc import Callable

from edge_atm.cash.cashier import CashRules
from edge_atm.errors import EdgeError, PayoutSuspect, StoreFault
from edge_atm.money import Mix
from tests.rig.dispenser_memory import Crash
from tests.rig.soak.audit import Audit
from tests.rig.soak.mishaps import Mishaps
from tests.rig.soak.technician import Technician
from tests.rig.soak.unit import Unit
from tests.rig.soak.violation import check
from tests.rig.soak.witness import Witness
from tests.rig.soak.world import VALUES_CENTS, World

STARTS_MAX = 40
# Behind these nothing more goes wrong: a unit that does not come up even so is a finding.
STARTS_IN_BAD_WEATHER = 8
# Small ones make several commands of a payout, and each of them takes its time.
NOTES_PER_COMMAND = (3, 8, 20, 20, 20, 20, 40, 40)
RESTART_SECONDS = (0.1, 30.0, 200.0)


class Site:
    """Keeps one unit in service. `unit` is the program that runs, or that ran last."""

    def __init__(self, world: World) -> None:
        self.world, self.mishaps = world, Mishaps(world)
        self.audit = Audit(world.truth, world.memory, VALUES_CENTS)
        self.technician = Technician(world, self.audit)
        self._rules = CashRules(
            notes_per_command_max=world.draw.choice(NOTES_PER_COMMAND),
            equal_commands=world.draw.choice(("purge", "purge", "suspect")),
            mix=world.draw.choice(list(Mix)),
        )
        self._payouts = 0
        self.unit: Unit
        self._running = self._crashed = False
        Witness(world, lambda: self.unit.store)

    def open(self) -> None:
        """Set the unit up and switch it on, while nothing goes wrong."""
        self.unit = self._new_unit()
        self.technician.provision(self.unit)
        self.unit.close()
        self._start()

    def attempt(self, work: Callable[[Unit], object]) -> None:
        """Let the unit do some work; afterwards it is in service, whatever has happened."""
        fault = self._tried(lambda: work(self.unit))
        # Money that is not accounted for closes the unit; another fault does not.
        if fault is not None and self.unit.ledger.open_payout() is not None:
            self.stop()
        self.keep_running()

    def stop(self) -> None:
        """End the program as a service manager does."""
        self._running = False
        self.unit.close()

    def keep_running(self) -> None:
        """Start the program as often as it takes."""
        for start in range(STARTS_MAX):
            if self._running:
                return
            if start < STARTS_IN_BAD_WEATHER:
                self.mishaps.draw_another()
            else:
                self.mishaps.calm()
            fault = self._tried(self._start)
            if isinstance(fault, PayoutSuspect):
                fault = self._tried(lambda: self.technician.settle(self.unit))
            if not self._running:
                self.unit.close()
                self.world.far_end.pass_time(self.world.draw.choice(RESTART_SECONDS))
        check(self._running, "the unit does not come up again")

    def split(self) -> int:
        """Return how many payouts took a command more than the limit asks for."""
        sizes: dict[str, list[int]] = {}
        for payout_id, asked in self.unit.store.rows("SELECT payout_id, asked FROM batches"):
            sizes.setdefault(payout_id, []).append(sum(json.loads(asked)))
        most = self._rules.notes_per_command_max
        return sum(len(notes) > -(-sum(notes) // most) for notes in sizes.values())

    def _start(self) -> None:
        self.world.tally.starts += 1
        self.unit = self._new_unit()
        if self._crashed:
            self.audit.whole(self.unit.store, self.unit.journal.verify())
            self._crashed = False
        self.unit.start()
        self._running = True

    def _tried(self, work: Callable[[], object]) -> EdgeError | None:
        fault: EdgeError | None = None
        try:
            work()
        except Crash:
            self._lose_power()
            return None
        except EdgeError as error:
            self.world.note(type(error).__name__, str(error))
            fault = error
        if isinstance(fault, StoreFault):
            self.mishaps.disk_faulted()
        if self.world.disk.failed:
            # For a moment the program went on with a disk that had no power any more.
            self._lose_power()
            return None
        return fault

    def _lose_power(self) -> None:
        self._running, self._crashed = False, True
        self.mishaps.power_gone()
        left_behind = self.world.crash()
        self.unit.close()
        shutil.rmtree(left_behind)
        self.world.far_end.pass_time(self.world.draw.choice(RESTART_SECONDS))

    def _new_unit(self) -> Unit:
        world = self.world
        return Unit(world.folder, world.clock, world.wire, self._rules, self._new_id)

    def _new_id(self) -> str:
        self._payouts += 1
        return f"p{self._payouts}"
