"""Whom a new unit takes over from another's escrow, and whom it does not bring back."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from edge_atm.cash import balances
from edge_atm.errors import ConfigError, EnrolmentRefused, SealBroken
from edge_atm.store import Store
from edge_atm.vault.age import new_identity, public_half, seal_to
from edge_atm.vault.customers import Customers
from edge_atm.vault.escrow import Escrow
from edge_atm.vault.faces import Faces
from edge_atm.vault.refill import opened
from edge_atm.vault.ring import open_ring
from tests.rig.customer import made_up_card
from tests.unit.refilling import (
    AT,
    BANK_KEYS,
    UNIT_ID,
    copies_of,
    enrol,
    journal_of,
    opened_store,
    refill,
)  # fmt: skip
from tests.unit.vaulted import MODEL, OTHER_RING, RING, looks_like, unit_vector

CARD, SECOND = made_up_card(1), made_up_card(2)


@pytest.fixture
def new(tmp_path: Path) -> Iterator[Store]:
    store = opened_store(tmp_path / "new.db", OTHER_RING)
    yield store
    store.close()


def claimed(store: Store, card: str = CARD) -> str:
    """Return the customer of a typed card, with the ring that the database holds."""
    ring = open_ring(OTHER_RING.master, store.rows("SELECT ring FROM vault")[0][0])
    return Customers(store, ring).claim(card).customer_id


def test_a_taken_over_customer_is_found_by_the_typed_card(store: Store, new: Store) -> None:
    customer_id = enrol(store, CARD, 1)
    assert refill(new, OTHER_RING, copies_of(store)) == [True]
    assert claimed(new) == customer_id
    assert looks_like(Faces(new, OTHER_RING, MODEL), customer_id, 1)
    assert Customers(new, OTHER_RING).holder_name(customer_id) == "Ada"
    entry = journal_of(new, OTHER_RING).entries(last=1)[0]
    assert entry.detail == {
        "customer": customer_id, "version": 1, "unit": UNIT_ID, "enrolled_at": AT, "consent": True
    }  # fmt: skip


def test_what_is_older_or_gone_here_is_not_brought_back(store: Store, new: Store) -> None:
    customer_id = enrol(store, CARD, 1)
    first = copies_of(store)
    enrol(store, CARD, 2)
    second = copies_of(store)
    assert refill(new, OTHER_RING, first) == [True]
    assert refill(new, OTHER_RING, first) == [False]
    assert refill(new, OTHER_RING, second) == [True]
    assert refill(new, OTHER_RING, first) == refill(new, OTHER_RING, second) == [False]
    faces = Faces(new, OTHER_RING, MODEL)
    assert looks_like(faces, customer_id, 2)
    with new.transaction() as connection:
        faces.revoke(connection, customer_id, leaked=True)
    third = [replace(second[0], version=9)]
    assert refill(new, OTHER_RING, second) == refill(new, OTHER_RING, third) == [False]
    with pytest.raises(EnrolmentRefused), new.transaction() as connection:
        faces.enrol(connection, customer_id, unit_vector(1), AT)


def test_a_card_or_a_pseudonym_never_changes_its_owner(store: Store, new: Store) -> None:
    enrol(store, CARD, 1)
    held = copies_of(store)
    refill(new, OTHER_RING, held)
    with pytest.raises(SealBroken, match="is here with another card"):
        refill(new, OTHER_RING, [replace(held[0], version=2, card_hash=bytes(32))])
    with pytest.raises(SealBroken, match="the card is another's here"):
        refill(new, OTHER_RING, [replace(held[0], customer_id="0" * 16)])


def test_accounts_that_were_loaded_before_refuse_all(store: Store, new: Store) -> None:
    enrol(store, CARD, 1)
    held = copies_of(store)
    with new.transaction() as connection:
        balances.load(connection, Customers(new, OTHER_RING).add(connection, SECOND, None), 1)
    with pytest.raises(ConfigError, match="accounts were loaded into this unit already") as caught:
        refill(new, OTHER_RING, held)
    assert "before its accounts" in caught.value.hint
    assert open_ring(OTHER_RING.master, new.rows("SELECT ring FROM vault")[0][0]).other_cards == ()


def test_a_unit_takes_over_one_other_and_hands_on_what_it_took(store: Store, new: Store) -> None:
    customer_id = enrol(store, CARD, 1)
    escrow = Escrow(new, OTHER_RING, "atm-002", BANK_KEYS)
    refill(new, OTHER_RING, copies_of(store), escrow)
    (handed_on,) = copies_of(new, OTHER_RING)
    assert (handed_on.unit_id, handed_on.customer_id) == ("atm-002", customer_id)
    assert set(copies_of(store)[0].card_keys) < set(handed_on.card_keys)
    third = [replace(handed_on, card_keys=(bytes(32),))]
    ring = open_ring(OTHER_RING.master, new.rows("SELECT ring FROM vault")[0][0])
    with pytest.raises(ConfigError, match="another unit's customers before"):
        refill(new, ring, third)


def test_of_itself_a_restored_unit_takes_who_came_after_its_backup(
    store: Store, tmp_path: Path
) -> None:
    enrol(store, CARD, 1)
    restored = opened_store(tmp_path / "restored.db", RING)
    with restored.transaction() as connection:
        balances.load(connection, Customers(restored, RING).add(connection, SECOND, None), 1)
    assert refill(restored, RING, copies_of(store)) == [True]


@pytest.mark.parametrize("plain", [b"", b"half a line", b"a line\nand a half"])
def test_a_file_ends_with_a_whole_line(tmp_path: Path, plain: bytes) -> None:
    identity = new_identity()
    (tmp_path / "fill.age").write_bytes(seal_to([public_half(identity)], plain))
    with pytest.raises(SealBroken, match="holds no whole line at its end"):
        opened(tmp_path / "fill.age", identity)
