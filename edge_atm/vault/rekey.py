"""New keys for what is sealed, without the customers: one commit, so all are old or all are new."""

import sqlite3
from collections.abc import Callable

from edge_atm.store import Store
from edge_atm.vault.faces import binding_of, open_rows, put_next
from edge_atm.vault.habits import reseal_habit
from edge_atm.vault.names import reseal_name
from edge_atm.vault.pins import reseal_pin
from edge_atm.vault.ring import Ring, seal_ring
from edge_atm.vault.rows import sealed_habits, sealed_rows

Done = Callable[[int], object]


def reissue_all(
    connection: sqlite3.Connection, store: Store, ring: Ring, to: Ring, done: Done
) -> int:
    """Seal faces and habits as their next versions, under `to`'s rows; return how many faces.

    Those of every model, as they are. In the caller's commit. `done` is told how many more faces
    are sealed. Raises SealBroken, TemplateRevoked for a row that does not open: nothing changes.
    """
    count = 0
    for rows in sealed_rows(store):
        put_next(connection, to.rows, open_rows(ring.rows, rows), [binding_of(row) for row in rows])
        count += len(rows)
        done(len(rows))
    for rows in sealed_habits(store):
        for row in rows:
            reseal_habit(connection, ring.rows, to.rows, row)
    return count


def rotate(connection: sqlite3.Connection, store: Store, ring: Ring, to: Ring, done: Done) -> int:
    """Seal faces, habits, names, PINs under the rows' keys of `to`, and `to`; as `reissue_all`.

    The escrow stays as it is: it is sealed to the bank, and shows the same faces. With the commit
    `to` takes the place of `ring`, which then opens nothing.
    """
    count = reissue_all(connection, store, ring, to, done)
    rows = store.rows("SELECT customer_id, name_box, pin_box FROM customers")
    connection.executemany(
        "UPDATE customers SET name_box = ?, pin_box = ? WHERE customer_id = ?",
        [
            (
                _resealed(reseal_name, ring, to, row["customer_id"], row["name_box"]),
                _resealed(reseal_pin, ring, to, row["customer_id"], row["pin_box"]),
                row["customer_id"],
            )
            for row in rows
        ],
    )
    connection.execute("UPDATE vault SET ring = ?", (seal_ring(to),))
    return count


def _resealed(
    reseal: Callable[..., bytes], ring: Ring, to: Ring, customer_id: str, box: bytes | None
) -> bytes | None:
    return None if box is None else reseal(ring.rows, to.rows, customer_id, box)
