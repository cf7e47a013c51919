"""Failed looks of one card: counted in a row, five of them close its face."""

import pytest

from edge_atm.store import Store
from edge_atm.vault.customers import Customers
from edge_atm.vault.rows import FACE_FAILURES_MAX
from tests.unit.test_vault_cards import new_card
from tests.unit.vaulted import add

CARD, OTHER_CARD = new_card(1), new_card(2)


def test_failed_faces_are_counted_in_a_row(store: Store, customers: Customers) -> None:
    customer_id = add(store, CARD)
    for failures in range(1, FACE_FAILURES_MAX + 2):
        customers.note_face(customer_id, ok=False)
        known = customers.claim(CARD)
        assert known.face_failures == failures
        assert known.face_locked == (failures >= FACE_FAILURES_MAX)
        assert not known.pin_locked
    customers.note_face(customer_id, ok=True)
    assert customers.claim(CARD).face_failures == 0
    assert not customers.claim(CARD).face_locked


@pytest.mark.parametrize("pin", [None, "1234"])
def test_loading_a_card_again_opens_its_face(
    store: Store, customers: Customers, pin: str | None
) -> None:
    customer_id = add(store, CARD, "1234")
    add(store, OTHER_CARD)
    for _ in range(FACE_FAILURES_MAX):
        customers.note_face(customer_id, ok=False)
        customers.note_face(customers.claim(OTHER_CARD).customer_id, ok=False)
    add(store, CARD, pin)
    assert not customers.claim(CARD).face_locked
    assert customers.claim(OTHER_CARD).face_locked
