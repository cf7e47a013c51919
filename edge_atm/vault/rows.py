"""How customers are read from the database, still sealed."""

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime

from edge_atm.errors import CardRefused
from edge_atm.records import Customer
from edge_atm.store import Store
from edge_atm.vault.failures import since_seconds

# The delays before are the policy's to judge; here is the end, whatever a caller has judged.
PIN_FAILURES_MAX = 50
# One MiB of opened faces at a time.
BATCH = 256
HABITS = (
    "SELECT c.customer_id, c.touch_agreed, c.age_band, c.last_habit, c.leaked_habit, h.version,"
    " h.model, h.box FROM customers c LEFT JOIN habits h USING (customer_id)"
)


def row_of(store: Store, customer_id: str) -> sqlite3.Row:
    """Return the customer's row, with the template's columns or NULLs. Raises CardRefused."""
    return _only(
        store.rows(
            "SELECT c.*, t.template_id, t.version, t.embedding_id, t.policy, t.enrolled_at, t.box"
            " FROM customers c LEFT JOIN templates t USING (customer_id) WHERE customer_id = ?",
            customer_id,
        )
    )


def habit_of(store: Store, customer_id: str) -> sqlite3.Row:
    """Return what is known of the customer's tapping, NULLs for no habit. Raises CardRefused."""
    return _only(store.rows(f"{HABITS} WHERE customer_id = ?", customer_id))


def sealed_habits(store: Store) -> Iterator[list[sqlite3.Row]]:
    """Yield the rows of all who have a habit; as `sealed_rows`."""
    last = ""
    where = "WHERE customer_id > ? AND version IS NOT NULL ORDER BY customer_id LIMIT ?"
    while rows := store.rows(f"{HABITS} {where}", last, BATCH):
        yield rows
        last = rows[-1]["customer_id"]


def _only(rows: list[sqlite3.Row]) -> sqlite3.Row:
    if not rows:
        raise CardRefused(
            "this customer is not known here", "`edge-atm customers` lists those who are."
        )
    return rows[0]


def sealed_rows(store: Store, embedding_id: str | None = None) -> Iterator[list[sqlite3.Row]]:
    """Yield the rows of all who have a face, of one model where one is named, up to 256 at once.

    Each may be written anew before the next are asked for.
    """
    last = ""
    while rows := store.rows(
        "SELECT c.*, t.* FROM templates t JOIN customers c USING (customer_id)"
        " WHERE customer_id > ?1 AND embedding_id = coalesce(?2, embedding_id)"
        " ORDER BY customer_id LIMIT ?3",
        last, embedding_id, BATCH,
    ):  # fmt: skip
        yield rows
        last = rows[-1]["customer_id"]


def id_of_card(store: Store, hashes: Sequence[bytes]) -> str | None:
    """Return the customer_id behind a card's keyed hashes, None when there is none."""
    for hashed in hashes:
        rows = store.rows("SELECT customer_id FROM customers WHERE card_hash = ?", hashed)
        if rows:
            return str(rows[0]["customer_id"])
    return None


def all_ids(store: Store) -> list[str]:
    """Return every customer_id, the first loaded first."""
    return [row["customer_id"] for row in store.rows("SELECT * FROM customers ORDER BY rowid")]


def customer_from(row: sqlite3.Row, now: datetime) -> Customer:
    """Return what may be known of a customer at this moment without opening a seal."""
    return Customer(
        customer_id=row["customer_id"],
        card_last4=row["card_last4"],
        enrolled=row["version"] is not None,
        revoked=row["revoked"],
        has_pin=row["pin_box"] is not None,
        pin_failures=row["pin_failures"],
        face_failures=row["face_failures"],
        pin_since_seconds=since_seconds(row["pin_failed_at"], row["pin_failures"], now),
        face_since_seconds=since_seconds(row["face_failed_at"], row["face_failures"], now),
    )
