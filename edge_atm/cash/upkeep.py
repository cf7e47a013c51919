"""What is done with a dispenser between payouts: look, purge, test; all of it counted."""

from edge_atm.cash import faults
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
        readiness = self._dispenser.readiness()
        self._ledger.service.note_missing(readiness.missing)
        memory = self._dispenser.last()
        # Counted from the memory, so that a lost answer or a power cut loses nothing.
        self._ledger.service.conclude(memory)
        # An empty memory could not be told from a lost one; a purge fills it without paying.
        empty = memory.operation in (Operation.NONE, Operation.OTHER)
        return self.purged(memory) if empty or readiness.path_blocked else memory

    def purged(self, memory: Outcome) -> Outcome:
        """Clear the note path, count what that moved, and return what the device remembers."""
        self._tell(Operation.PURGE, memory, NO_NOTES)
        now = self._dispenser.last()
        self._ledger.service.conclude(now)
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
        answer = self._tell(Operation.TEST_DISPENSE, memory, quantities)
        now = self._dispenser.last()
        if now == memory and answer is not None and faults.refused(answer):
            self._ledger.service.count(answer)
            return answer
        self._ledger.service.conclude(now)
        if now.operation is not Operation.TEST_DISPENSE:
            raise LinkSilent("The dispenser cannot say what its test moved")
        return now

    def _tell(
        self, operation: Operation, memory: Outcome, quantities: Quantities
    ) -> Outcome | None:
        self._ledger.service.begin(operation, memory, quantities)
        try:
            if operation is Operation.PURGE:
                return self._dispenser.purge()
            return self._dispenser.test_dispense(quantities)
        except LinkFault:
            self._ledger.service.count(NOT_RUN)
            raise
        except LinkSilent:
            # Not told again: what it remembers says what became of it.
            return None
