"""What customers may draw and what is held; every change is in the caller's transaction."""

import sqlite3

from edge_atm.errors import StoreFault
from edge_atm.store import Store


def load(connection: sqlite3.Connection, customer_id: str, balance_cents: int) -> None:
    """Set what the customer may draw."""
    connection.execute(
        "INSERT INTO accounts (customer_id, balance_cents) VALUES (?1, ?2)"
        " ON CONFLICT DO UPDATE SET balance_cents = ?2",
        (customer_id, balance_cents),
    )


def available_cents(store: Store, customer_id: str) -> int:
    """Return what the customer may still draw; 0 without an account."""
    rows = store.rows("SELECT balance_cents FROM accounts WHERE customer_id = ?", customer_id)
    return int(rows[0][0]) if rows else 0


def hold(connection: sqlite3.Connection, customer_id: str, amount_cents: int) -> None:
    """Move an amount from what may be drawn to what is held. Raises StoreFault."""
    held = connection.execute(
        "UPDATE accounts SET balance_cents = balance_cents - ?1, held_cents = held_cents + ?1"
        " WHERE customer_id = ?2 AND balance_cents >= ?1",
        (amount_cents, customer_id),
    )
    if held.rowcount != 1:
        raise StoreFault("the account cannot cover the amount that was judged")


def debit(
    connection: sqlite3.Connection, customer_id: str, held_cents: int, debit_cents: int
) -> None:
    """End a hold: keep what was paid, give back the rest."""
    connection.execute(
        "UPDATE accounts SET held_cents = held_cents - ?1,"
        " balance_cents = balance_cents + ?1 - ?2 WHERE customer_id = ?3",
        (held_cents, debit_cents, customer_id),
    )
