"""How customers are read from the database, still sealed."""

import sqlite3

from edge_atm.errors import CardRefused
from edge_atm.records import Customer
from edge_atm.store import Store

# Three tries are what card holders know from any cash machine.
PIN_FAILURES_MAX = 3
# NIST SP 800-63B-4 allows five failed biometric tries before it asks for another factor.
FACE_FAILURES_MAX = 5


def row_of(store: Store, customer_id: str) -> sqlite3.Row:
    """Return the customer's row, with the template's columns or NULLs. Raises CardRefused."""
    rows = store.rows(
        "SELECT c.*, t.version, t.embedding_id, t.box FROM customers c"
        " LEFT JOIN templates t USING (customer_id) WHERE customer_id = ?",
        customer_id,
    )
    if not rows:
        raise CardRefused(
            "this customer is not known here", "`edge-atm customers` lists those who are."
        )
    return rows[0]


def id_of_card(store: Store, hashed: bytes) -> str | None:
    """Return the customer_id behind a card's keyed hash, None when there is none."""
    rows = store.rows("SELECT customer_id FROM customers WHERE card_hash = ?", hashed)
    return str(rows[0]["customer_id"]) if rows else None


def all_ids(store: Store) -> list[str]:
    """Return every customer_id, the first loaded first."""
    return [row["customer_id"] for row in store.rows("SELECT * FROM customers ORDER BY rowid")]


def customer_from(row: sqlite3.Row) -> Customer:
    """Return what may be known of a customer without opening a seal."""
    return Customer(
        customer_id=row["customer_id"],
        card_last4=row["card_last4"],
        enrolled=row["version"] is not None,
        has_pin=row["pin_box"] is not None,
        pin_failures=row["pin_failures"],
        face_failures=row["face_failures"],
        pin_locked=not row["pin_failures"] < PIN_FAILURES_MAX,
        face_locked=not row["face_failures"] < FACE_FAILURES_MAX,
    )
