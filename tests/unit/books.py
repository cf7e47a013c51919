"""A database in a temporary folder, with one customer and filled cassettes, for the money tests."""

from datetime import UTC, datetime
from pathlib import Path

from edge_atm.cash import storage
from edge_atm.cash.cashier import Cashier
from edge_atm.cash.ledger import Ledger
from edge_atm.errors import LinkFault, LinkSilent
from edge_atm.records import NO_NOTES, Operation, Outcome, Quantities
from edge_atm.store import Journal, Store

CUSTOMER = "c0ffee"
VALUES = [1000, 2000, 5000, 0]
COUNTS = [100, 100, 100, 0]
BALANCE_CENTS = 100_000
NOTHING = Outcome(Operation.NONE, 0, NO_NOTES, NO_NOTES)


class Crash(BaseException):
    """Power is gone: no handler of the product may swallow it."""


class Memory:
    """A dispenser behind the protocol, not behind the wire: memory, notes, and one planned fault.

    Faults: silent_before, silent_after, refuse, crash_before, crash_after, jam, over, reset_after.
    """

    def __init__(self) -> None:
        self.outcome = NOTHING
        self.presented = list(NO_NOTES)
        self.fault: str | None = None
        self.mute = False
        self.asked_since_silence = True

    def dispense(self, quantities: Quantities) -> Outcome:
        assert self.asked_since_silence, "told to pay again before it was asked"
        fault, self.fault = self.fault, None
        if fault == "refuse":
            raise LinkFault("refused")
        if fault in ("silent_before", "crash_before"):
            self._vanish(fault)
        presented, error = list(quantities), 0
        if fault == "jam":
            presented, error = [min(n, 1) for n in quantities], 3
        if fault == "over":
            presented[0], error = presented[0] + 1, 0x29
        self.presented = [a + b for a, b in zip(self.presented, presented, strict=True)]
        counts = (presented[0], presented[1], presented[2], presented[3])
        self.outcome = Outcome(Operation.DISPENSE, error, counts, NO_NOTES)
        if fault == "reset_after":
            self.outcome = NOTHING
        if fault in ("silent_after", "crash_after", "reset_after"):
            self._vanish(fault)
        return self.outcome

    def purge(self) -> Outcome:
        self.outcome = Outcome(Operation.PURGE, 0, NO_NOTES, NO_NOTES)
        return self.outcome

    def last(self) -> Outcome:
        if self.mute:
            raise LinkSilent("no answer")
        self.asked_since_silence = True
        return self.outcome

    def _vanish(self, fault: str) -> None:
        self.asked_since_silence = False
        raise (
            Crash
            if fault.startswith("crash")
            else LinkSilent("no answer", fault != "silent_before")
        )


class Books:
    """Everything a cashier needs, on one file; `reopen` is a restart."""

    def __init__(self, folder: Path, dispenser: Memory | None = None) -> None:
        self.path = folder / "unit.sqlite"
        self.dispenser = dispenser or Memory()
        self._payouts = 0
        self.open()
        with self.store.transaction() as connection:
            connection.execute(
                "INSERT INTO customers (customer_id, card_hash, card_last4) VALUES (?, x'00', '0')",
                (CUSTOMER,),
            )
            self.ledger.load_account(connection, CUSTOMER, BALANCE_CENTS)
            storage.replenish(connection, VALUES, COUNTS)

    def open(self) -> None:
        self.store = Store(self.path)
        self.journal = Journal(self.store, bytes(32), _now)
        self.ledger = Ledger(self.store, self.journal)
        self.cashier = Cashier(self.ledger, self.dispenser, 20, self._new_id)

    def reopen(self) -> None:
        self.store.close()
        self.open()

    def balance_and_hold(self) -> tuple[int, int]:
        row = self.store.rows("SELECT balance_cents, held_cents FROM accounts")[0]
        return row[0], row[1]

    def presented(self) -> list[int]:
        return [unit.presented for unit in self.ledger.storage_units()]

    def _new_id(self) -> str:
        self._payouts += 1
        return f"p{self._payouts}"


def _now() -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC)
