"""The simulated dispenser's own memory: where each note is, LAST STATUS, and the host's sins."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

CASSETTES = range(4)
NO_COMMAND = 0x20


def _zeros() -> list[int]:
    return [0] * len(CASSETTES)


@dataclass(slots=True)
class LastStatus:
    """Result of the last PURGE, DISPENSE or TEST DISPENSE, as the device remembers it."""

    command: int = NO_COMMAND
    error: int = 0
    exits: list[int] = field(default_factory=_zeros)
    rejects: list[int] = field(default_factory=_zeros)


@dataclass(slots=True)
class Memory:
    """Everything that outlives a restart. Notes move one at a time and are never created."""

    loaded: list[int]
    cassettes: list[int]
    present: list[bool]
    presented: list[int] = field(default_factory=_zeros)
    rejected: list[int] = field(default_factory=_zeros)
    last: LastStatus = field(default_factory=LastStatus)
    blocked_sensors: int = 0
    opacities: list[int] = field(default_factory=lambda: [40] * len(CASSETTES))
    lengths: list[int] = field(default_factory=lambda: [178] * len(CASSETTES))
    order: list[int] = field(default_factory=lambda: list(CASSETTES))
    # The rest is the referee's notebook and no part of a real dispenser.
    unsettled: bool = False
    commands: list[int] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    @classmethod
    def filled(cls, notes: Sequence[int | None]) -> Self:
        """A new device with these notes per cassette; None is a slot without a cassette."""
        assert len(notes) == len(CASSETTES)
        counts = [count or 0 for count in notes]
        return cls(counts, list(counts), [count is not None for count in notes])

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the memory of an earlier run."""
        table = json.loads(path.read_text())
        return cls(**{**table, "last": LastStatus(**table["last"])})

    def text(self) -> str:
        """Return the whole memory as one line of JSON."""
        return json.dumps(asdict(self))

    def present_note(self, cassette: int) -> None:
        """Move one note out of the machine, into the customer's hand."""
        self._take(cassette)
        self.presented[cassette] += 1

    def reject_note(self, cassette: int) -> None:
        """Move one note into the reject tray."""
        self._take(cassette)
        self.rejected[cassette] += 1

    def _take(self, cassette: int) -> None:
        assert self.present[cassette], "a note out of no cassette"
        assert self.cassettes[cassette] > 0, "a note out of nothing"
        self.cassettes[cassette] -= 1

    def conserved(self) -> bool:
        """True while every note that was loaded is in exactly one place."""
        return all(
            self.loaded[i] == self.cassettes[i] + self.presented[i] + self.rejected[i]
            and min(self.cassettes[i], self.presented[i], self.rejected[i]) >= 0
            for i in CASSETTES
        )


def write_whole(path: Path, text: str) -> None:
    """Replace the file so that a reader sees the old text or the new one, never a part."""
    draft = path.with_name(path.name + ".draft")
    draft.write_text(text)
    draft.replace(path)
