"""Failed looks and wrong PINs, counted with their times: in a row for a card, and of the unit."""

import math
import sqlite3
from datetime import datetime

from edge_atm.records import Way
from edge_atm.store import Store

# The configuration lets no more of one way be begun in an hour, so twice as many hold both.
HOURLY_MAX = 1000
# A time that is missing or still to come was written by another clock: it begins anew now.
SETTLE = (
    "UPDATE customers SET"
    " pin_failed_at = CASE WHEN pin_failures THEN min(coalesce(pin_failed_at, ?1), ?1) END,"
    " face_failed_at = CASE WHEN face_failures THEN min(coalesce(face_failed_at, ?1), ?1) END"
    " WHERE customer_id = ?2"
)


def stamp(now: datetime) -> str:
    """Return a time as the tables hold it; texts of two times compare as the times do."""
    return now.isoformat(timespec="milliseconds")


def count(connection: sqlite3.Connection, customer_id: str, way: Way, now: datetime) -> None:
    """Count one try as failed, in the caller's transaction: before it is judged."""
    connection.execute(
        f"UPDATE customers SET {way.value}_failures = {way.value}_failures + 1,"  # noqa: S608
        f" {way.value}_failed_at = ? WHERE customer_id = ?",
        (stamp(now), customer_id),
    )
    connection.execute("INSERT INTO failures (way, at) VALUES (?, ?)", (way.value, stamp(now)))
    connection.execute(
        "DELETE FROM failures WHERE failure <= (SELECT max(failure) - ? FROM failures)",
        (2 * HOURLY_MAX,),
    )


def forgive(connection: sqlite3.Connection, customer_id: str, way: Way) -> None:
    """End the customer's row: the try counted last succeeded. In the caller's transaction."""
    connection.execute(
        f"UPDATE customers SET {way.value}_failures = 0, {way.value}_failed_at = NULL"  # noqa: S608
        " WHERE customer_id = ?",
        (customer_id,),
    )
    connection.execute(
        "DELETE FROM failures WHERE failure = (SELECT max(failure) FROM failures WHERE way = ?)",
        (way.value,),
    )


def settle(connection: sqlite3.Connection, customer_id: str, now: datetime) -> None:
    """Move what lies in the future to now, so that no delay is longer than its whole length."""
    connection.execute(SETTLE, (stamp(now), customer_id))
    connection.execute("UPDATE failures SET at = ?1 WHERE at > ?1", (stamp(now),))


def is_ahead(store: Store, now: datetime) -> bool:
    """Whether a failure lies in the future: the clock went back."""
    return bool(store.rows("SELECT 1 FROM failures WHERE at > ? LIMIT 1", stamp(now)))


def unit_since_seconds(store: Store, way: Way, nth: int, now: datetime) -> float:
    """Return how long ago the unit's `nth` last failure was, infinity when there were fewer."""
    assert 0 < nth <= HOURLY_MAX
    found = store.rows(
        "SELECT at FROM failures WHERE way = ? ORDER BY failure DESC LIMIT 1 OFFSET ?",
        way.value, nth - 1,
    )  # fmt: skip
    return since_seconds(found[0]["at"], 1, now) if found else math.inf


def since_seconds(at: str | None, failures: int, now: datetime) -> float:
    """Return how long ago the last of `failures` was, infinity of none, NaN without a time."""
    if not failures:
        return math.inf
    if at is None:
        return math.nan
    return (now - datetime.fromisoformat(at)).total_seconds()
