"""Somebody with the database but not the key: whatever they change does not open."""

import pytest

from edge_atm.errors import SealBroken, TemplateRevoked
from edge_atm.store import Store
from edge_atm.vault.customers import Customers
from edge_atm.vault.faces import Faces
from tests.unit.test_vault_cards import new_card
from tests.unit.vaulted import (
    RING,
    add,
    change,
    enrol,
    forget,
    looks_like,
    put,
    refused,
    row_in,
)

CARD, OTHER_CARD = new_card(3), new_card(4)
LATER = "2031-01-02T08:00:00Z"


def test_what_opens_nowhere_else(store: Store, customers: Customers, faces: Faces) -> None:
    one, other = add(store, CARD), add(store, OTHER_CARD)
    enrol(store, one, 1)
    enrol(store, other, 2)
    (name,) = store.rows("SELECT name_box FROM customers WHERE customer_id = ?", one)
    box = row_in(store, one)[-1]
    change(store, "UPDATE templates SET box = ? WHERE customer_id = ?", box, other)
    refused(faces, other, SealBroken, other)
    change(store, "UPDATE customers SET name_box = ? WHERE customer_id = ?", name[0], other)
    with pytest.raises(SealBroken, match=other):
        customers.holder_name(other)
    assert customers.verify_all(faces) == [other]
    assert looks_like(faces, one, 1)


def test_a_whole_row_is_nobody_elses(store: Store, faces: Faces) -> None:
    one, other = add(store, CARD), add(store, OTHER_CARD)
    enrol(store, one, 1)
    row = row_in(store, one)
    change(store, "DELETE FROM templates")
    change(store, "UPDATE customers SET last_version = 1")
    put(store, other, row)
    refused(faces, other, SealBroken, other)
    put(store, one, ("moved", *row[1:]))
    refused(faces, one, SealBroken, one)


def test_swapped_pseudonyms_do_not_swap_faces(
    store: Store, customers: Customers, faces: Faces
) -> None:
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
    assert sorted(customers.verify_all(faces)) == sorted([one, other])


def test_an_older_row_is_revoked(store: Store, customers: Customers, faces: Faces) -> None:
    customer_id = add(store, CARD)
    enrol(store, customer_id, 1)
    old = row_in(store, customer_id)
    enrol(store, customer_id, 2, LATER)
    new = row_in(store, customer_id)
    put(store, customer_id, old)
    refused(faces, customer_id, TemplateRevoked, "older")
    assert customers.verify_all(faces) == [customer_id]
    # Its number alone does not make it a newer one, nor the newer one's columns.
    for mixed in (old[:1] + new[1:2] + old[2:], new[:-1] + old[-1:], old[:-1] + new[-1:]):
        put(store, customer_id, mixed)
        with pytest.raises((SealBroken, TemplateRevoked)), faces.opened(customer_id):
            pass
    put(store, customer_id, new)
    assert customers.verify_all(faces) == []


def test_a_customer_who_forgot_the_last_version_is_refused(store: Store, faces: Faces) -> None:
    customer_id = add(store, CARD)
    enrol(store, customer_id, 1)
    enrol(store, customer_id, 2, LATER)
    change(store, "UPDATE customers SET last_version = 1")
    refused(faces, customer_id, SealBroken, "newer")


def test_a_forgotten_face_does_not_come_back(store: Store, faces: Faces) -> None:
    customer_id = add(store, CARD)
    enrol(store, customer_id, 1)
    old = row_in(store, customer_id)
    forget(store, customer_id)
    assert enrol(store, customer_id, 2, LATER) == 2
    change(store, "UPDATE templates SET box = ?", old[-1])
    refused(faces, customer_id, SealBroken)
    put(store, customer_id, old)
    refused(faces, customer_id, TemplateRevoked)


TAMPERED = [
    "UPDATE templates SET box = zeroblob(length(box))",
    "UPDATE templates SET box = x''",
    "UPDATE templates SET version = version + 1",
    "UPDATE templates SET embedding_id = 'model-two'",
    "UPDATE templates SET template_id = 'another'",
    "UPDATE templates SET policy = 'another'",
    "UPDATE templates SET enrolled_at = 'another'",
    "UPDATE customers SET last_version = last_version - 1",
    "UPDATE customers SET last_version = last_version + 1",
    "UPDATE customers SET name_box = NULL",
    "UPDATE customers SET name_box = pin_box",
    "UPDATE customers SET pin_box = name_box",
    "DELETE FROM templates",
]


@pytest.mark.parametrize("statement", TAMPERED)
def test_the_doctor_finds_what_was_changed(
    store: Store, customers: Customers, faces: Faces, statement: str
) -> None:
    customer_id = add(store, CARD, "1234")
    enrol(store, customer_id, 1)
    assert customers.verify_all(faces) == []
    change(store, statement)
    assert customers.verify_all(faces) == [customer_id]


def test_another_model_asks_to_enrol_again(store: Store, faces: Faces) -> None:
    customer_id = add(store, CARD)
    enrol(store, customer_id, 1)
    refused(Faces(store, RING, "model-two"), customer_id, SealBroken, "another model; enrol again")
    change(store, "UPDATE templates SET embedding_id = 'model-two'")
    refused(faces, customer_id, SealBroken, "another model")
    refused(Faces(store, RING, "model-two"), customer_id, SealBroken, customer_id)
