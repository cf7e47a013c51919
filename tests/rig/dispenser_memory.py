"""A dispenser behind the protocol, not behind the wire: memory, notes, and planned faults."""

from collections.abc import Sequence
from typing import Literal

from edge_atm.errors import LinkFault, LinkSilent
from edge_atm.money import NO_NOTES, Operation, Outcome, Quantities

NOTHING = Outcome(Operation.NONE, 0, NO_NOTES, NO_NOTES)
Kind = Literal[
    "well",
    "refuse",  # not one byte was sent
    "nak",  # nothing moves; a NAK, or no byte at all
    "idle",  # taken with an ACK, but nothing moves and nothing is remembered
    "silent_after",  # pays and remembers; the answer is lost
    "nak_but_paid",  # pays and remembers; the ACK was damaged and the answer lost
    "short",  # one note each leaves, error 1
    "jam",  # one note each leaves, one that was asked too goes to the tray, error 3
    "silent_jam",
    "over",  # one note too many from the first cassette asked, error 0x29
    "over_unsaid",  # the same without an error
    "lie",  # pays and remembers; the answer says less, without an error
    "power_kept",  # one note each leaves, remembered without an error
    "power_stale",  # one note each leaves, and the record before stays
    "power_cleared",
    "dead",  # pays, remembers, and answers nothing until `mute` is set back
    "crash_before",
    "crash_after",
]
SILENT = {
    "idle", "silent_after", "nak_but_paid", "silent_jam", "power_kept", "power_stale",
    "power_cleared", "dead",
}  # fmt: skip
# Of these the memory cannot tell what became of the command.
FORGETFUL = {"power_stale", "power_cleared"}


class Crash(BaseException):
    """Power is gone: no handler of the product may swallow it."""


class Memory:
    """A dispenser that remembers its last operation. `plan` holds the faults of its next pays."""

    def __init__(self, counts: Sequence[int]) -> None:
        self.loaded = list(counts)
        self.cassettes = list(counts)
        self.presented = list(NO_NOTES)
        self.rejected = list(NO_NOTES)
        self.outcome = NOTHING
        self.plan: list[Kind] = []
        self.stranded = (NO_NOTES, NO_NOTES)
        self.mute = False
        self.asked_since_silence = True
        self.calls: list[str] = []

    def dispense(self, quantities: Quantities) -> Outcome:
        assert self.asked_since_silence, "told to pay again before it was asked"
        fault = self.plan.pop(0) if self.plan else "well"
        if fault == "refuse":
            raise LinkFault("refused")
        self.calls.append("dispense")
        if fault in ("nak", "idle", "crash_before"):
            self._vanish(fault)
        answer = self._pay(quantities, fault)
        self.mute = fault == "dead"
        if fault in SILENT or fault == "crash_after":
            self._vanish(fault)
        return answer

    def purge(self) -> Outcome:
        self.calls.append("purge")
        (presented, rejected), self.stranded = self.stranded, (NO_NOTES, NO_NOTES)
        self._move(presented, rejected)
        self.outcome = Outcome(Operation.PURGE, 0, presented, rejected)
        return self.outcome

    def last(self) -> Outcome:
        if self.mute:
            raise LinkSilent("no answer")
        self.calls.append("last")
        self.asked_since_silence = True
        return self.outcome

    def conserved(self) -> bool:
        """True while every note is in exactly one place."""
        places = zip(self.cassettes, self.presented, self.rejected, strict=True)
        return [sum(place) for place in places] == self.loaded and min(self.cassettes) >= 0

    def _pay(self, asked: Quantities, fault: Kind) -> Outcome:
        presented, rejected, error = asked, NO_NOTES, 0
        one_each = _counts([min(n, 1) for n in asked])
        first = next(i for i, n in enumerate(asked) if n)
        if fault in ("power_kept", "short", "jam", "silent_jam", *FORGETFUL):
            presented = one_each
        if fault in ("short", "jam", "silent_jam"):
            error = 1 if fault == "short" else 3
        if fault in ("jam", "silent_jam"):
            rejected = _counts([min(n - out, 1) for n, out in zip(asked, one_each, strict=True)])
        if fault in ("over", "over_unsaid"):
            presented = _counts([n + (i == first) for i, n in enumerate(asked)])
            error = 0x29 if fault == "over" else 0
        self._move(presented, rejected)
        answer = Outcome(Operation.DISPENSE, error, presented, rejected)
        if fault != "power_stale":
            self.outcome = NOTHING if fault == "power_cleared" else answer
        if fault == "lie":
            return Outcome(Operation.DISPENSE, 0, NO_NOTES, rejected)
        return answer

    def _move(self, presented: Quantities, rejected: Quantities) -> None:
        for i, (out, aside) in enumerate(zip(presented, rejected, strict=True)):
            self.cassettes[i] -= out + aside
            self.presented[i] += out
            self.rejected[i] += aside

    def _vanish(self, fault: Kind) -> None:
        self.asked_since_silence = False
        if fault.startswith("crash"):
            raise Crash
        raise LinkSilent("no answer", accepted=not fault.startswith("nak"))


def _counts(notes: Sequence[int]) -> Quantities:
    top, second, third, bottom = notes
    return (top, second, third, bottom)
