"""Somebody with the database but not the key: whatever they change of a habit does not open."""

import pytest

from edge_atm.errors import EdgeError, SealBroken, TemplateRevoked
from edge_atm.store import Store
from edge_atm.vault.customers import Customers
from edge_atm.vault.faces import Faces
from edge_atm.vault.habits import KeptHabits
from edge_atm.vault.proving import open_everything
from tests.unit.habitual import OTHER_CARD, agree, entries, habitual, kept, learn, row_in
from tests.unit.vaulted import RING, add, change


@pytest.fixture
def habits(store: Store) -> KeptHabits:
    return KeptHabits(store, RING)


@pytest.fixture
def known(store: Store, habits: KeptHabits) -> str:
    return habitual(store, habits)


TAMPERED = [
    "UPDATE habits SET box = zeroblob(length(box))",
    "UPDATE habits SET box = x''",
    "UPDATE habits SET box = (SELECT pin_box FROM customers)",
    "UPDATE habits SET version = version + 1",
    "UPDATE habits SET version = version + 1; UPDATE customers SET last_habit = last_habit + 1",
    "UPDATE habits SET model = 'taps-two'",
    "UPDATE customers SET last_habit = last_habit + 1",
    "UPDATE customers SET last_habit = last_habit - 1",
]


@pytest.mark.parametrize("statements", TAMPERED)
def test_what_was_changed_does_not_open(
    store: Store, habits: KeptHabits, known: str, customers: Customers, faces: Faces,
    statements: str,
) -> None:  # fmt: skip
    assert customers.verify_all(faces) == []
    assert sum(open_everything(store, RING.rows)) == 1
    for statement in statements.split("; "):
        change(store, statement)
    assert customers.verify_all(faces) == [known]
    with pytest.raises((SealBroken, TemplateRevoked)):
        list(open_everything(store, RING.rows))
    model = str(row_in(store)[2])
    with pytest.raises(EdgeError):
        kept(habits, known, model)


def test_a_habit_is_nobody_elses(store: Store, habits: KeptHabits, known: str) -> None:
    other = add(store, OTHER_CARD)
    agree(habits, other)
    learn(habits, other, entries(5, 50))
    boxes = "(SELECT box FROM habits WHERE customer_id = ?) WHERE customer_id = ?"
    change(store, f"UPDATE habits SET box = {boxes}", known, other)
    with pytest.raises(SealBroken, match=other):
        kept(habits, other)
