"""What is learnt of a tapped PIN is one commit with its entry, and nothing of it stays around."""

import math
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from edge_atm.cli.touching import TouchHabits
from edge_atm.errors import StoreFault
from edge_atm.policy.habit import ENTRIES_MAX, ENTRIES_MIN
from edge_atm.records import Floats
from edge_atm.store import Store
from edge_atm.taps import Entry, Tap
from edge_atm.vault.habits import KeptHabits
from tests.unit.habitual import CARD, OTHER_CARD, agree, kept
from tests.unit.vaulted import RING, add
from tests.unit.written import journal_of

MODEL = "taps-one"


def entry(pace: float = 0.3) -> Entry:
    return Entry("4711", tuple(Tap(key, pace * n) for n, key in enumerate("4711")))


@dataclass
class Told:
    """A model that tells the pace, and likes what is as quick as what it knows."""

    habit_id: str = MODEL
    lent: list[Floats] = field(default_factory=list)

    def embed(self, entry: Entry) -> Floats | None:
        if not entry.taps:
            return None
        self.lent.append(np.array([entry.taps[1].down_seconds, 1.0], np.float32))
        return self.lent[-1]

    def llr_log10(self, kept: Floats, probe: Floats) -> float:
        return 1.0 - 10.0 * abs(float(kept[:, 0].mean() - probe[0]))


@dataclass(frozen=True)
class Old:
    """Takes whoever is slow for somebody old."""

    def log_odds(self, entry: Entry) -> float:
        return 9.0 if entry.taps[1].down_seconds > 0.5 else -9.0


@pytest.fixture
def touch(store: Store) -> TouchHabits:
    return TouchHabits(KeptHabits(store, RING), journal_of(store), Told(), 2000)


@pytest.fixture
def customer(store: Store, touch: TouchHabits) -> str:
    customer_id = add(store, CARD, "4711")
    agree(touch.kept, customer_id, "under-50")
    return customer_id


def erased(touch: TouchHabits) -> bool:
    assert isinstance(touch.scorer, Told)
    return bool(touch.scorer.lent) and not any(habit.any() for habit in touch.scorer.lent)


def events(touch: TouchHabits) -> list[object]:
    return [e.detail for e in touch.journal.entries() if e.event == "habit_learnt"]


def test_five_paid_entries_make_a_habit(touch: TouchHabits, customer: str) -> None:
    for count in range(ENTRIES_MIN):
        heard = touch.heard(customer, entry())
        assert (heard.entries, math.isnan(heard.llr_log10)) == (count, True)
        touch.learn(customer, [entry()])
    assert touch.heard(customer, entry()).llr_log10 == pytest.approx(1.0)
    assert touch.heard(customer, entry(0.5)).llr_log10 == pytest.approx(-1.0)
    assert events(touch) == [{"customer": customer, "entries": n + 1} for n in range(ENTRIES_MIN)]
    assert erased(touch)


def test_the_newest_twenty_are_kept(touch: TouchHabits, customer: str) -> None:
    for n in range(ENTRIES_MAX // 2 + 1):
        touch.learn(customer, [entry(0.1 + 0.01 * n), entry(0.1 + 0.01 * n)])
    found = kept(touch.kept, customer, MODEL)
    assert found.shape == (ENTRIES_MAX, 2)
    assert found[0, 0] == pytest.approx(0.11)


def test_a_pad_that_tells_no_taps_teaches_nothing_and_is_no_way_round(
    touch: TouchHabits, customer: str
) -> None:
    touch.learn(customer, [Entry("4711")])
    assert touch.heard(customer, Entry("4711")).entries == 0
    assert events(touch) == []
    touch.learn(customer, [entry()] * ENTRIES_MIN)
    heard = touch.heard(customer, Entry("4711"))
    assert (heard.entries, math.isnan(heard.llr_log10)) == (ENTRIES_MIN, True)


def test_without_agreement_nothing_is_learnt_or_written(
    store: Store, touch: TouchHabits, customer: str
) -> None:
    other = add(store, OTHER_CARD, "4711")
    touch.learn(other, [entry()])
    assert touch.heard(other, entry()).entries == 0
    assert events(touch) == []
    assert erased(touch)


def test_what_tells_no_numbers_is_not_learnt(touch: TouchHabits, customer: str) -> None:
    class Torn(Told):
        def embed(self, entry: Entry) -> Floats | None:
            return np.array([np.nan], np.float32)

    replace(touch, scorer=Torn()).learn(customer, [entry()])
    assert events(touch) == []


def test_habit_and_entry_are_one_commit(
    touch: TouchHabits, customer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*words: object, **detail: object) -> None:
        raise StoreFault("no room")

    monkeypatch.setattr(touch.journal, "append", full)
    with pytest.raises(StoreFault):
        touch.learn(customer, [entry()])
    assert touch.heard(customer, entry()).entries == 0
    assert erased(touch)


@pytest.mark.parametrize(("pace", "differs"), [(0.3, False), (0.6, True)])
def test_a_tap_of_another_age_is_noted_where_an_age_is_known(
    store: Store, touch: TouchHabits, customer: str, pace: float, differs: bool
) -> None:
    asked = replace(touch, age=Old())
    assert asked.heard(customer, entry(pace)).age_differs == differs
    assert not touch.heard(customer, entry(pace)).age_differs
    assert not asked.heard(customer, Entry("4711")).age_differs
    agree(touch.kept, customer, None)
    assert not asked.heard(customer, entry(pace)).age_differs
