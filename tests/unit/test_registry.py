"""Adapted face and journal entry are one commit, and it happens once a day at most."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from edge_atm.cli.registry import LAST_ADAPTED, Registry
from edge_atm.errors import CardRefused, StoreFault, TemplateRevoked
from edge_atm.journal import Journal
from edge_atm.policy.adaptation import DRIFT_MIN
from edge_atm.records import Embedding, Floats
from edge_atm.store import Store
from edge_atm.vault.customers import Customers
from edge_atm.vault.faces import Faces
from edge_atm.vault.habits import KeptHabits
from tests.unit.test_vault_cards import new_card
from tests.unit.vaulted import MODEL, RING, add, revoke, unit_vector

MEAN = np.zeros(512, np.float32)


@dataclass
class Clock:
    at: datetime = field(default_factory=lambda: datetime(2031, 1, 1, 8, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.at

    def passes(self, hours: float) -> None:
        self.at += timedelta(hours=hours)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def registry(store: Store, clock: Clock) -> Registry:
    journal = Journal(store, bytes(32), clock)
    return Registry(store, journal, Customers(store, RING), Faces(store, RING, MODEL))


@pytest.fixture
def customer(registry: Registry, store: Store) -> str:
    customer_id = add(store, new_card(1))
    registry.enrol(customer_id, "Ada", Embedding(unit_vector(1), MODEL))
    return customer_id


def like(likeness: float = 0.8) -> list[Embedding]:
    """Return five frames that have about this cosine to the enrolled face."""
    vector = likeness * unit_vector(1) + np.float32(np.sqrt(1 - likeness**2)) * unit_vector(2)
    return [Embedding((vector / np.linalg.norm(vector)).astype(np.float32), MODEL)] * 5


def pair(registry: Registry, customer_id: str) -> Floats:
    with registry.faces.pair(customer_id) as faces:
        return faces.copy()


def entries(registry: Registry) -> list[dict[str, object]]:
    return [entry.detail for entry in registry.journal.entries() if entry.event == "adapted"]


def test_the_present_face_moves_and_the_enrolled_one_stays(
    registry: Registry, customer: str
) -> None:
    before = pair(registry, customer)
    registry.adapt(customer, like(), MEAN)
    after = pair(registry, customer)
    assert float(before[0] @ after[0]) > 0.9999
    assert DRIFT_MIN <= float(after[0] @ after[1]) < 0.9998
    assert float(after[1] @ like()[0].vector) > float(before[1] @ like()[0].vector) + 0.01
    (entry,) = entries(registry)
    assert set(entry) == {"customer", "version", "cosine"}
    assert (entry["customer"], entry["version"]) == (customer, 2)
    assert float(str(entry["cosine"])) == pytest.approx(float(after[0] @ after[1]), abs=0.001)


def test_a_move_that_is_not_allowed_leaves_no_trace(registry: Registry, customer: str) -> None:
    registry.adapt(customer, like(0.5), MEAN)
    registry.adapt(customer, like()[:4], MEAN)
    assert entries(registry) == []
    assert registry.store.rows("SELECT version FROM templates")[0][0] == 1


@pytest.mark.parametrize(("hours", "moves"), [(0, 1), (19.9, 1), (20, 2), (-5, 1)])
def test_it_rests_twenty_hours(
    registry: Registry, clock: Clock, customer: str, hours: float, moves: int
) -> None:
    registry.adapt(customer, like(), MEAN)
    clock.passes(hours)
    registry.adapt(customer, like(), MEAN)
    assert len(entries(registry)) == moves


def test_one_customers_rest_is_not_anothers(registry: Registry, customer: str) -> None:
    other = add(registry.store, new_card(2))
    registry.enrol(other, "Bob", Embedding(unit_vector(1), MODEL))
    registry.adapt(customer, like(), MEAN)
    registry.adapt(other, like(), MEAN)
    assert [entry["customer"] for entry in entries(registry)] == [customer, other]


def test_the_last_move_is_found_without_reading_the_journal(registry: Registry) -> None:
    plan = registry.store.rows(f"EXPLAIN QUERY PLAN {LAST_ADAPTED}", "c1")
    assert [row["detail"] for row in plan] == ["SEARCH journal USING INDEX adaptations (<expr>=?)"]


def test_face_and_entry_are_one_commit(
    registry: Registry, customer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*words: object, **detail: object) -> None:
        raise StoreFault("no room")

    monkeypatch.setattr(registry.journal, "append", full)
    with pytest.raises(StoreFault):
        registry.adapt(customer, like(), MEAN)
    assert registry.store.rows("SELECT version FROM templates")[0][0] == 1


def test_a_face_that_is_gone_is_not_adapted(registry: Registry, customer: str) -> None:
    revoke(registry.store, customer)
    with pytest.raises(TemplateRevoked):
        registry.adapt(customer, like(), MEAN)
    unknown = add(registry.store, new_card(3))
    with pytest.raises(CardRefused):
        registry.adapt(unknown, like(), MEAN)
    assert entries(registry) == []


def test_many_moves_never_take_the_face_beyond_the_bound(
    registry: Registry, clock: Clock, customer: str
) -> None:
    first = pair(registry, customer)
    for _ in range(40):
        clock.passes(24)
        registry.adapt(customer, like(0.65), MEAN)
    last = pair(registry, customer)
    assert len(entries(registry)) > 1
    # int8 rounds both faces a little each time.
    assert float(last[0] @ last[1]) >= DRIFT_MIN - 1e-3
    assert float(first[0] @ last[0]) >= 0.998


@pytest.mark.parametrize("asked", [False, True])
def test_who_is_enrolled_where_tapping_counts_has_agreed_to_it(
    registry: Registry, store: Store, asked: bool
) -> None:
    customer_id = add(store, new_card(5))
    habits = KeptHabits(store, RING) if asked else None
    enrolling = replace(registry, habits=habits, age_band="under-50" if asked else None)
    enrolling.enrol(customer_id, "Ada", Embedding(unit_vector(1), MODEL))
    (entry,) = [e.detail for e in registry.journal.entries() if e.event == "enrolled"]
    assert entry["touch"] is asked
    agreed, band = store.rows("SELECT touch_agreed, age_band FROM customers")[0]
    assert (agreed, band) == ((1, "under-50") if asked else (0, None))
