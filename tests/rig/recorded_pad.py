"""A pad that replays recorded entries: a file says what is typed, and how each PIN is tapped."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from edge_atm.money import Wish
from edge_atm.records import Way
from edge_atm.taps import Entry, parse_taps


@dataclass
class RecordedPad:
    """A `Pad` of edge_atm/machine.py; once all entries are typed the customer walks away."""

    card: str | None
    cents: int | None
    chosen: Way | None
    entries: list[Entry] = field(repr=False)

    @classmethod
    def load(cls, path: Path) -> "RecordedPad":
        """Return the pad of one session.

        The file is an object of `card_number`, `cents`, `way` (a word of `Way`), each may be left
        out, and `entries`: objects of `digits` and `taps`, as `parse_taps` reads them; without
        `taps` the pad tells none. Raises ValueError.
        """
        said = json.loads(path.read_text(encoding="utf-8"))
        way = said.get("way")
        entries = [
            Entry(one["digits"], parse_taps(one["taps"]) if "taps" in one else ())
            for one in said["entries"]
        ]
        return cls(said.get("card_number"), said.get("cents"), way and Way(way), entries)

    def card_number(self) -> str | None:
        """Type the card number."""
        return self.card

    def wish(self) -> Wish | None:
        """Type the amount."""
        return None if self.cents is None else Wish(self.cents)

    def way(self, pin_limit_cents: int) -> Way | None:
        """Choose what was chosen then."""
        return self.chosen

    def pin(self) -> Entry | None:
        """Tap the next entry."""
        return self.entries.pop(0) if self.entries else None
