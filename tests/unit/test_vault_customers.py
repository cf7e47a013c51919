"""Customers: loaded, claimed by card, enrolled, listed, forgotten."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from edge_atm.errors import CardRefused, EnrolmentRefused
from edge_atm.records import Customer, Floats
from edge_atm.store import Store
from edge_atm.vault.customers import Customers
from edge_atm.vault.faces import Faces
from tests.unit.test_vault_cards import new_card
from tests.unit.vaulted import (
    DAY,
    MODEL,
    OTHER_RING,
    add,
    enrol,
    forget,
    looks_like,
    revoke,
    unit_vector,
)

CARD, OTHER_CARD = new_card(1), new_card(2)


def fresh(customer_id: str, card: str) -> Customer:
    return Customer(customer_id, card[-4:], False, False, 0, 0)


def test_a_loaded_card_is_known(store: Store, customers: Customers) -> None:
    customer_id = add(store, CARD)
    spaced = " ".join(CARD[i : i + 4] for i in range(0, 16, 4))
    assert customers.claim(spaced) == fresh(customer_id, CARD)
    assert len(bytes.fromhex(customer_id)) == 8
    with pytest.raises(CardRefused, match="not known here"):
        customers.claim(OTHER_CARD)
    with pytest.raises(CardRefused, match="not known here"):
        Customers(store, OTHER_RING).claim(CARD)


def test_loading_a_card_again_keeps_the_customer(store: Store, customers: Customers) -> None:
    customer_id = add(store, CARD, "1234")
    enrol(store, customer_id, 1)
    assert add(store, CARD) == customer_id
    known = customers.claim(CARD)
    assert known.has_pin
    assert known.enrolled
    assert add(store, OTHER_CARD) != customer_id


def test_a_load_that_fails_leaves_nothing(store: Store, customers: Customers) -> None:
    def load() -> None:
        with store.transaction() as connection:
            customers.add(connection, CARD, None)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        load()
    with pytest.raises(CardRefused):
        customers.claim(CARD)


def test_an_enrolled_face_comes_back(store: Store, customers: Customers, faces: Faces) -> None:
    customer_id = add(store, CARD)
    assert enrol(store, customer_id, 1, name=" Åsa Öberg ") == 1
    assert looks_like(faces, customer_id, 1)
    with faces.opened(customer_id) as embedding:
        assert embedding.vector.dtype == np.float32
        assert embedding.embedding_id == MODEL
    assert customers.holder_name(customer_id) == "Åsa Öberg"
    assert customers.verify_all(faces) == []


def test_enrolling_again_raises_the_version(
    store: Store, customers: Customers, faces: Faces
) -> None:
    customer_id = add(store, CARD)
    for version in (1, 2, 3):
        customers.note_face(customer_id, ok=False)
        assert enrol(store, customer_id, version, f"2031-01-0{version}") == version
        assert customers.claim(CARD).face_failures == 0
    assert looks_like(faces, customer_id, 3)


def test_listing_opens_no_seal(store: Store, customers: Customers) -> None:
    one, other = add(store, CARD), add(store, OTHER_CARD, "0000")
    enrol(store, one, 1, name="Ada")
    with store.transaction() as connection:
        # One damaged name must not hide the others.
        connection.execute("UPDATE customers SET name_box = zeroblob(99), pin_box = zeroblob(9)")
    assert customers.listing() == [
        (replace(fresh(one, CARD), enrolled=True, has_pin=True), DAY),
        (replace(fresh(other, OTHER_CARD), has_pin=True), None),
    ]


def test_a_sealed_name_does_not_tell_how_long_it_is(store: Store, customers: Customers) -> None:
    sizes = set()
    for seed, name in enumerate(("Li", "Å" * 80, "\U00020000" * 80), start=1):
        customer_id = add(store, new_card(seed))
        enrol(store, customer_id, seed, name=name)
        assert customers.holder_name(customer_id) == name
        (box,) = store.rows("SELECT name_box FROM customers WHERE customer_id = ?", customer_id)
        sizes.add(len(box["name_box"]))
    assert len(sizes) == 1


def test_forgetting_keeps_the_pseudonym_only(
    store: Store, customers: Customers, faces: Faces
) -> None:
    customer_id = add(store, CARD)
    enrol(store, customer_id, 1)
    forget(store, customer_id)
    assert customers.claim(CARD) == fresh(customer_id, CARD)
    assert customers.listing()[0][1] is None
    with pytest.raises(CardRefused, match="no enrolled face"), faces.opened(customer_id):
        pass
    with pytest.raises(CardRefused, match="no enrolled name"):
        customers.holder_name(customer_id)
    assert customers.verify_all(faces) == []


@pytest.mark.parametrize("name", ["", "  ", "A\nB", "A\x1b[2J", "\u202eA", "\ud800", "A" * 81])
def test_a_name_that_cannot_be_shown_is_refused(store: Store, name: str) -> None:
    customer_id = add(store, CARD)
    with pytest.raises(EnrolmentRefused):
        enrol(store, customer_id, 1, name=name)
    assert store.rows("SELECT * FROM templates") == []


def test_an_unknown_customer_is_refused(store: Store, customers: Customers, faces: Faces) -> None:
    calls: list[Callable[[], object]] = [
        faces.opened("nobody").__enter__,
        lambda: customers.holder_name("nobody"),
        lambda: customers.check_pin("nobody", "1234"),
        lambda: customers.note_face("nobody", ok=True),
        lambda: enrol(store, "nobody", 1),
        lambda: forget(store, "nobody"),
        lambda: revoke(store, "nobody"),
    ]
    for call in calls:
        with pytest.raises(CardRefused, match="not known here"):
            call()


@pytest.mark.parametrize(
    "vector",
    [
        unit_vector(1)[:511],
        unit_vector(1).reshape(1, 512),
        unit_vector(1) * np.float32(1.01),
        np.zeros(512, np.float32),
        np.full(512, np.nan, np.float32),
        np.full(512, np.inf, np.float32),
        np.full(512, np.finfo(np.float32).max),
        unit_vector(1).astype(np.float64),
    ],
)
def test_only_a_unit_vector_is_a_template(
    store: Store, customers: Customers, faces: Faces, vector: Floats
) -> None:
    customer_id = add(store, CARD)
    with pytest.raises(AssertionError), store.transaction() as connection:
        faces.enrol(connection, customer_id, vector, DAY)
    assert not customers.claim(CARD).enrolled
