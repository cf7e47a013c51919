"""The cassettes and their counts, in the words of XFS4IoT."""

import sqlite3
from collections.abc import Sequence

from edge_atm.money import Outcome, Quantities, StorageUnit
from edge_atm.store import Store


def units(store: Store) -> list[StorageUnit]:
    """Return the cassettes, top to bottom."""
    rows = store.rows("SELECT * FROM storage_units ORDER BY position")
    return [StorageUnit(*row) for row in rows]


def replenish(
    connection: sqlite3.Connection, values_cents: Sequence[int], counts: Sequence[int]
) -> None:
    """Start a new count of every cassette, in the caller's transaction."""
    for position, (value_cents, initial) in enumerate(
        zip(values_cents, counts, strict=True), start=1
    ):
        connection.execute(
            "INSERT OR REPLACE INTO storage_units (position, value_cents, initial)"
            " VALUES (?, ?, ?)",
            (position, value_cents, initial),
        )


def count(connection: sqlite3.Connection, column: str, notes: Quantities) -> None:
    """Add `notes` to one column of counts, in the caller's transaction."""
    for position, moved in enumerate(notes, start=1):
        connection.execute(
            f"UPDATE storage_units SET {column} = {column} + ? WHERE position = ?",  # noqa: S608
            (moved, position),
        )


def book(connection: sqlite3.Connection, outcome: Outcome) -> None:
    """Count what the device says it moved, in the caller's transaction."""
    count(connection, "presented", outcome.presented)
    count(connection, "rejected", outcome.rejected)


def distrust(connection: sqlite3.Connection, asked: Sequence[int]) -> None:
    """Mark the cassettes that were asked: after a fault their notes may lie in the path."""
    for position, count_asked in enumerate(asked, start=1):
        if count_asked:
            connection.execute(
                "UPDATE storage_units SET accuracy = 'inaccurate' WHERE position = ?", (position,)
            )
