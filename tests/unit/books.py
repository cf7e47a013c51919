"""Two customers and filled cassettes in a database of their own, for the money tests."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from edge_atm.cash import balances, storage
from edge_atm.cash.cashier import Cashier, CashRules
from edge_atm.cash.count import settle_by_count
from edge_atm.cash.dispenser import Dispenser
from edge_atm.cash.ledger import Ledger
from edge_atm.cash.outcomes import quantities
from edge_atm.cash.upkeep import Upkeep
from edge_atm.journal import Journal
from edge_atm.money import NO_NOTES, Operation, Outcome, Payout, Quantities, Wish
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
        self.rules = CashRules(notes_per_command_max=20)
        self._payouts = 0
        self.path.write_bytes(_filled())
        self.open()

    def open(self) -> None:
        self.store = Store(self.path)
        # The power that these tests cut is not the disk's.
        self.store.rows("PRAGMA synchronous = OFF")
        self.journal = Journal(self.store, bytes(32), _now)
        self.ledger = Ledger(self.store, self.journal)
        self.cashier = self.cashier_at(self.dispenser)
        self.upkeep = Upkeep(self.ledger, self.dispenser)

    def reopen(self) -> None:
        self.store.close()
        self.open()

    def cashier_at(self, dispenser: Dispenser) -> Cashier:
        """Return a cashier of these books at another dispenser, one on a wire."""
        return Cashier(self.ledger, dispenser, self.rules, self._new_id)

    def use(self, rules: CashRules) -> None:
        self.rules = rules
        self.reopen()

    def pay(self, cents: int, customer_id: str = CUSTOMER, small_notes: bool = False) -> Payout:
        return self.cashier.pay(customer_id, "s", Wish(cents, small_notes))

    def count(self, payout_id: str, presented: Quantities, rejected: Quantities) -> Payout:
        """Settle as a technician does, who clears the path before he counts."""
        self.dispenser.clear_path()
        return settle_by_count(
            self.store, self.journal, self.ledger, payout_id, presented, rejected
        )

    def count_by_truth(self) -> Payout:
        """Count what the books miss of the payout that waits."""
        waiting, there = self.ledger.open_payout(), self.dispenser
        assert waiting is not None
        presented, rejected = (
            quantities([n - known - lost for n, known, lost in zip(*each, strict=True)])
            for each in (
                (there.presented, self.presented(), there.untold_presented),
                (there.rejected, self.rejected(), there.untold_rejected),
            )
        )
        return self.count(waiting.payout_id, presented, rejected)

    def set_balance(self, cents: int) -> None:
        with self.store.transaction() as connection:
            balances.load(connection, CUSTOMER, cents)

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


def assert_balanced(books: Books, unknown: Quantities = NO_NOTES) -> None:
    """Debits are the notes that left, every note is somewhere, and nothing waits.

    `unknown`: the notes that an error has left out of their places, whether in the path or not.
    """
    assert books.ledger.open_payout() is None
    assert books.dispenser.conserved()
    assert books.presented() == books.dispenser.presented
    assert books.rejected() == books.dispenser.rejected
    assert books.unknown() == list(unknown)
    assert_no_note_is_promised_twice(books)
    units = books.ledger.storage_units()
    presented_cents = sum(unit.presented * unit.value_cents for unit in units)
    assert books.balance_and_hold() == (BALANCE_CENTS - presented_cents, 0)
    assert books.balance_and_hold(NEIGHBOUR) == (NEIGHBOUR_CENTS, 0)
    assert books.journal.verify() == len(books.events())


def assert_no_note_is_promised_twice(books: Books) -> None:
    """A note in the path is unknown to the books, and no cassette holds less than they say."""
    real = books.dispenser
    for unit, path, cassette in zip(
        books.ledger.storage_units(), real.path, real.cassettes, strict=True
    ):
        assert unit.unknown >= path
        assert unit.initial == unit.presented + unit.rejected + unit.unknown + unit.present
        assert cassette >= unit.present


def _now() -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC)


@cache
def _filled() -> bytes:
    """Return a database with the customers and the cassettes in it; made once, because it syncs."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "unit.sqlite"
        store = Store(path)
        with store.transaction() as connection:
            # The neighbour's name sorts behind the customer's, the card before it.
            for number, (name, cents) in enumerate(
                [(NEIGHBOUR, NEIGHBOUR_CENTS), (CUSTOMER, BALANCE_CENTS)]
            ):
                connection.execute(
                    "INSERT INTO customers (customer_id, card_hash, card_last4) VALUES (?, ?, '0')",
                    (name, bytes([number])),
                )
                balances.load(connection, name, cents)
            storage.replenish(connection, VALUES, COUNTS)
        store.close()
        return path.read_bytes()
