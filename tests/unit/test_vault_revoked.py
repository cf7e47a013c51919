"""A face that was revoked says so, and nothing brings it back but a new enrolment."""

import numpy as np
import pytest

from edge_atm.errors import CardRefused, EnrolmentRefused, TemplateRevoked
from edge_atm.records import Floats
from edge_atm.store import Store
from edge_atm.vault.customers import Customers
from edge_atm.vault.faces import Faces
from edge_atm.vault.rotation import SIGN_BYTES, rotate_back, signs_from
from tests.unit.test_vault_cards import new_card
from tests.unit.vaulted import (
    MODEL,
    RING,
    add,
    change,
    enrol,
    forget,
    looks_like,
    put,
    refused,
    revoke,
    row_in,
    unit_vector,
)

CARD, OTHER_CARD = new_card(3), new_card(4)
OTHER_MODEL = "model-two"


@pytest.fixture
def customer_id(store: Store) -> str:
    known = add(store, CARD, "1234")
    enrol(store, known, 1)
    return known


@pytest.mark.parametrize(("leaked", "word"), [(False, "revoked"), (True, "leaked")])
def test_a_revoked_face_says_so(
    store: Store, customers: Customers, faces: Faces, customer_id: str, leaked: bool, word: str
) -> None:
    old = row_in(store, customer_id)
    change(store, "INSERT INTO escrow VALUES (?, 1, x'00')", customer_id)
    revoke(store, customer_id, leaked)
    known = customers.claim(CARD)
    assert (known.enrolled, known.revoked, known.has_pin) == (False, word, True)
    assert customers.check_pin(customer_id, "1234")
    refused(faces, customer_id, TemplateRevoked, word)
    assert store.rows("SELECT 1 FROM escrow UNION SELECT 1 FROM templates") == []
    assert customers.verify_all(faces) == []
    put(store, customer_id, old)
    refused(faces, customer_id, TemplateRevoked, word)
    with pytest.raises(TemplateRevoked):
        list(faces.batches())


def test_only_the_claimed_face_is_revoked(store: Store, faces: Faces, customer_id: str) -> None:
    other = add(store, OTHER_CARD)
    enrol(store, other, 2)
    revoke(store, customer_id)
    assert looks_like(faces, other, 2)


def test_enrolling_again_ends_it(store: Store, customers: Customers, faces: Faces) -> None:
    customer_id = add(store, CARD)
    enrol(store, customer_id, 1)
    old = row_in(store, customer_id)
    revoke(store, customer_id)
    assert enrol(store, customer_id, 2) == 2
    assert customers.claim(CARD).revoked is None
    assert looks_like(faces, customer_id, 2)
    put(store, customer_id, old)
    refused(faces, customer_id, TemplateRevoked, "older")


@pytest.mark.parametrize("forgotten", [False, True])
def test_a_leaked_face_needs_another_model(
    store: Store, customers: Customers, customer_id: str, forgotten: bool
) -> None:
    revoke(store, customer_id, leaked=True)
    if forgotten:
        forget(store, customer_id)
        assert customers.claim(CARD).revoked == "leaked"
    with pytest.raises(EnrolmentRefused, match="leaked"):
        enrol(store, customer_id, 1)
    assert not customers.claim(CARD).enrolled
    assert enrol(store, customer_id, 1, model=OTHER_MODEL) == 2
    assert customers.claim(CARD).revoked is None
    assert looks_like(Faces(store, RING, OTHER_MODEL), customer_id, 1)


@pytest.mark.parametrize("gone", [revoke, forget])
def test_what_is_gone_may_still_have_leaked(
    store: Store, customers: Customers, customer_id: str, gone: object
) -> None:
    assert callable(gone)
    gone(store, customer_id)
    revoke(store, customer_id, leaked=True)
    assert customers.claim(CARD).revoked == "leaked"
    with pytest.raises(EnrolmentRefused, match="leaked"):
        enrol(store, customer_id, 1)


def test_nothing_to_revoke_is_said(store: Store, customers: Customers, customer_id: str) -> None:
    never = add(store, OTHER_CARD)
    with pytest.raises(CardRefused, match="no enrolled face"):
        revoke(store, never)
    revoke(store, customer_id, leaked=True)
    # The graver word is not taken back.
    with pytest.raises(CardRefused, match="no enrolled face"):
        revoke(store, customer_id)
    assert customers.claim(CARD).revoked == "leaked"


def test_a_face_that_leaked_elsewhere_is_never_enrolled_here(
    store: Store, customers: Customers
) -> None:
    # A unit that was filled from another's escrow: who was revoked there is not in it.
    never = add(store, OTHER_CARD)
    revoke(store, never, leaked=True)
    assert customers.claim(OTHER_CARD).revoked == "leaked"
    with pytest.raises(EnrolmentRefused, match="leaked"):
        enrol(store, never, 1)


def test_a_face_that_int8_keeps_badly_is_sealed(
    store: Store, faces: Faces, customer_id: str
) -> None:
    # One large part makes coarse steps for all others: of real faces one in millions.
    (row,) = store.rows("SELECT template_id FROM templates")
    stream = RING.rows.stream(SIGN_BYTES, "template rotation", customer_id, row["template_id"])
    spiked = unit_vector(3)
    spiked[7] = 0.4
    turned = rotate_back(spiked[np.newaxis] / np.linalg.norm(spiked), signs_from(stream))[0]
    with store.transaction() as connection:
        faces.adapt(connection, customer_id, turned)
    with faces.opened(customer_id) as embedding:
        assert 0.999 < embedding.vector @ turned < 0.9999


def test_an_adapted_face_is_the_next_version(store: Store, faces: Faces, customer_id: str) -> None:
    old = row_in(store, customer_id)
    with store.transaction() as connection:
        assert faces.adapt(connection, customer_id, unit_vector(9)) == 2
    assert looks_like(faces, customer_id, 9)
    with faces.pair(customer_id) as pair:
        assert pair[0] @ unit_vector(1) >= 0.9999
    put(store, customer_id, old)
    refused(faces, customer_id, TemplateRevoked, "older")


def test_adapting_does_not_wear_the_enrolled_face_away(
    store: Store, faces: Faces, customer_id: str
) -> None:
    def enrolled() -> Floats:
        with faces.pair(customer_id) as pair:
            return np.array(pair[0])

    before = enrolled()
    boxes = set()
    for seed in range(40):
        with store.transaction() as connection:
            faces.adapt(connection, customer_id, unit_vector(seed))
        boxes.add(row_in(store, customer_id)[-1])
    assert np.abs(enrolled() - before).max() < 1e-6
    assert len(boxes) == 40


def test_batches_hold_the_faces_of_one_model(store: Store, faces: Faces) -> None:
    cards = [new_card(seed) for seed in range(20, 26)]
    known = [add(store, card) for card in cards]
    for seed, customer_id in enumerate(known):
        enrol(store, customer_id, seed, model=MODEL if seed else OTHER_MODEL)
    found = {
        customer_id: row.copy()
        for ids, batch in faces.batches()
        for customer_id, row in zip(ids, batch, strict=True)
    }
    assert set(found) == set(known[1:])
    for seed, customer_id in list(enumerate(known))[1:]:
        assert np.dot(found[customer_id], unit_vector(seed)) >= 0.9999
