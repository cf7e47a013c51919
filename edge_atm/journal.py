"""What happened, in order: an append-only chain of authenticated entries."""

import hashlib
import hmac
import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from edge_atm.errors import StoreFault
from edge_atm.store import Store

CHAIN_START = bytes(32)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal."""

    sequence: int
    at: str
    event: str
    detail: dict[str, object]
    mac: bytes


class Journal:
    """Append-only events, each authenticated together with everything before it."""

    def __init__(self, store: Store, key: bytes, now: Callable[[], datetime]) -> None:
        self._store = store
        self._key = key
        self._now = now

    def append(self, connection: sqlite3.Connection, event: str, **detail: object) -> None:
        """Add one event to the caller's transaction, so that both or neither are on disk."""
        last = connection.execute(
            "SELECT sequence, mac FROM journal ORDER BY sequence DESC LIMIT 1"
        ).fetchone()
        sequence, before = (last[0] + 1, last[1]) if last else (1, CHAIN_START)
        at = self.stamp()
        text = json.dumps(detail, sort_keys=True, separators=(",", ":"), allow_nan=False)
        mac = self._mac(before, sequence, at, event, text)
        connection.execute(
            "INSERT INTO journal VALUES (?, ?, ?, ?, ?)", (sequence, at, event, text, mac)
        )

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
        return [Entry(r[0], r[1], r[2], json.loads(r[3]), r[4]) for r in reversed(rows)]

    def verify(self) -> int:
        """Return the number of entries when the chain is whole; else raise StoreFault."""
        before, count = CHAIN_START, 0
        for row in self._store.rows("SELECT * FROM journal ORDER BY sequence"):
            sequence, at, event, text, mac = row
            expected = self._mac(before, count + 1, at, event, text)
            if not (sequence == count + 1 and hmac.compare_digest(mac, expected)):
                raise StoreFault(f"the journal was changed at or before entry {count + 1}")
            before, count = mac, count + 1
        return count

    def _mac(self, before: bytes, sequence: int, at: str, event: str, text: str) -> bytes:
        # A JSON list has one reading, so no field can borrow bytes from its neighbour.
        body = json.dumps([sequence, at, event, text]).encode()
        return hmac.new(self._key, before + body, hashlib.sha256).digest()
