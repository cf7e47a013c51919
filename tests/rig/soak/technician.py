"""Does what only people do: loads, counts, tests, and ends what nobody else can."""

from edge_atm.cash import balances, storage
from edge_atm.cash.count import settle_by_count
from edge_atm.cash.outcomes import quantities
from tests.rig.lcdm_memory import CASSETTES
from tests.rig.soak.audit import Audit
from tests.rig.soak.unit import Unit
from tests.rig.soak.violation import check
from tests.rig.soak.world import NOTES, VALUES_CENTS, World

CUSTOMERS = ("amber", "birch", "cedar")
BALANCE_CENTS = 400_000
LOW_CENTS, LOW_NOTES = 60_000, 60


class Technician:
    """Knows the truth, because he counts it."""

    def __init__(self, world: World, audit: Audit) -> None:
        self._world, self._audit = world, audit

    def provision(self, unit: Unit) -> None:
        """Load accounts and cassettes of a new unit."""
        with unit.store.transaction() as connection:
            for number, customer_id in enumerate(CUSTOMERS):
                connection.execute(
                    "INSERT INTO customers (customer_id, card_hash, card_last4) VALUES (?, ?, '0')",
                    (customer_id, bytes([number])),
                )
        self.load_accounts(unit)
        self.replenish(unit)

    def settle(self, unit: Unit) -> None:
        """Count what became of the open command."""
        self._audit.step(unit.store)
        payout = unit.ledger.open_payout()
        check(payout is not None, "a suspect payout is not open")
        assert payout is not None
        command = unit.ledger.open_batch(payout.payout_id)
        assert command is not None
        key = (payout.payout_id, command[0])
        presented, rejected = self._world.truth.moved.get(key, ([0] * 4, [0] * 4))
        counts = quantities(presented), quantities(rejected)
        self._did("settle", *key, *counts)
        settle_by_count(unit.store, unit.journal, unit.ledger, payout.payout_id, *counts)

    def needed(self, unit: Unit) -> bool:
        """Whether cassettes or accounts run low, or a cassette's count is not trusted."""
        units = [u for u in unit.ledger.storage_units() if u.value_cents]
        low = any(u.present < LOW_NOTES or u.manipulated for u in units)
        return low or any(self._balance(unit, name) < LOW_CENTS for name in CUSTOMERS)

    def replenish(self, unit: Unit) -> None:
        """Fill the cassettes, empty the tray, and book what is there now."""
        self._did("replenish")
        memory = self._world.memory
        for i in CASSETTES:
            added = (NOTES[i] or 0) - memory.cassettes[i]
            memory.cassettes[i] += added
            memory.loaded[i] += added
            memory.present[i] = NOTES[i] is not None
        counts = list(memory.cassettes)
        with unit.store.transaction() as connection:
            storage.replenish(connection, VALUES_CENTS, counts)
            unit.journal.append(connection, "provisioned", notes=counts)
        self._audit.recount(unit.store)

    def load_accounts(self, unit: Unit) -> None:
        """Set every balance as the bank's file says."""
        self._did("load_accounts")
        with unit.store.transaction() as connection:
            for customer_id in CUSTOMERS:
                balances.load(connection, customer_id, BALANCE_CENTS)
                unit.journal.append(connection, "loaded", customer=customer_id)
        for customer_id in CUSTOMERS:
            self._audit.load(customer_id, BALANCE_CENTS)

    def test(self, unit: Unit) -> None:
        """Move a few notes into the reject tray."""
        self._did("test_dispense")
        draw = self._world.draw
        unit.upkeep.test((draw.randint(1, 3), draw.randint(0, 2), 0, 0))

    def purge(self, unit: Unit) -> None:
        """Clear the note path."""
        self._did("purge")
        unit.upkeep.purged(unit.upkeep.ready())

    def _balance(self, unit: Unit, customer_id: str) -> int:
        return unit.ledger.available_cents(customer_id)

    def _did(self, what: str, *about: object) -> None:
        self._world.tally.technician[what] += 1
        self._world.note(what, *about)
