"""How PINs are tapped at a unit: the model that tells, what is kept of it, and its entries."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from edge_atm.journal import Journal
from edge_atm.models import Models
from edge_atm.policy.habit import ENTRIES_MAX, ENTRIES_MIN, Heard, age_differs
from edge_atm.records import Floats
from edge_atm.sections import Touch
from edge_atm.taps import Entry
from edge_atm.touch.age_model import AgeModel
from edge_atm.touch.habit import Habits
from edge_atm.vault.habits import KeptHabits


class Scorer(Protocol):
    """The model. `habit_id`: what kept entries are bound to. NaN and None: it tells nothing."""

    @property
    def habit_id(self) -> str: ...
    def embed(self, entry: Entry) -> Floats | None: ...
    def llr_log10(self, kept: Floats, probe: Floats) -> float: ...


class Age(Protocol):
    """An operator's own net: the log odds that somebody of 50 years or more tapped."""

    def log_odds(self, entry: Entry) -> float: ...


@dataclass(frozen=True)
class TouchHabits:
    """Compares and learns; what is learnt is one commit with its journal entry.

    Whatever is told of an entry is overwritten afterwards, as what is kept is.
    """

    kept: KeptHabits
    journal: Journal
    scorer: Scorer
    strange_limit_cents: int
    age: Age | None = None

    def heard(self, customer_id: str, entry: Entry) -> Heard:
        """Compare one right entry with what was learnt. Raises as `KeptHabits.opened`."""
        model, llr_log10 = self.scorer.habit_id, math.nan
        with self._told([entry]) as told, self.kept.opened(customer_id, model) as known:
            if told and len(known) >= ENTRIES_MIN:
                llr_log10 = self.scorer.llr_log10(known, told[0])
            count = len(known)
        return Heard(count, llr_log10, self._age_differs(customer_id, entry))

    def learn(self, customer_id: str, entries: Sequence[Entry]) -> None:
        """Learn the entries of one paid session that tell anything. Raises as `KeptHabits.learn`.

        Nothing where the customer has not agreed.
        """
        with self._told(entries) as told:
            fresh = [habit for habit in told if habit.shape == told[-1].shape]
            if not (fresh and all(np.isfinite(habit).all() for habit in fresh)):
                return
            with self.kept.store.transaction() as connection:
                count = self.kept.learn(
                    connection, customer_id, self.scorer.habit_id, fresh, ENTRIES_MAX
                )
                if count:
                    self.journal.append(
                        connection, "habit_learnt", customer=customer_id, entries=count
                    )

    @contextmanager
    def _told(self, entries: Sequence[Entry]) -> Iterator[list[Floats]]:
        told = [habit for entry in entries if (habit := self.scorer.embed(entry)) is not None]
        try:
            yield told
        finally:
            for habit in told:
                habit.fill(0)

    def _age_differs(self, customer_id: str, entry: Entry) -> bool:
        band = None if self.age is None else self.kept.age_band(customer_id)
        if self.age is None or band is None or not entry.taps:
            return False
        return age_differs(band, self.age.log_odds(entry))


def touch_habits(
    touch: Touch, models: Models, kept: KeptHabits, journal: Journal
) -> TouchHabits | None:
    """Return what compares taps where the bank wants it, else None. Raises ModelMismatch."""
    if not touch.use:
        return None
    assert touch.strange_limit_cents is not None
    wanted = touch.age_model
    age = None if wanted is None else AgeModel(wanted.path, wanted.sha256)
    return TouchHabits(kept, journal, Habits(models), touch.strange_limit_cents, age)
