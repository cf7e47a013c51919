"""The ring of keys in the database: under one master key, and changed by nobody else."""

from dataclasses import replace
from pathlib import Path

import pytest

from edge_atm.errors import KeyFault, SealBroken
from edge_atm.store import Store
from edge_atm.vault.keys import Keys
from edge_atm.vault.ring import Ring, open_ring, ring_of, seal_ring
from tests.unit.vaulted import OTHER_RING, RING

PURPOSE = "anything"


def roots(ring: Ring) -> list[bytes]:
    return [keys.derive(PURPOSE) for keys in (ring.master, ring.lasting, ring.rows)]


def test_a_ring_comes_back_under_its_master_key_alone() -> None:
    ring = replace(RING, other_cards=(bytes(32), bytes([7] * 32)))
    opened = open_ring(RING.master, seal_ring(ring))
    assert roots(opened) == roots(ring)
    assert opened.other_cards == ring.other_cards
    with pytest.raises(SealBroken):
        open_ring(OTHER_RING.master, seal_ring(ring))


def test_the_sealed_ring_shows_no_root() -> None:
    sealed = seal_ring(RING)
    for keys in (RING.master, RING.lasting, RING.rows):
        assert keys.exposed() not in sealed


def test_a_ring_never_shows_a_key() -> None:
    ring = replace(RING, other_cards=(b"card keys of the unit before it.",))
    for held in (ring.lasting.exposed(), ring.rows.exposed(), *ring.other_cards):
        assert repr(held)[2:-1] not in repr(ring)


def test_a_renewed_ring_keeps_what_lasts() -> None:
    for master in (None, OTHER_RING.master):
        renewed = RING.renewed(master)
        assert renewed.lasting.derive(PURPOSE) == RING.lasting.derive(PURPOSE)
        assert renewed.rows.derive(PURPOSE) != RING.rows.derive(PURPOSE)
        assert renewed.master is (master or RING.master)


def test_a_wiped_ring_derives_nothing() -> None:
    ring = Ring(Keys.new(), Keys.new(), Keys.new())
    ring.wipe()
    for keys in (ring.master, ring.lasting, ring.rows):
        with pytest.raises(AssertionError, match="wiped"):
            keys.derive(PURPOSE)
        with pytest.raises(AssertionError, match="wiped"):
            keys.exposed()


def test_a_database_of_another_key_is_a_sentence(tmp_path: Path) -> None:
    store = Store(tmp_path / "unit.sqlite")
    made = ring_of(store, RING.master, new=True)
    for new in (False, True):
        assert roots(ring_of(store, RING.master, new)) == roots(made)
        with pytest.raises(KeyFault, match="another master key"):
            ring_of(store, OTHER_RING.master, new)
    for removal in ("SELECT 1", "DELETE FROM vault"):
        with store.transaction() as connection:
            connection.execute(removal)
        with pytest.raises(KeyFault, match="another master key"):
            ring_of(store, OTHER_RING.master, new=False)
