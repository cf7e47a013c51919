"""Somebody with the database but not the key: whatever they change does not open."""

import numpy as np
import pytest

from edge_atm.errors import SealBroken
from edge_atm.store import Store
from edge_atm.vault.customers import Customers
from edge_atm.vault.envelope import seal
from edge_atm.vault.templates import Binding
from tests.unit.test_vault_cards import new_card
from tests.unit.vaulted import DAY, KEYS, MODEL, add, enrol, forget, unit_vector

CARD, OTHER_CARD = new_card(3), new_card(4)
LATER = "2031-01-02T08:00:00Z"


def change(store: Store, statement: str, *values: object) -> None:
    with store.transaction() as connection:
        assert connection.execute(statement, values).rowcount > 0


def test_what_opens_nowhere_else(store: Store, customers: Customers) -> None:
    one, other = add(store, CARD), add(store, OTHER_CARD)
    enrol(store, one, 1)
    enrol(store, other, 2)
    (mine,) = store.rows("SELECT * FROM templates WHERE customer_id = ?", one)
    (name,) = store.rows("SELECT name_box FROM customers WHERE customer_id = ?", one)
    change(store, "UPDATE templates SET box = ? WHERE customer_id = ?", mine["box"], other)
    with pytest.raises(SealBroken, match=other):
        customers.template(other)
    change(store, "UPDATE customers SET name_box = ? WHERE customer_id = ?", name[0], other)
    with pytest.raises(SealBroken, match=other):
        customers.holder_name(other)
    assert customers.verify_all() == [other]
    assert np.array_equal(customers.template(one).vector, unit_vector(1))


def test_swapped_pseudonyms_do_not_swap_faces(store: Store, customers: Customers) -> None:
    one, other = add(store, CARD), add(store, OTHER_CARD)
    enrol(store, one, 1)
    enrol(store, other, 2)
    for old, new in [(one, "swap"), (other, one), ("swap", other)]:
        with store.transaction() as connection:
            connection.execute("PRAGMA defer_foreign_keys = ON")
            for table in ("customers", "templates"):
                connection.execute(
                    f"UPDATE {table} SET customer_id = ? WHERE customer_id = ?", (new, old)
                )
    assert sorted(customers.verify_all()) == sorted([one, other])


def test_an_older_row_does_not_come_back(store: Store, customers: Customers) -> None:
    customer_id = add(store, CARD)
    enrol(store, customer_id, 1)
    (old,) = store.rows("SELECT version, box FROM templates")
    enrol(store, customer_id, 2, LATER)
    (new,) = store.rows("SELECT version, box FROM templates")
    for version, box in [(new[0], old[1]), (old[0], new[1]), (old[0], old[1])]:
        change(store, "UPDATE templates SET version = ?, box = ?", version, box)
        with pytest.raises(SealBroken, match=customer_id):
            customers.template(customer_id)
        assert customers.verify_all() == [customer_id]
    change(store, "UPDATE templates SET version = ?, box = ?", *new)
    assert customers.verify_all() == []


def test_a_forgotten_face_does_not_come_back(store: Store, customers: Customers) -> None:
    customer_id = add(store, CARD)
    enrol(store, customer_id, 1)
    (old,) = store.rows("SELECT box FROM templates")
    forget(store, customer_id)
    assert enrol(store, customer_id, 2, LATER) == 1
    change(store, "UPDATE templates SET box = ?", old[0])
    with pytest.raises(SealBroken):
        customers.template(customer_id)


TAMPERED = [
    "UPDATE templates SET box = zeroblob(length(box))",
    "UPDATE templates SET box = x''",
    "UPDATE templates SET version = version + 1",
    "UPDATE templates SET embedding_id = 'model-two'",
    "UPDATE customers SET enrolled_at = NULL",
    "UPDATE customers SET name_box = NULL",
    "UPDATE customers SET name_box = pin_box",
    "UPDATE customers SET pin_box = name_box",
    "DELETE FROM templates",
]


@pytest.mark.parametrize("statement", TAMPERED)
def test_the_doctor_finds_what_was_changed(
    store: Store, customers: Customers, statement: str
) -> None:
    customer_id = add(store, CARD, "1234")
    enrol(store, customer_id, 1)
    assert customers.verify_all() == []
    change(store, statement)
    assert customers.verify_all() == [customer_id]


def test_another_model_asks_to_enrol_again(store: Store, customers: Customers) -> None:
    customer_id = add(store, CARD)
    enrol(store, customer_id, 1)
    with pytest.raises(SealBroken, match="another model; enrol again"):
        Customers(store, KEYS, "model-two").template(customer_id)
    change(store, "UPDATE templates SET embedding_id = 'model-two'")
    with pytest.raises(SealBroken, match="another model"):
        customers.template(customer_id)
    with pytest.raises(SealBroken, match=customer_id):
        Customers(store, KEYS, "model-two").template(customer_id)


@pytest.mark.parametrize(
    "plain",
    [
        b"",
        unit_vector(1).tobytes()[:-1],
        unit_vector(1).tobytes() + b"\0\0\0\0",
        np.zeros(512, "<f4").tobytes(),
        np.full(512, np.nan, "<f4").tobytes(),
        unit_vector(1).astype(">f4").tobytes(),
    ],
)
def test_a_sealed_row_that_holds_no_face_is_refused(
    store: Store, customers: Customers, plain: bytes
) -> None:
    customer_id = add(store, CARD)
    enrol(store, customer_id, 1)
    binding = Binding(customer_id, 1, MODEL, DAY)
    box = seal(KEYS.derive("template", customer_id), plain, *binding.owner)
    change(store, "UPDATE templates SET box = ?", box)
    with pytest.raises(SealBroken, match="not a face template"):
        customers.template(customer_id)
