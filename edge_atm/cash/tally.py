"""Adds up journal entries, one after the other, into columns of notes by cassette."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from edge_atm.journal import Entry
from edge_atm.money import NO_NOTES, State, StorageUnit

PLACES = range(4)
CASSETTE = ("opening", "added", "removed", "over", "short", "presented", "rejected", "unknown")
TRAY = ("opening", "expected", "counted", "over", "short")


class Tally:
    """What one day's entries come to."""

    def __init__(self) -> None:
        self.cassettes = {name: [0 for _ in PLACES] for name in CASSETTE}
        self.tray = {name: [0 for _ in PLACES] for name in TRAY}
        self.since: str | None = None
        self.payouts: Counter[str] = Counter()
        self.suspects = self.debited_cents = 0
        # How the open payout's last command ended; one payout is open at a time.
        self._ended = State.NOT_SENT

    def add(self, entry: Entry) -> None:
        """Add one entry; most events say nothing of notes."""
        if entry.event not in _ADDED_UP:
            return
        detail = json.loads(entry.text)
        match entry.event:
            case "day_closed":
                self._open(entry.at, detail)
            case "provisioned" | "replenished":
                self._fill(detail)
            case "cash_counted":
                # Against what the journal explains: an edited book is short here.
                counted = zip(detail["notes"], self.explained(), strict=True)
                _differ(self.cassettes, [found - known for found, known in counted])
                self._empty_tray(detail)
            case "suspect":
                self.suspects += 1
                _move(self.cassettes, "unknown", detail["unknown"])
            case "settled":
                self._settle(detail["requested_cents"], detail["presented_cents"])
            case _:
                self._ended = State(detail.get("state", self._ended))
                for name in ("presented", "rejected", "unknown"):
                    _move(self.cassettes, name, detail.get(name, NO_NOTES))

    def explained(self) -> list[int]:
        """Return what each cassette should hold by what the journal says alone."""
        signs = {"opening": 1, "added": 1, "over": 1}
        return [
            sum(signs.get(name, -1) * column[at] for name, column in self.cassettes.items())
            for at in PLACES
        ]

    def _open(self, at: str, detail: Any) -> None:
        self.since = at
        _move(self.cassettes, "opening", detail["explained"])
        _move(self.tray, "opening", detail["tray_explained"])
        self._ended = State(detail["totals"]["open_state"] or self._ended)

    def _fill(self, detail: Any) -> None:
        removed = detail.get("removed", NO_NOTES)
        more = self._anew(detail)
        _move(self.cassettes, "removed", removed)
        _move(self.cassettes, "added", [new + old for new, old in zip(more, removed, strict=True)])
        self._empty_tray(detail)

    def _anew(self, detail: Any) -> list[int]:
        """Begin anew with a person's notes; return by how many they are more than before."""
        # The first filling has no books before it.
        before = [StorageUnit(**row) for row in detail.get("before", [])]
        held = [unit.present for unit in before] or NO_NOTES
        return [now - then for now, then in zip(detail["notes"], held, strict=True)]

    def _empty_tray(self, detail: Any) -> None:
        expected = detail.get("tray_expected")
        if expected is None:
            return
        # Only a tray that should be empty goes uncounted.
        counted = detail["tray"] or expected
        _move(self.tray, "expected", expected)
        _move(self.tray, "counted", counted)
        _differ(self.tray, [now - then for now, then in zip(counted, expected, strict=True)])

    def _settle(self, requested_cents: int, presented_cents: int) -> None:
        # A later command that gave nothing does not undo what an earlier one gave.
        short = presented_cents < requested_cents
        partly = presented_cents and (short or self._ended is not State.RESULT)
        self.payouts[State.PARTIAL if partly else self._ended] += 1
        self.debited_cents += min(requested_cents, presented_cents)


def _differ(columns: dict[str, list[int]], more: Sequence[int]) -> None:
    # Kept apart: what is over never makes good for what is short.
    _move(columns, "over", [max(0, notes) for notes in more])
    _move(columns, "short", [max(0, -notes) for notes in more])


def _move(columns: dict[str, list[int]], name: str, notes: Sequence[int]) -> None:
    columns[name] = [old + new for old, new in zip(columns[name], notes, strict=True)]


_ADDED_UP = {
    "day_closed", "provisioned", "replenished", "cash_counted", "suspect", "settled", "booked",
    "counted", "service_counted",
}  # fmt: skip
