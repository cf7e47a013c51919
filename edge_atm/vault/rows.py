"""How customers are read from the database, still sealed."""

import sqlite3
from collections.abc import Iterator, Sequence

from edge_atm.errors import CardRefused
from edge_atm.records import Customer
from edge_atm.store import Store

# Three tries are what card holders know from any cash machine.
PIN_FAILURES_MAX = 3
# NIST SP 800-63B-4 allows five failed biometric tries before it asks for another factor.
FACE_FAILURES_MAX = 5
# One MiB of opened faces at a time.
BATCH = 256


def row_of(store: Store, customer_id: str) -> sqlite3.Row:
    """Return the customer's row, with the template's columns or NULLs. Raises CardRefused."""
    rows = store.rows(
        "SELECT c.*, t.template_id, t.version, t.embedding_id, t.policy, t.enrolled_at, t.box"
        " FROM customers c LEFT JOIN templates t USING (customer_id) WHERE customer_id = ?",
        customer_id,
    )
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


def customer_from(row: sqlite3.Row) -> Customer:
    """Return what may be known of a customer without opening a seal."""
    return Customer(
        customer_id=row["customer_id"],
        card_last4=row["card_last4"],
        enrolled=row["version"] is not None,
        revoked=row["revoked"],
        has_pin=row["pin_box"] is not None,
        pin_failures=row["pin_failures"],
        face_failures=row["face_failures"],
        pin_locked=not row["pin_failures"] < PIN_FAILURES_MAX,
        face_locked=not row["face_failures"] < FACE_FAILURES_MAX,
    )
