"""A habit is sealed and revocable like a face: in every case that the vault knows."""

from pathlib import Path

import numpy as np
import pytest

from edge_atm.errors import CardRefused, SealBroken, TemplateRevoked
from edge_atm.store import DATABASE, Store
from edge_atm.vault import rekey
from edge_atm.vault.habits import KeptHabits
from edge_atm.vault.ring import open_ring, seal_ring
from tests.unit import backed_up
from tests.unit.habitual import (
    CARD,
    KEEP,
    OTHER,
    OTHER_CARD,
    TOLD,
    WIDTH,
    agree,
    entries,
    habitual,
    kept,
    learn,
    put,
    revoke,
    row_in,
)  # fmt: skip
from tests.unit.refilling import enrol, opened_store
from tests.unit.vaulted import OTHER_RING, RING, add, change, forget


@pytest.fixture
def habits(store: Store) -> KeptHabits:
    return KeptHabits(store, RING)


@pytest.fixture
def known(store: Store, habits: KeptHabits) -> str:
    return habitual(store, habits)


def test_the_newest_entries_are_kept_as_they_were(habits: KeptHabits, known: str) -> None:
    assert np.array_equal(kept(habits, known), entries(5))
    for first in range(5, 25, 2):
        learn(habits, known, entries(2, first))
    assert np.array_equal(kept(habits, known), entries(KEEP, 5))
    assert learn(habits, known, entries(30, 100)) == KEEP
    assert np.array_equal(kept(habits, known), entries(KEEP, 110))


def test_what_was_lent_is_overwritten(habits: KeptHabits, known: str) -> None:
    with habits.opened(known, TOLD) as lent:
        assert lent.any()
    assert not lent.any()
    with pytest.raises(ZeroDivisionError), habits.opened(known, TOLD) as lent:
        raise ZeroDivisionError
    assert not lent.any()


@pytest.mark.parametrize(("model", "width"), [(OTHER, WIDTH), (TOLD, WIDTH + 1)])
def test_another_model_or_pad_starts_over(
    habits: KeptHabits, known: str, model: str, width: int
) -> None:
    assert len(kept(habits, known, OTHER)) == 0
    assert learn(habits, known, entries(2, 50, width), model) == 2
    assert np.array_equal(kept(habits, known, model), entries(2, 50, width))


@pytest.mark.parametrize(("pin", "left"), [("1234", 0), ("5678", 0), (None, 5)])
def test_a_pin_that_is_loaded_starts_over(
    store: Store, habits: KeptHabits, known: str, pin: str | None, left: int
) -> None:
    add(store, CARD, pin)
    assert len(kept(habits, known)) == left


def test_nothing_is_learnt_of_who_has_not_agreed(store: Store, habits: KeptHabits) -> None:
    customer_id = add(store, OTHER_CARD, "1234")
    assert learn(habits, customer_id, entries(5)) == 0
    assert store.rows("SELECT * FROM habits") == []
    with pytest.raises(CardRefused):
        learn(habits, "nobody", entries(5))


def test_a_forgotten_customer_leaves_neither_habit_nor_age(
    store: Store, habits: KeptHabits, known: str
) -> None:
    agree(habits, known, "50-plus")
    assert habits.age_band(known) == "50-plus"
    old = row_in(store)
    forget(store, known)
    assert store.rows("SELECT * FROM habits") == []
    assert habits.age_band(known) is None
    # Nor is anything learnt until he agrees again, and the old row stays the old one.
    assert learn(habits, known, entries(1)) == 0
    agree(habits, known)
    learn(habits, known, entries(1, 70))
    put(store, old)
    with pytest.raises(TemplateRevoked, match="older"):
        kept(habits, known)


def test_a_revoked_habit_begins_again(store: Store, habits: KeptHabits, known: str) -> None:
    old = row_in(store)
    assert revoke(habits, known)
    assert not revoke(habits, known)
    assert len(kept(habits, known)) == 0
    assert learn(habits, known, entries(1, 70)) == 1
    put(store, old)
    with pytest.raises(TemplateRevoked, match="older"):
        kept(habits, known)


def test_a_leaked_habit_needs_another_model(store: Store, habits: KeptHabits, known: str) -> None:
    assert revoke(habits, known, leaked=True)
    assert learn(habits, known, entries(5), OTHER) == 0
    # Neither forgetting nor a second word of it makes the habit unknown again.
    assert not revoke(habits, known, leaked=True)
    forget(store, known)
    agree(habits, known)
    assert learn(habits, known, entries(5)) == 0
    assert learn(habits, known, entries(5), OTHER) == 5


def test_what_is_gone_may_have_leaked_too(habits: KeptHabits, known: str) -> None:
    revoke(habits, known)
    assert not revoke(habits, known, leaked=True)
    assert learn(habits, known, entries(5)) == 0
    agree(habits, known)
    assert learn(habits, known, entries(5)) == 5


def test_new_keys_keep_the_entries(store: Store, habits: KeptHabits, known: str) -> None:
    change(store, "INSERT INTO vault (id, ring) VALUES (1, ?)", seal_ring(RING))
    old, to = row_in(store), RING.renewed(OTHER_RING.master)
    with store.transaction() as connection:
        rekey.rotate(connection, store, RING, to, bool)
    after = KeptHabits(store, to)
    assert np.array_equal(kept(after, known), entries(5))
    assert row_in(store)[1] == 2
    with pytest.raises(SealBroken):
        kept(habits, known)
    put(store, old)
    with pytest.raises(TemplateRevoked, match="older"):
        kept(after, known)


def test_a_reissued_habit_is_the_next_version(store: Store, habits: KeptHabits, known: str) -> None:
    old, other = row_in(store), add(store, OTHER_CARD)
    with store.transaction() as connection:
        assert not habits.reissue(connection, other)
        assert habits.reissue(connection, known)
    assert np.array_equal(kept(habits, known), entries(5))
    assert row_in(store)[3] != old[3]
    put(store, old)
    with pytest.raises(TemplateRevoked, match="older"):
        kept(habits, known)


def test_a_restored_unit_knows_the_habit(tmp_path: Path) -> None:
    old, file, state_dir = opened_store(tmp_path / "o.db", RING), tmp_path / "b.age", tmp_path / "s"
    who = enrol(old, backed_up.CARD, 1)
    agree(KeptHabits(old, RING), who)
    learn(KeptHabits(old, RING), who, entries(5))
    backed_up.written(old, file)
    state_dir.mkdir()
    backed_up.restore(file, state_dir)
    new = Store(state_dir / DATABASE)
    ring = open_ring(backed_up.MASTER, new.rows("SELECT ring FROM vault")[0][0])
    assert np.array_equal(kept(KeptHabits(new, ring), who), entries(5))
    # One that does not open is not restored.
    change(old, "UPDATE habits SET box = zeroblob(length(box))")
    backed_up.written(old, file.with_name("c.age"))
    (tmp_path / "t").mkdir()
    with pytest.raises(SealBroken):
        backed_up.restore(file.with_name("c.age"), tmp_path / "t")
