"""Pays at most once: intent on disk before notes move, and after silence only questions."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from edge_atm.cash import mix
from edge_atm.cash.dispenser import Dispenser
from edge_atm.cash.ledger import Ledger
from edge_atm.cash.outcomes import NOT_RUN
from edge_atm.cash.proof import looks_alike, prove
from edge_atm.cash.upkeep import Upkeep
from edge_atm.errors import LinkFault, LinkSilent, PayoutSuspect
from edge_atm.money import Mix, Operation, Outcome, Payout, Quantities, State, Wish


@dataclass(frozen=True, slots=True)
class CashRules:
    """How amounts become commands.

    `equal_commands`: what is done where a command would leave the record that is there already:
    purge before it, or let silence end in SUSPECT.
    """

    notes_per_command_max: int
    equal_commands: Literal["purge", "suspect"] = "purge"
    mix: Mix = Mix.MINIMUM_BILLS


class Cashier:
    """The only one who tells the dispenser to move notes."""

    def __init__(
        self,
        ledger: Ledger,
        dispenser: Dispenser,
        rules: CashRules,
        new_payout_id: Callable[[], str],
    ) -> None:
        self._ledger = ledger
        self._dispenser = dispenser
        self._upkeep = Upkeep(ledger, dispenser)
        self._rules = rules
        self._new_payout_id = new_payout_id

    def obstacle(self, customer_id: str, amount_cents: int) -> str | None:
        """Return the fixed word for what stands against paying, before anybody is looked at."""
        if self._ledger.open_payout() is not None:
            return "dispenser_closed"
        if not 0 < amount_cents <= self._ledger.available_cents(customer_id):
            return "insufficient_funds"
        if mix.denominate(amount_cents, self._ledger.storage_units(), self._rules.mix) is None:
            return "not_dispensable"
        return None

    def pay(self, customer_id: str, session_id: str, wish: Wish) -> Payout:
        """Pay one judged amount; return what the device counted, which may be less.

        Raises PayoutSuspect when the dispenser cannot say what it did; LinkFault or LinkSilent when
        it does not answer: then nothing was held, or the payout is open and `recover` settles it.
        """
        assert self._ledger.open_payout() is None, "paying while a payout is open"
        memory = self._upkeep.ready()
        batches = self._planned(wish, memory)
        payout_id = self._new_payout_id()
        for number, asked in enumerate(batches, start=1):
            memory = self._told_apart(memory, asked)
            if number == 1:
                about = (customer_id, session_id, wish.amount_cents)
                self._ledger.intend(payout_id, *about, asked, memory)
            else:
                self._ledger.intend_batch(payout_id, number, asked, memory)
            # What was booked of a whole command is what the dispenser remembers now.
            memory = self._run(payout_id, number, asked, memory)
            # The first command that fell short ends the payout; its counts are booked already.
            if memory.error != 0 or memory.presented != asked:
                break
        return self._ledger.settle(payout_id)

    def recover(self) -> Payout | None:
        """Settle what a power cut or a silence left open, by asking the device only.

        Called before customers are served. Raises LinkSilent or LinkFault while the dispenser
        does not answer, and PayoutSuspect when it cannot say; the unit pays nothing until then.
        """
        payout = self._ledger.open_payout()
        if payout is not None and payout.state is State.SUSPECT:
            raise PayoutSuspect(f"payout {payout.payout_id} waits for a technician's count")
        if payout is not None:
            command = self._ledger.open_batch(payout.payout_id)
            if command is not None and payout.state is State.INTENT:
                self._ledger.book(payout.payout_id, command[0], NOT_RUN)
            elif command is not None:
                # Whether more was heard than is on disk died with the process: assume an ACK.
                self._ask(payout.payout_id, *command, accepted=True)
            payout = self._ledger.settle(payout.payout_id)
        self._upkeep.ready()
        return payout

    def _planned(self, wish: Wish, memory: Outcome) -> list[Quantities]:
        wanted = Mix.SMALL_NOTES if wish.small_notes else self._rules.mix
        quantities = mix.denominate(wish.amount_cents, self._ledger.storage_units(), wanted)
        if quantities is None:
            raise LinkFault(
                "The cassettes that may be used no longer make this amount",
                "Run `edge-atm doctor`: it names the cassette; nothing was held or paid.",
            )
        paid = memory.operation is Operation.DISPENSE and memory.error == 0
        before = memory.presented if paid else None
        return mix.split(quantities, self._rules.notes_per_command_max, before)

    def _told_apart(self, memory: Outcome, asked: Quantities) -> Outcome:
        if self._rules.equal_commands == "purge" and looks_alike(memory, asked):
            return self._upkeep.purged(memory)
        return memory

    def _run(self, payout_id: str, batch: int, asked: Quantities, baseline: Outcome) -> Outcome:
        answer, accepted = None, True
        try:
            answer = self._dispenser.dispense(
                asked,
                sending=lambda: self._ledger.note_sent(payout_id, batch),
                accepted=lambda: self._ledger.note_accepted(payout_id, batch),
            )
        except LinkFault:
            self._ledger.book(payout_id, batch, NOT_RUN)
            return NOT_RUN
        except LinkSilent as silence:
            # Silence is not failure: notes may be in the customer's hand. Ask, never resend.
            accepted = silence.accepted
        # The check byte is one XOR: what a response says is booked when the memory says it too.
        return self._ask(payout_id, batch, asked, baseline, accepted, answer)

    def _ask(
        self,
        payout_id: str,
        batch: int,
        asked: Quantities,
        baseline: Outcome,
        accepted: bool,
        answer: Outcome | None = None,
    ) -> Outcome:
        outcome = prove(asked, baseline, self._dispenser.last(), accepted, answer)
        if outcome is None:
            self._ledger.suspect(payout_id)
            raise PayoutSuspect(f"the dispenser cannot say what it did for payout {payout_id}")
        self._ledger.book(payout_id, batch, outcome)
        return outcome
