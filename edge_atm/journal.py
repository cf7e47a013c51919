"""What happened, in order: an append-only chain of authenticated entries."""

import hmac
import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from edge_atm.errors import StoreFault
from edge_atm.store import Store

CHAIN_START = bytes(32)
# A journal outgrows a small board's memory; a page of it does not.
PAGE_ENTRIES = 1000
SMALLEST = -(2**63)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal, with its detail as the text that was authenticated."""

    sequence: int
    at: str
    event: str
    text: str
    mac: bytes

    @property
    def detail(self) -> dict[str, object]:
        """The event's fields."""
        fields: dict[str, object] = json.loads(self.text)
        return fields


class Journal:
    """Append-only events, each authenticated together with everything before it."""

    def __init__(self, store: Store, key: bytes, now: Callable[[], datetime]) -> None:
        self._store = store
        self._key = key
        self._now = now

    def append(self, connection: sqlite3.Connection, event: str, **detail: object) -> Entry:
        """Add one event to the caller's transaction, so that both or neither are on disk."""
        last = connection.execute(
            "SELECT sequence, mac FROM journal ORDER BY sequence DESC LIMIT 1"
        ).fetchone()
        sequence, before = (last[0] + 1, last[1]) if last else (1, CHAIN_START)
        at = self.stamp()
        text = json.dumps(detail, sort_keys=True, separators=(",", ":"), allow_nan=False)
        entry = Entry(sequence, at, event, text, self._mac(before, sequence, at, event, text))
        connection.execute(
            "INSERT INTO journal VALUES (?, ?, ?, ?, ?)", (sequence, at, event, text, entry.mac)
        )
        return entry

    def record(self, event: str, **detail: object) -> None:
        """Commit one event of its own."""
        with self._store.transaction() as connection:
            self.append(connection, event, **detail)

    def stamp(self) -> str:
        """Return the present moment as the journal writes it."""
        return self._now().isoformat(timespec="milliseconds")

    def entries(self, last: int | None = None) -> list[Entry]:
        """Return the last `last` entries, oldest first; all of them when None. Not verified."""
        rows = self._store.rows(
            "SELECT * FROM journal ORDER BY sequence DESC LIMIT ?", -1 if last is None else last
        )
        return [Entry(*row) for row in reversed(rows)]

    def last_sequence(self) -> int:
        """Return the newest entry's number, 0 when there is none. Not verified."""
        return int(self._store.rows("SELECT coalesce(max(sequence), 0) FROM journal")[0][0])

    def stream(self) -> Iterator[Entry]:
        """Yield every entry, oldest first, a page in memory at a time. Not verified."""
        # From the smallest number there is: an entry smuggled in before the first must be seen.
        first = SMALLEST
        while page := self._store.rows(
            "SELECT * FROM journal WHERE sequence >= ? ORDER BY sequence LIMIT ?",
            first,
            PAGE_ENTRIES,
        ):
            yield from (Entry(*row) for row in page)
            first = page[-1]["sequence"] + 1

    def verified(self) -> Iterator[Entry]:
        """Yield every entry once it has proved its place in the chain; else raise StoreFault."""
        before, sequence = CHAIN_START, 1
        for entry in self.stream():
            expected = self._mac(before, sequence, entry.at, entry.event, entry.text)
            if not (entry.sequence == sequence and hmac.compare_digest(entry.mac, expected)):
                raise StoreFault(f"the journal was changed at or before entry {sequence}")
            yield entry
            before, sequence = entry.mac, sequence + 1

    def verify(self) -> int:
        """Return the number of entries when the chain is whole; else raise StoreFault."""
        return sum(1 for _ in self.verified())

    def _mac(self, before: bytes, sequence: int, at: str, event: str, text: str) -> bytes:
        # A JSON list has one reading, so no field can borrow bytes from its neighbour.
        body = json.dumps([sequence, at, event, text]).encode()
        return hmac.digest(self._key, before + body, "sha256")
