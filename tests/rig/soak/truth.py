"""Where each note really went, and for which command: what the product's books are held to."""

import random
from dataclasses import dataclass

from edge_atm.cash.outcomes import quantities
from edge_atm.money import Operation, Outcome, Quantities
from tests.rig.lcdm_memory import CASSETTES, Memory
from tests.rig.lcdm_words import Command
from tests.rig.soak.violation import check

# The manual leaves open whether these leave a note where a hand can reach it; 0x58 is in no manual.
AT_THE_EXIT = (0x04, 0x05, 0x06, 0x07, 0x08, 0x0A, 0x58)
OPERATIONS: dict[int, Operation] = {
    Command.PURGE: Operation.PURGE,
    Command.DISPENSE: Operation.DISPENSE,
    Command.TEST_DISPENSE: Operation.TEST_DISPENSE,
}

Key = tuple[str, int]
Notes = tuple[list[int], list[int]]


@dataclass(frozen=True, slots=True)
class Written:
    """A frame that the host wrote. `key`: the payout and batch it was sent for, or the move."""

    command: int
    key: Key | None = None
    asked: Quantities = (0, 0, 0, 0)


class Truth:
    """The device's own memory, cut at each command that it accepts."""

    def __init__(self, memory: Memory, draw: random.Random) -> None:
        self._memory, self._draw = memory, draw
        self._before = self._places()
        self._running: Written | None = None
        self._record_before = memory.last
        # The last frame of all, and the last that moves notes: a slow cable may still hold it.
        self.written = self.told = Written(Command.STATUS)
        # Presented and rejected notes of each command that was accepted.
        self.moved: dict[Key, Notes] = {}
        self.since = self._places()

    @property
    def forgotten(self) -> bool:
        """Whether the running command has moved notes for a customer, and no record says so."""
        paying = self._running is not None and self._running.command == Command.DISPENSE
        kept = self._memory.last is self._record_before
        return paying and kept and self._before != self._places()

    def writes(self, written: Written) -> None:
        """The host puts a frame on the wire."""
        self.written = written
        if written.key is not None:
            check(written.key != self.told.key, "the host told twice", *written.key)
            self.told = written

    def late(self, command: int) -> bool:
        """Whether a slow cable may have held this moving command until now."""
        return command == self.told.command and self.told.key not in self.moved

    def begins(self, command: int) -> None:
        """The device accepts a moving command, perhaps another one than was written."""
        self.ends()
        # No other frame is damaged into a DISPENSE: one that is not late is told twice.
        ours = self.late(command) or command == Command.DISPENSE
        self._running = self.told if ours else self.written
        self._record_before = self._memory.last
        if (key := self._running.key) is not None:
            check(key not in self.moved, "the device was told twice", *key)
            self.moved[key] = ([0] * 4, [0] * 4)

    def ends(self) -> None:
        """Take all that has moved as the work of the running command."""
        running, self._running = self._running, None
        if running is None or running.key is None:
            self._before = self._places()
            return
        last = self._memory.last
        if (
            running.command == Command.DISPENSE
            and last is not self._record_before
            and last.error in AT_THE_EXIT
        ):
            self._take_from_exit(running.asked)
        presented, rejected = self.moved[running.key]
        for i in CASSETTES:
            presented[i] += self._memory.presented[i] - self._before[0][i]
            rejected[i] += self._memory.rejected[i] - self._before[1][i]
        self._before = self._places()

    def record(self) -> Outcome:
        """Return what the device remembers, as a host has to read it."""
        last = self._memory.last
        exits, rejects = quantities(last.exits), quantities(last.rejects)
        return Outcome(OPERATIONS.get(last.command, Operation.NONE), last.error, exits, rejects)

    def recount(self) -> None:
        """A technician has counted: the books begin anew from here."""
        self.ends()
        self.since = self._places()

    def since_count(self) -> Notes:
        """Return the notes that left and that were rejected since then."""
        (presented, rejected), now = self.since, self._places()
        return (
            [now[0][i] - presented[i] for i in CASSETTES],
            [now[1][i] - rejected[i] for i in CASSETTES],
        )

    def presented(self, payout_id: str) -> list[int]:
        """Return the notes that the payout's customer got."""
        notes = [0] * 4
        batch = 1
        while (moved := self.moved.get((payout_id, batch))) is not None:
            notes = [n + m for n, m in zip(notes, moved[0], strict=True)]
            batch += 1
        return notes

    def _places(self) -> Notes:
        return list(self._memory.presented), list(self._memory.rejected)

    def _take_from_exit(self, asked: Quantities) -> None:
        # After such an error the device itself cannot tell whether a note was within reach.
        short = [
            i
            for i in CASSETTES
            if self._memory.presented[i] - self._before[0][i] < asked[i]
            and self._memory.cassettes[i] > 0
            # The rig counts a note in the exit with its cassette, which must be there.
            and self._memory.present[i]
        ]
        if short and self._draw.random() < 0.5:
            self._memory.present_note(short[0])
