"""Two customers and filled cassettes in a database of their own, for the money tests."""

from datetime import UTC, datetime
from pathlib import Path

from edge_atm.cash import storage
from edge_atm.cash.cashier import Cashier, Dispenser
from edge_atm.cash.ledger import Ledger
from edge_atm.journal import Journal
from edge_atm.money import NO_NOTES, Operation, Outcome
from edge_atm.store import Store
from tests.rig.dispenser_memory import Memory

CUSTOMER, NEIGHBOUR = "c0ffee", "decade"
VALUES = [1000, 2000, 5000, 0]
COUNTS = [100, 100, 100, 0]
BALANCE_CENTS = 100_000
NEIGHBOUR_CENTS = 70_000
PURGED = Outcome(Operation.PURGE, 0, NO_NOTES, NO_NOTES)


class Books:
    """Everything a cashier needs, on one file; `reopen` is a restart."""

    def __init__(self, folder: Path, dispenser: Memory | None = None) -> None:
        self.path = folder / "unit.sqlite"
        self.dispenser = dispenser or Memory(COUNTS)
        self.notes_per_command = 20
        self._payouts = 0
        self.open()
        with self.store.transaction() as connection:
            # The neighbour's name sorts behind the customer's, the card before it.
            for number, (name, cents) in enumerate(
                [(NEIGHBOUR, NEIGHBOUR_CENTS), (CUSTOMER, BALANCE_CENTS)]
            ):
                connection.execute(
                    "INSERT INTO customers (customer_id, card_hash, card_last4) VALUES (?, ?, '0')",
                    (name, bytes([number])),
                )
                self.ledger.load_account(connection, name, cents)
            storage.replenish(connection, VALUES, COUNTS)

    def open(self) -> None:
        self.store = Store(self.path)
        self.journal = Journal(self.store, bytes(32), _now)
        self.ledger = Ledger(self.store, self.journal)
        self.cashier = self.cashier_at(self.dispenser)

    def reopen(self) -> None:
        self.store.close()
        self.open()

    def cashier_at(self, dispenser: Dispenser) -> Cashier:
        """Return a cashier of these books at another dispenser, one on a wire."""
        return Cashier(self.ledger, dispenser, self.notes_per_command, self._new_id)

    def set_balance(self, cents: int) -> None:
        with self.store.transaction() as connection:
            self.ledger.load_account(connection, CUSTOMER, cents)

    def only_tens(self) -> None:
        """Leave one kind of note, so that 500.00 needs three commands: 20, 20 and 10 notes."""
        with self.store.transaction() as connection:
            connection.execute("UPDATE storage_units SET initial = 0 WHERE position > 1")

    def balance_and_hold(self, customer_id: str = CUSTOMER) -> tuple[int, int]:
        query = "SELECT balance_cents, held_cents FROM accounts WHERE customer_id = ?"
        row = self.store.rows(query, customer_id)[0]
        return row[0], row[1]

    def presented(self) -> list[int]:
        return [unit.presented for unit in self.ledger.storage_units()]

    def rejected(self) -> list[int]:
        return [unit.rejected for unit in self.ledger.storage_units()]

    def unknown(self) -> list[int]:
        return [unit.unknown for unit in self.ledger.storage_units()]

    def accuracies(self) -> list[str]:
        return [unit.accuracy for unit in self.ledger.storage_units()]

    def events(self) -> list[str]:
        return [entry.event for entry in self.journal.entries()]

    def state(self, payout_id: str) -> str:
        return self.ledger.payout(payout_id).state

    def _new_id(self) -> str:
        self._payouts += 1
        return f"p{self._payouts}"


def assert_balanced(books: Books) -> None:
    """Debits are the notes that left, every note is somewhere, and nothing waits."""
    assert books.ledger.open_payout() is None
    assert books.dispenser.conserved()
    assert books.presented() == books.dispenser.presented
    assert books.rejected() == books.dispenser.rejected
    assert books.unknown() == [0, 0, 0, 0]
    units = books.ledger.storage_units()
    presented_cents = sum(unit.presented * unit.value_cents for unit in units)
    assert books.balance_and_hold() == (BALANCE_CENTS - presented_cents, 0)
    assert books.balance_and_hold(NEIGHBOUR) == (NEIGHBOUR_CENTS, 0)
    assert books.journal.verify() == len(books.events())


def _now() -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC)
