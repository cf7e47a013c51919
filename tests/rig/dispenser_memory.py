"""A dispenser behind the protocol, not behind the wire: memory, notes, and planned faults."""

from collections.abc import Callable, Sequence

from edge_atm.errors import LinkFault, LinkSilent
from edge_atm.money import NO_NOTES, Operation, Outcome, Quantities, Readiness
from tests.rig.dispenser_course import (
    BEFORE_START,
    DEAF,
    FORGETFUL,
    SILENT,
    UNACKNOWLEDGED,
    Fault,
    counts,
    course,
    first,
    less,
    more,
)

NOTHING = Outcome(Operation.NONE, 0, NO_NOTES, NO_NOTES)


def _unheard() -> None:
    """Stand for a host that does not care how far the command is."""


class Crash(BaseException):
    """Power is gone: no handler of the product may swallow it."""


class Memory:
    """A dispenser that remembers its last operation, and the truth about every note.

    `plan` holds the faults of its next pays and tests, `purge_plan` those of its next purges.
    Notes in `path` were picked and are inside; those in `exit` a hand can reach.
    """

    def __init__(self, notes: Sequence[int]) -> None:
        self.outcome = NOTHING
        self.plan: list[Fault] = []
        self.purge_plan: list[Fault] = []
        self.mute = False
        self.taken_out: tuple[int, ...] = ()
        self.asked_since_silence = True
        self.calls: list[str] = []
        self.fill(notes)

    def fill(self, notes: Sequence[int]) -> None:
        """Start anew with these notes and a clean path."""
        self.loaded, self.cassettes = list(notes), list(notes)
        self.presented, self.rejected = list(NO_NOTES), list(NO_NOTES)
        self.path, self.exit = list(NO_NOTES), list(NO_NOTES)
        # Notes of these that a purge or a test moved, and that no record tells of.
        self.untold_presented, self.untold_rejected = NO_NOTES, NO_NOTES

    def dispense(
        self,
        quantities: Quantities,
        sending: Callable[[], None] = _unheard,
        accepted: Callable[[], None] = _unheard,
    ) -> Outcome:
        assert self.asked_since_silence, "told to pay again before it was asked"
        fault = self.plan.pop(0) if self.plan else "well"
        if fault == "refuse":
            raise LinkFault("refused")
        sending()
        self.calls.append("dispense")
        # The device works on, whatever becomes of the host meanwhile.
        answer = self.outcome if fault in DEAF else self._pay(quantities, fault)
        if fault not in UNACKNOWLEDGED:
            accepted()
        self.mute = fault == "dead"
        if fault in SILENT | DEAF | UNACKNOWLEDGED | {"crash_after"}:
            self._vanish(fault)
        return answer

    def test_dispense(self, quantities: Quantities) -> Outcome:
        self.calls.append("test")
        fault = self.plan.pop(0) if self.plan else "well"
        error = fault if isinstance(fault, int) else 0
        path = first(quantities) if error and error not in BEFORE_START else NO_NOTES
        rejected = NO_NOTES if error in BEFORE_START else less(quantities, path)
        if fault not in DEAF | {"refuse"}:
            _move(self.cassettes, path, self.path)
            _move(self.cassettes, rejected, self.rejected)
        return self._served(fault, Outcome(Operation.TEST_DISPENSE, error, NO_NOTES, rejected))

    def purge(self) -> Outcome:
        self.calls.append("purge")
        fault = self.purge_plan.pop(0) if self.purge_plan else "well"
        # What lies in the exit comes out of it.
        presented, rejected = counts(self.exit), counts(self.path)
        if fault not in DEAF | {"refuse"}:
            _move(self.exit, presented, self.presented)
            _move(self.path, rejected, self.rejected)
        error = fault if isinstance(fault, int) else 0
        return self._served(fault, Outcome(Operation.PURGE, error, presented, rejected))

    def last(self) -> Outcome:
        if self.mute:
            raise LinkSilent("no answer")
        self.calls.append("last")
        self.asked_since_silence = True
        return self.outcome

    def readiness(self) -> Readiness:
        if self.mute:
            raise LinkSilent("no answer")
        return Readiness(self.taken_out, any(self.path))

    def strand(self, to_exit: Quantities, to_path: Quantities) -> None:
        """Leave notes outside their cassettes of which no record tells."""
        _move(self.cassettes, to_exit, self.exit)
        _move(self.cassettes, to_path, self.path)

    def clear_path(self) -> None:
        """Put back what lies in path and exit, as a technician does who counts."""
        _move(self.path, counts(self.path), self.cassettes)
        _move(self.exit, counts(self.exit), self.cassettes)

    def take_from_exit(self) -> None:
        """Let the customer take what the exit still holds, unseen by the device."""
        _move(self.exit, counts(self.exit), self.presented)

    def conserved(self) -> bool:
        """True while every note is in exactly one place."""
        places = [self.cassettes, self.path, self.exit, self.presented, self.rejected]
        notes = [sum(place) for place in zip(*places, strict=True)]
        return notes == self.loaded and min(min(place) for place in places) >= 0

    def _pay(self, asked: Quantities, fault: Fault) -> Outcome:
        spare = less(self.cassettes, asked)
        if fault in ("over", "over_unsaid") and min(less(spare, first(asked))) < 0:
            fault = "well"  # the cassette has no note too many
        answer, path, at_exit = course(asked, fault)
        _move(self.cassettes, answer.presented, self.presented)
        _move(self.cassettes, answer.rejected, self.rejected)
        _move(self.cassettes, path, self.path)
        _move(self.cassettes, at_exit, self.exit)
        if fault not in ("power_stale", "refused_unsaid"):
            self.outcome = NOTHING if fault == "power_cleared" else answer
        if fault == "lie":
            return Outcome(Operation.DISPENSE, 0, NO_NOTES, answer.rejected)
        return answer

    def _served(self, fault: Fault, outcome: Outcome) -> Outcome:
        if fault == "refuse":
            raise LinkFault("refused")
        if fault in FORGETFUL:
            self.untold_presented = more(self.untold_presented, outcome.presented)
            self.untold_rejected = more(self.untold_rejected, outcome.rejected)
        if fault not in DEAF | {"power_stale"}:
            self.outcome = NOTHING if fault == "power_cleared" else outcome
        self.mute = fault == "dead"
        if fault != "well" and not isinstance(fault, int):
            self._vanish(fault)
        return outcome

    def _vanish(self, fault: Fault) -> None:
        self.asked_since_silence = False
        if fault in ("crash_before", "crash_after"):
            raise Crash
        raise LinkSilent("no answer", accepted=fault not in UNACKNOWLEDGED)


def _move(source: list[int], notes: Quantities, to: list[int]) -> None:
    for i, moved in enumerate(notes):
        source[i] -= moved
        to[i] += moved
