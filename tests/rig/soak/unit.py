"""The product as it runs in a unit, put together on the world's clock, cable and disk."""

from collections.abc import Callable
from pathlib import Path

from edge_atm.cash.cashier import Cashier, CashRules
from edge_atm.cash.ledger import Ledger
from edge_atm.cash.upkeep import Upkeep
from edge_atm.device.dispenser import LcdmDispenser
from edge_atm.device.lcdm_line import Timing
from edge_atm.journal import Journal
from edge_atm.store import DATABASE, Store
from tests.rig.soak.clock import Clock
from tests.rig.soak.port import VirtualWire

KEY = bytes(32)
# One look at the line for a pause of it: each look costs the soak, and tells it nothing.
TIMING = Timing(poll=0.05)


class Unit:
    """One run of the program, from its start to its end or to the power's."""

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        wire: VirtualWire,
        rules: CashRules,
        new_payout_id: Callable[[], str],
    ) -> None:
        """Open the files. Raises StoreFault."""
        self._clock, self._wire, self._rules = clock, wire, rules
        self._new_payout_id = new_payout_id
        self.store = Store(folder / DATABASE)
        self.journal = Journal(self.store, KEY, clock.wall)
        self.ledger = Ledger(self.store, self.journal)

    def start(self) -> None:
        """Do what the service does before its first customer, but for verifying the journal."""
        dispenser = LcdmDispenser(self._wire, TIMING, self._clock.monotonic)
        self.upkeep = Upkeep(self.ledger, dispenser)
        self.cashier = Cashier(self.ledger, dispenser, self._rules, self._new_payout_id)
        self.cashier.recover()

    def close(self) -> None:
        """End the program; the port needs no closing. May be called again."""
        self.store.close()
