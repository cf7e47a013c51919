"""Pays at most once: intent on disk before notes move, and after silence only questions."""

from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from edge_atm.cash import mix
from edge_atm.cash.ledger import Ledger
from edge_atm.cash.outcomes import NOT_RUN
from edge_atm.cash.proof import prove
from edge_atm.errors import LinkFault, LinkSilent, PayoutSuspect
from edge_atm.money import Operation, Outcome, Payout, Quantities


class Dispenser(Protocol):
    """A dispenser that remembers its last operation.

    `dispense` and `purge` raise LinkFault when the command certainly did not run, and LinkSilent
    when nobody knows. `last` may be asked as often as one likes.
    """

    def dispense(self, quantities: Quantities) -> Outcome: ...
    def purge(self) -> Outcome: ...
    def last(self) -> Outcome: ...


class Cashier:
    """The only one who tells the dispenser to move notes."""

    def __init__(
        self,
        ledger: Ledger,
        dispenser: Dispenser,
        notes_per_command_max: int,
        new_payout_id: Callable[[], str],
    ) -> None:
        self._ledger = ledger
        self._dispenser = dispenser
        self._notes_per_command_max = notes_per_command_max
        self._new_payout_id = new_payout_id

    def obstacle(self, customer_id: str, amount_cents: int) -> str | None:
        """Return the fixed word for what stands against paying, before anybody is looked at."""
        if self._ledger.open_payout() is not None:
            return "dispenser_closed"
        if not 0 < amount_cents <= self._ledger.available_cents(customer_id):
            return "insufficient_funds"
        if mix.minimum_bills(amount_cents, self._ledger.storage_units()) is None:
            return "not_dispensable"
        return None

    def pay(self, customer_id: str, session_id: str, amount_cents: int) -> Payout:
        """Pay one judged amount; return what the device counted, which may be less.

        Raises LinkFault or LinkSilent before anything was sent; LinkSilent when the dispenser has
        not answered yet what it did; PayoutSuspect when it cannot say.
        """
        quantities = mix.minimum_bills(amount_cents, self._ledger.storage_units())
        assert quantities is not None, "obstacle() was not asked"
        assert self._ledger.open_payout() is None, "paying while a payout is open"
        batches = mix.split(quantities, self._notes_per_command_max)
        baseline = self._memory()
        payout_id = self._new_payout_id()
        self._ledger.intend(payout_id, customer_id, session_id, amount_cents, batches[0], baseline)
        for number, asked in enumerate(batches, start=1):
            if number > 1:
                baseline = self._dispenser.last()
                self._ledger.intend_batch(payout_id, number, asked, baseline)
            outcome = self._run(payout_id, number, asked, baseline)
            # The first command that fell short ends the payout; its counts are booked already.
            if outcome.error != 0 or outcome.presented != asked:
                break
        return self._ledger.settle(payout_id)

    def recover(self) -> Payout | None:
        """Settle what a power cut or a silence left open, by asking the device only.

        Called before customers are served. Raises LinkSilent or LinkFault while the dispenser
        does not answer, and PayoutSuspect when it cannot say; the unit pays nothing until then.
        """
        payout = self._ledger.open_payout()
        if payout is not None and payout.state == "SUSPECT":
            raise PayoutSuspect(f"payout {payout.payout_id} waits for a technician's count")
        if payout is not None:
            command = self._ledger.open_batch(payout.payout_id)
            if command is not None:
                # Whether the command was accepted died with the process: assume that it was.
                self._ask(payout.payout_id, *command, accepted=True)
            payout = self._ledger.settle(payout.payout_id)
        self._memory()
        return payout

    def _memory(self) -> Outcome:
        memory = before = self._dispenser.last()
        if memory.operation in (Operation.NONE, Operation.OTHER):
            # An empty memory could not be told from a lost one; a purge fills it without paying.
            self._ledger.purges.note(memory, None)
            with suppress(LinkSilent):
                self._dispenser.purge()
            memory = self._dispenser.last()
        # Counted from the memory, so that a lost answer or a power cut loses nothing: the purge
        # may have found notes in the path.
        if memory.operation is Operation.PURGE and self._ledger.purges.uncounted():
            self._ledger.purges.note(before, memory)
        return memory

    def _run(self, payout_id: str, batch: int, asked: Quantities, baseline: Outcome) -> Outcome:
        try:
            outcome = self._dispenser.dispense(asked)
        except LinkFault:
            outcome = NOT_RUN
        except LinkSilent as silence:
            # Silence is not failure: notes may be in the customer's hand. Ask, never resend.
            return self._ask(payout_id, batch, asked, baseline, silence.accepted)
        if outcome is not NOT_RUN and outcome.error == 0 and outcome.presented != asked:
            # No error, yet not what was asked: a damaged answer that its check byte did not show.
            return self._ask(payout_id, batch, asked, baseline, accepted=True)
        self._ledger.book(payout_id, batch, outcome)
        return outcome

    def _ask(
        self, payout_id: str, batch: int, asked: Quantities, baseline: Outcome, accepted: bool
    ) -> Outcome:
        outcome = prove(asked, baseline, self._dispenser.last(), accepted)
        if outcome is None:
            self._ledger.suspect(payout_id)
            raise PayoutSuspect(f"the dispenser cannot say what it did for payout {payout_id}")
        self._ledger.book(payout_id, batch, outcome)
        return outcome
