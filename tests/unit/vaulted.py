"""Customers in a vault with known keys, for the tests of what is sealed for them."""

import numpy as np
import pytest

from edge_atm.errors import EdgeError
from edge_atm.records import Floats
from edge_atm.store import Store
from edge_atm.vault.customers import Customers
from edge_atm.vault.faces import Faces
from edge_atm.vault.keys import Keys
from edge_atm.vault.ring import Ring


def ring_from(first: int) -> Ring:
    master, lasting, rows = (Keys(bytes(range(at, at + 32))) for at in range(first, first + 96, 32))
    return Ring(master, lasting, rows)


RING, OTHER_RING = ring_from(0), ring_from(100)
MODEL = "model-one"
DAY = "2031-01-01T08:00:00Z"
# Each sealing rounds a face anew: .00003 of cosine on average, .0001 once in millions.
SAME = 0.9995
COLUMNS = "template_id, version, embedding_id, policy, enrolled_at, box"


def unit_vector(seed: int) -> Floats:
    vector = np.random.default_rng(seed).normal(size=512)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def add(store: Store, card: str, pin: str | None = None) -> str:
    with store.transaction() as connection:
        return Customers(store, RING).add(connection, card, pin)


def enrol(
    store: Store,
    customer_id: str,
    seed: int,
    at: str = DAY,
    name: str = "Ada",
    model: str = MODEL,
) -> int:
    with store.transaction() as connection:
        Customers(store, RING).name(connection, customer_id, name)
        return Faces(store, RING, model).enrol(connection, customer_id, unit_vector(seed), at)


def forget(store: Store, customer_id: str) -> None:
    with store.transaction() as connection:
        Customers(store, RING).forget(connection, customer_id)


def revoke(store: Store, customer_id: str, leaked: bool = False) -> None:
    with store.transaction() as connection:
        Faces(store, RING, MODEL).revoke(connection, customer_id, leaked)


def looks_like(faces: Faces, customer_id: str, seed: int) -> bool:
    """Whether the enrolled face is the vector of `seed`, but for what int8 costs."""
    with faces.opened(customer_id) as embedding:
        return float(embedding.vector @ unit_vector(seed)) >= SAME


def refused(
    faces: Faces, customer_id: str, fault: type[EdgeError], match: str | None = None
) -> None:
    with pytest.raises(fault, match=match), faces.opened(customer_id):
        pass


def change(store: Store, statement: str, *values: object) -> None:
    """Change the database as somebody does who has the file."""
    with store.transaction() as connection:
        assert connection.execute(statement, values).rowcount > 0


def row_in(store: Store, customer_id: str) -> tuple[object, ...]:
    """Return the customer's template as it is stored, but for whose it is."""
    found = store.rows(f"SELECT {COLUMNS} FROM templates WHERE customer_id = ?", customer_id)
    return tuple(found[0])


def put(store: Store, customer_id: str, row: tuple[object, ...]) -> None:
    """Put such a row in place of what is there."""
    change(
        store,
        f"INSERT OR REPLACE INTO templates (customer_id, {COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",
        customer_id,
        *row,
    )
