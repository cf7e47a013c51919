"""Customers in a vault with a known key, for the tests of what is sealed for them."""

import numpy as np

from edge_atm.records import Floats
from edge_atm.store import Store
from edge_atm.vault.customers import Customers
from edge_atm.vault.keys import Keys

KEYS = Keys(bytes(range(32)))
MODEL = "model-one"
DAY = "2031-01-01T08:00:00Z"


def unit_vector(seed: int) -> Floats:
    vector = np.random.default_rng(seed).normal(size=512)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def add(store: Store, card: str, pin: str | None = None) -> str:
    with store.transaction() as connection:
        return Customers(store, KEYS, MODEL).add(connection, card, pin)


def enrol(store: Store, customer_id: str, seed: int, at: str = DAY, name: str = "Ada") -> int:
    with store.transaction() as connection:
        customers = Customers(store, KEYS, MODEL)
        return customers.enrol(connection, customer_id, name, unit_vector(seed), at)


def forget(store: Store, customer_id: str) -> None:
    with store.transaction() as connection:
        Customers(store, KEYS, MODEL).forget(connection, customer_id)
