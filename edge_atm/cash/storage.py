"""The cassettes and their counts, in the words of XFS4IoT; all in the caller's transaction."""

import sqlite3
from collections.abc import Sequence

from edge_atm.money import Outcome, Quantities, StorageUnit
from edge_atm.store import Store


def units(store: Store) -> list[StorageUnit]:
    """Return the cassettes, top to bottom."""
    rows = store.rows("SELECT * FROM storage_units ORDER BY position")
    return [StorageUnit(**{**row, "manipulated": bool(row["manipulated"])}) for row in rows]


def replenish(
    connection: sqlite3.Connection, values_cents: Sequence[int], counts: Sequence[int]
) -> None:
    """Start every cassette anew with what a person has counted into it."""
    for position, (value_cents, initial) in enumerate(
        zip(values_cents, counts, strict=True), start=1
    ):
        connection.execute(
            "INSERT OR REPLACE INTO storage_units (position, value_cents, initial)"
            " VALUES (?, ?, ?)",
            (position, value_cents, initial),
        )
    # What a purge or a test moved before was counted by the person just now.
    connection.execute("UPDATE service_moves SET outcome = 'recounted' WHERE outcome IS NULL")


def count(connection: sqlite3.Connection, column: str, notes: Quantities) -> None:
    """Add `notes` to one column of counts."""
    for position, moved in enumerate(notes, start=1):
        connection.execute(
            f"UPDATE storage_units SET {column} = {column} + ? WHERE position = ?",  # noqa: S608
            (moved, position),
        )


def book(connection: sqlite3.Connection, outcome: Outcome) -> None:
    """Count what the device says it moved out of the cassettes."""
    count(connection, "presented", outcome.presented)
    count(connection, "rejected", outcome.rejected)


def misplace(connection: sqlite3.Connection, notes: Quantities) -> None:
    """Count notes that left a cassette for nobody knows where. A surplus misplaces nothing."""
    top, second, third, bottom = (max(0, missing) for missing in notes)
    count(connection, "unknown", (top, second, third, bottom))


def found(connection: sqlite3.Connection, notes: Quantities) -> None:
    """Take notes out of `unknown`, as many as are there: now it is known where they are."""
    for position, known in enumerate(notes, start=1):
        connection.execute(
            "UPDATE storage_units SET unknown = max(0, unknown - ?) WHERE position = ?",
            (known, position),
        )


def unknown(connection: sqlite3.Connection) -> list[int]:
    """Return how many notes of each cassette nobody can place."""
    rows = connection.execute("SELECT unknown FROM storage_units ORDER BY position")
    return [row[0] for row in rows]


def purged(connection: sqlite3.Connection, outcome: Outcome) -> None:
    """Count what a purge moved: first the notes that were missing, then others."""
    found(connection, outcome.presented)
    found(connection, outcome.rejected)
    book(connection, outcome)


def distrust(connection: sqlite3.Connection, asked: Sequence[int]) -> None:
    """Mark the cassettes that were asked: after a fault their notes may lie in the path."""
    for position, count_asked in enumerate(asked, start=1):
        if count_asked:
            # Of a cassette that was away, less than this is known already.
            connection.execute(
                "UPDATE storage_units SET accuracy = 'inaccurate'"
                " WHERE position = ? AND accuracy <> 'unknown'",
                (position,),
            )


def manipulated(connection: sqlite3.Connection, positions: Sequence[int]) -> None:
    """Mark the cassettes seen missing outside an exchange: only a count vouches for them again."""
    for position in positions:
        connection.execute(
            "UPDATE storage_units SET manipulated = 1, accuracy = 'unknown' WHERE position = ?",
            (position,),
        )
