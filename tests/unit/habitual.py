"""Customers whose habit of tapping is learnt, for the tests of what is sealed of it."""

import numpy as np

from edge_atm.records import Floats
from edge_atm.store import Store
from edge_atm.vault.habits import KeptHabits
from tests.unit.test_vault_cards import new_card
from tests.unit.vaulted import add, change, enrol

CARD, OTHER_CARD = new_card(3), new_card(4)
TOLD, OTHER = "taps-one", "taps-two"
KEEP, WIDTH = 20, 7


def entries(count: int, first: int = 0, width: int = WIDTH) -> Floats:
    rows = [np.random.default_rng(first + n).normal(size=width) for n in range(count)]
    return np.array(rows, np.float32)


def agree(habits: KeptHabits, customer_id: str, band: str | None = None) -> None:
    with habits.store.transaction() as connection:
        habits.agree(connection, customer_id, band)


def learn(habits: KeptHabits, customer_id: str, fresh: Floats, model: str = TOLD) -> int:
    with habits.store.transaction() as connection:
        return habits.learn(connection, customer_id, model, list(fresh), KEEP)


def revoke(habits: KeptHabits, customer_id: str, leaked: bool = False) -> bool:
    with habits.store.transaction() as connection:
        return habits.revoke(connection, customer_id, leaked)


def kept(habits: KeptHabits, customer_id: str, model: str = TOLD) -> Floats:
    with habits.opened(customer_id, model) as found:
        return found.copy()


def row_in(store: Store) -> tuple[object, ...]:
    return tuple(store.rows("SELECT * FROM habits")[0])


def put(store: Store, row: tuple[object, ...]) -> None:
    change(store, "INSERT OR REPLACE INTO habits VALUES (?, ?, ?, ?)", *row)


def habitual(store: Store, habits: KeptHabits) -> str:
    """Return a customer with a face, a PIN and five learnt entries."""
    customer_id = add(store, CARD, "1234")
    enrol(store, customer_id, 1)
    agree(habits, customer_id)
    assert learn(habits, customer_id, entries(5)) == 5
    return customer_id
