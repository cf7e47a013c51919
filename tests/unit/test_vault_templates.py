"""A stored row as it lies on the disk: every byte of it is bound."""

from collections.abc import Callable

import numpy as np
import pytest

from edge_atm.errors import CardRefused, KeyFault, SealBroken, TemplateRevoked
from edge_atm.store import Store
from edge_atm.vault.customers import Customers
from edge_atm.vault.envelope import seal, unseal
from edge_atm.vault.faces import Faces
from edge_atm.vault.pins import open_pin
from edge_atm.vault.ring import ring_of
from edge_atm.vault.templates import (
    POLICY,
    Binding,
    open_template,
    open_templates,
    seal_template,
    seal_templates,
)
from tests.unit.test_vault_cards import new_card
from tests.unit.vaulted import (
    COLUMNS,
    DAY,
    MODEL,
    RING,
    SAME,
    add,
    change,
    enrol,
    looks_like,
    refused,
    row_in,
    unit_vector,
)

CARD, OTHER_CARD = new_card(3), new_card(4)
PIN = "918273"


def flips(value: object) -> list[bytes | str | int]:
    """Return `value` with each byte changed once: all bits of a byte in turn, text as text."""
    if isinstance(value, int):
        return [value ^ 1 << bit for bit in range(63)]
    raw = value.encode() if isinstance(value, str) else value
    assert isinstance(raw, bytes)
    found: list[bytes | str | int] = []
    for place in range(len(raw)):
        # Seven bits: what was ASCII text stays text.
        changed = raw[:place] + bytes([raw[place] ^ 1 << place % 7]) + raw[place + 1 :]
        found.append(changed.decode() if isinstance(value, str) else changed)
    return found


@pytest.fixture
def customer_id(store: Store) -> str:
    known = add(store, CARD, PIN)
    # Version 3: no single changed bit of it is a version that the table refuses by itself.
    for _ in range(3):
        enrol(store, known, 1)
    return known


def refused_if_changed(
    store: Store, table: str, column: str, reading: Callable[[], object]
) -> None:
    """Change each byte of the only row's `column`, and read."""
    value = store.rows(f"SELECT {column} FROM {table}")[0][0]
    changed = flips(value)
    assert len(changed) >= len(MODEL)
    put = f"UPDATE {table} SET {column} = ?"
    with store.transaction() as connection:
        connection.execute("PRAGMA defer_foreign_keys = ON")
        for other in changed:
            connection.execute(put, (other,))
            with pytest.raises((SealBroken, TemplateRevoked, CardRefused, KeyFault)):
                reading()
        connection.execute(put, (value,))
    reading()


@pytest.mark.parametrize("column", ["customer_id", *COLUMNS.split(", ")])
def test_every_changed_byte_of_a_template_is_refused(
    store: Store, faces: Faces, customer_id: str, column: str
) -> None:
    refused_if_changed(store, "templates", column, lambda: looks_like(faces, customer_id, 1))


def test_every_changed_byte_of_a_name_is_refused(
    store: Store, customers: Customers, customer_id: str
) -> None:
    refused_if_changed(store, "customers", "name_box", lambda: customers.holder_name(customer_id))


def test_every_changed_byte_of_a_pin_is_refused(store: Store, customer_id: str) -> None:
    def read() -> None:
        open_pin(RING.rows, customer_id, store.rows("SELECT pin_box FROM customers")[0][0])

    refused_if_changed(store, "customers", "pin_box", read)


def test_every_changed_byte_of_the_ring_is_refused(store: Store) -> None:
    ring_of(store, RING.master, new=True)
    refused_if_changed(store, "vault", "ring", lambda: ring_of(store, RING.master, new=False))


def test_every_cut_of_a_template_is_refused(store: Store, faces: Faces, customer_id: str) -> None:
    box = row_in(store, customer_id)[-1]
    assert isinstance(box, bytes)
    for size in range(0, len(box), 31):
        change(store, "UPDATE templates SET box = ?", box[:size])
        refused(faces, customer_id, SealBroken)


@pytest.mark.parametrize(
    "plain",
    [
        b"",
        bytes(1023),
        bytes(1024),
        bytes(512) + bytes([1] * 512),
        bytes([1] * 512) + bytes(512),
        bytes(1025),
        unit_vector(1).tobytes(),
    ],
)
def test_a_sealed_row_that_holds_no_face_is_refused(
    store: Store, faces: Faces, customer_id: str, plain: bytes
) -> None:
    template_id, *_ = row_in(store, customer_id)
    binding = Binding(customer_id, str(template_id), 3, MODEL, POLICY, DAY)
    key = RING.rows.derive("template", *binding.owner[:4])
    change(store, "UPDATE templates SET box = ?", seal(key, plain, *binding.owner))
    refused(faces, customer_id, SealBroken, "not a face template")


def test_one_row_among_many_that_does_not_open_refuses_all() -> None:
    bindings = [Binding("c", f"t{number}", 1, MODEL, POLICY, DAY) for number in range(5)]
    pairs = np.stack([[unit_vector(2 * n), unit_vector(2 * n + 1)] for n in range(5)])
    boxes = seal_templates(RING.rows, pairs, bindings)
    opened = open_templates(RING.rows, boxes, bindings)
    assert (np.sum(opened * pairs, axis=2) >= SAME).all()
    assert np.allclose(opened[3], open_template(RING.rows, boxes[3], bindings[3]))
    boxes[3] = seal_template(RING.rows, pairs[3], bindings[2])
    with pytest.raises(SealBroken):
        open_templates(RING.rows, boxes, bindings)


def test_two_templates_of_one_face_look_unrelated() -> None:
    pair = np.stack([unit_vector(1), unit_vector(1)])
    turned = []
    for template_id in ("one", "other"):
        binding = Binding("c", template_id, 1, MODEL, POLICY, DAY)
        box = seal_template(RING.rows, pair, binding)
        plain = unseal(RING.rows.derive("template", *binding.owner[:4]), box, *binding.owner)
        turned.append(np.frombuffer(plain, np.int8).astype(np.float32)[:512])
    one, other = (vector / np.linalg.norm(vector) for vector in turned)
    assert abs(one @ other) < 0.31
    assert abs(one @ unit_vector(1)) < 0.31


def test_what_is_lent_is_overwritten(store: Store, faces: Faces, customer_id: str) -> None:
    enrol(store, add(store, OTHER_CARD), 2)
    with faces.opened(customer_id) as embedding, faces.pair(customer_id) as pair:
        assert embedding.vector.any()
        assert pair.any()
    kept = [batch for _, batch in faces.batches()]
    assert [len(batch) for batch in kept] == [2]
    for lent in (embedding.vector, pair, *kept):
        assert not np.any(lent)
    for batch in kept:
        # The other half of each row as well.
        assert batch.base is not None
        assert not np.any(batch.base)
