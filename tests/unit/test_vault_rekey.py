"""New keys for all rows at once: the same faces, names and PINs, and no old key opens any."""

import pytest

from edge_atm.errors import CardRefused, EdgeError, KeyFault, SealBroken, TemplateRevoked
from edge_atm.store import Store
from edge_atm.vault import rekey, rows
from edge_atm.vault.customers import Customers
from edge_atm.vault.faces import Faces
from edge_atm.vault.keys import Keys
from edge_atm.vault.ring import Ring, ring_of, seal_ring
from tests.unit.test_vault_cards import new_card
from tests.unit.vaulted import (
    MODEL,
    OTHER_RING,
    RING,
    add,
    change,
    enrol,
    looks_like,
    put,
    refused,
    revoke,
    row_in,
)

CARDS = [new_card(seed) for seed in range(40, 47)]
PIN, OLD_MODEL = "4711", "model-old"


@pytest.fixture
def known(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Seven customers: five enrolled, one by another model, one not."""
    monkeypatch.setattr(rows, "BATCH", 2)
    with store.transaction() as connection:
        connection.execute("INSERT INTO vault (id, ring) VALUES (1, ?)", (seal_ring(RING),))
    customers = [add(store, card, PIN if place < 2 else None) for place, card in enumerate(CARDS)]
    for seed, customer_id in enumerate(customers[:6]):
        enrol(store, customer_id, seed, name=f"N{seed}", model=MODEL if seed < 5 else OLD_MODEL)
    return customers


def rotate(store: Store, to: Ring) -> list[int]:
    told: list[int] = []
    with store.transaction() as connection:
        assert rekey.rotate(connection, store, RING, to, told.append) == sum(told)
    return told


def snapshot(store: Store) -> list[tuple[object, ...]]:
    return [
        tuple(row)
        for table in ("vault", "customers", "templates")
        for row in store.rows(f"SELECT * FROM {table} ORDER BY rowid")
    ]


@pytest.mark.parametrize("master", [None, OTHER_RING.master])
def test_rotating_keeps_faces_names_and_pins(
    store: Store, known: list[str], master: Keys | None
) -> None:
    assert rotate(store, RING.renewed(master)) == [2, 2, 2]
    ring = ring_of(store, master or RING.master, new=False)
    customers, faces = Customers(store, ring), Faces(store, ring, MODEL)
    assert customers.verify_all(faces) == known[5:6]
    for seed, customer_id in enumerate(known[:6]):
        assert customers.claim(CARDS[seed]).customer_id == customer_id
        assert customers.holder_name(customer_id) == f"N{seed}"
        assert row_in(store, customer_id)[1] == 2
        model = Faces(store, ring, MODEL if seed < 5 else OLD_MODEL)
        assert looks_like(model, customer_id, seed)
    assert customers.check_pin(known[0], PIN)
    assert not customers.check_pin(known[1], PIN + "0")
    assert not customers.claim(CARDS[6]).enrolled


def test_after_rotating_the_old_keys_open_nothing(store: Store, known: list[str]) -> None:
    old = row_in(store, known[0])
    rotate(store, RING.renewed(OTHER_RING.master))
    with pytest.raises(KeyFault, match="another master key"):
        ring_of(store, RING.master, new=False)
    for customer_id in known[:5]:
        refused(Faces(store, RING, MODEL), customer_id, SealBroken)
    with pytest.raises(SealBroken):
        Customers(store, RING).holder_name(known[0])
    with pytest.raises(SealBroken):
        Customers(store, RING).check_pin(known[0], PIN)
    put(store, known[0], old)
    ring = ring_of(store, OTHER_RING.master, new=False)
    refused(Faces(store, ring, MODEL), known[0], TemplateRevoked, "older")


def test_reissuing_all_changes_every_template_and_nothing_else(
    store: Store, known: list[str], faces: Faces, customers: Customers
) -> None:
    before, ring = {who: row_in(store, who) for who in known[:6]}, store.rows("SELECT * FROM vault")
    with store.transaction() as connection:
        assert rekey.reissue_all(connection, store, RING, RING, lambda _: None) == 6
    for seed, customer_id in enumerate(known[:5]):
        old, new = before[customer_id], row_in(store, customer_id)
        assert old[2:5] == new[2:5]
        assert (old[0], old[5]) != (new[0], new[5])
        assert new[1] == 2
        assert looks_like(faces, customer_id, seed)
        put(store, customer_id, old)
        refused(faces, customer_id, TemplateRevoked, "older")
    assert store.rows("SELECT * FROM vault") == ring
    assert customers.holder_name(known[0]) == "N0"


def test_one_customer_is_reissued_alone(store: Store, known: list[str], faces: Faces) -> None:
    others = [row_in(store, who) for who in known[1:6]]
    with store.transaction() as connection:
        assert faces.reissue(connection, known[0]) == 2
        # Also a face of a model that the unit has not: it is sealed anew as it is.
        assert faces.reissue(connection, known[5]) == 2
    assert looks_like(faces, known[0], 0)
    assert looks_like(Faces(store, RING, OLD_MODEL), known[5], 5)
    assert [row_in(store, who) for who in known[1:5]] == others[:4]
    with pytest.raises(CardRefused, match="no enrolled face"), store.transaction() as connection:
        faces.reissue(connection, known[6])
    revoke(store, known[0])
    with pytest.raises(TemplateRevoked), store.transaction() as connection:
        faces.reissue(connection, known[0])


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE templates SET box = zeroblob(1100) WHERE customer_id = ?",
        "UPDATE templates SET version = 0 + 1, enrolled_at = 'x' WHERE customer_id = ?",
        "UPDATE customers SET last_version = 9 WHERE customer_id = ?",
        "UPDATE customers SET name_box = zeroblob(60) WHERE customer_id = ?",
        "UPDATE customers SET pin_box = zeroblob(90) WHERE customer_id = ?",
    ],
)
def test_one_row_that_does_not_open_leaves_all_as_they_were(
    store: Store, known: list[str], damage: str
) -> None:
    change(store, damage, known[3])
    before = snapshot(store)
    with pytest.raises(EdgeError):
        rotate(store, RING.renewed())
    assert snapshot(store) == before


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_what_fails_between_two_batches_leaves_all_as_they_were(
    store: Store, known: list[str], batch: int
) -> None:
    told: list[int] = []

    def fail(count: int) -> None:
        told.append(count)
        if len(told) == batch:
            raise ZeroDivisionError

    before = snapshot(store)
    with pytest.raises(ZeroDivisionError), store.transaction() as connection:
        rekey.rotate(connection, store, RING, RING.renewed(), fail)
    assert snapshot(store) == before
    assert ring_of(store, RING.master, new=False).rows.exposed() == RING.rows.exposed()
