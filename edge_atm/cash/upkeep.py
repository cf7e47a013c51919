"""What is done with a dispenser between payouts: look, purge, test; all of it counted."""

from edge_atm.cash.dispenser import Dispenser
from edge_atm.cash.ledger import Ledger
from edge_atm.cash.outcomes import NOT_RUN
from edge_atm.errors import LinkFault, LinkSilent
from edge_atm.money import NO_NOTES, Operation, Outcome, Quantities


class Upkeep:
    """Moves notes without a customer. Raises LinkFault or LinkSilent without an answer."""

    def __init__(self, ledger: Ledger, dispenser: Dispenser) -> None:
        self._ledger = ledger
        self._dispenser = dispenser

    def ready(self) -> Outcome:
        """Look at the cassettes, count what still waits, and return what the device remembers."""
        self._ledger.service.note_missing(self._dispenser.missing())
        memory = self._dispenser.last()
        told = self._ledger.service.uncounted()
        if told is not None:
            # Counted from the memory, so that a lost answer or a power cut loses nothing.
            self._ledger.service.count(memory if memory.operation is told else None)
        if memory.operation in (Operation.NONE, Operation.OTHER):
            # An empty memory could not be told from a lost one; a purge fills it without paying.
            return self.purged(memory)
        return memory

    def purged(self, memory: Outcome) -> Outcome:
        """Clear the note path, count what that moved, and return what the device remembers."""
        self._tell(Operation.PURGE, memory, NO_NOTES)
        now = self._dispenser.last()
        self._ledger.service.count(now if now.operation is Operation.PURGE else None)
        return now

    def test(self, quantities: Quantities) -> Outcome:
        """Move notes into the reject tray and return what the device counted.

        LinkSilent: it cannot say, and the notes are booked as unknown.
        """
        assert self._ledger.open_payout() is None, "testing while a payout is open"
        memory = self.ready()
        if memory.operation is Operation.TEST_DISPENSE:
            memory = self.purged(memory)
        if memory.operation is Operation.TEST_DISPENSE:
            # The record of an earlier test would be taken for this one's.
            raise LinkFault("The dispenser did not purge before its test; no note was moved")
        self._tell(Operation.TEST_DISPENSE, memory, quantities)
        now = self._dispenser.last()
        known = now.operation is Operation.TEST_DISPENSE
        self._ledger.service.count(now if known else None)
        if not known:
            raise LinkSilent("The dispenser cannot say what its test moved")
        return now

    def _tell(self, operation: Operation, memory: Outcome, quantities: Quantities) -> None:
        self._ledger.service.begin(operation, memory, quantities)
        try:
            if operation is Operation.PURGE:
                self._dispenser.purge()
            else:
                self._dispenser.test_dispense(quantities)
        except LinkFault:
            self._ledger.service.count(NOT_RUN)
            raise
        except LinkSilent:
            # Not told again: what it remembers says what became of it.
            return
