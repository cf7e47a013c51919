"""The touch trial: all models of all sets, every row of which is one figure of five folds."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from edge_atm.assurance.rates import Scores
from edge_atm.assurance.touch_data import Words
from edge_atm.assurance.touch_design import ENROLLED, Design
from edge_atm.assurance.touch_eer import Tried, figures, mean_of_folds, tried
from edge_atm.assurance.touch_folds import FOLDS
from edge_atm.assurance.touch_models import Scorer

TAPS = 6


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One line of figures (docs/trials.md), with each fold's resampled EER [5, resamples]."""

    told: dict[str, object]
    spread: Scores = field(repr=False)

    @property
    def eers(self) -> list[float]:
        """The EER of each fold."""
        eers = self.told["eer_of_folds"]
        assert isinstance(eers, list)
        return eers


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """One model to measure; `run` takes seconds and returns its rows.

    `protocols`: who the impostors are, as the labels [N] in which they equal the claimed user.
    `control`: it knows no habit, so it is never the best.
    """

    of_set: str
    model: str
    level: str
    scorers: Sequence[Scorer]
    designs: Sequence[Design]
    protocols: Mapping[str, tuple[Words, ...]]
    taps: int = TAPS
    enrolled: tuple[int, ...] = tuple(range(ENROLLED))
    control: bool = False

    def run(self) -> list[Row]:
        """Measure. Raises ValueError."""
        return [self._row(name, folds) for name, folds in self.tried().items()]

    def tried(self) -> dict[str, list[Tried]]:
        """Return the comparisons of each protocol, fold by fold. Raises ValueError."""
        designs = [design.enrolling(self.enrolled) for design in self.designs]
        scores = [score(d) for score, d in zip(self.scorers, designs, strict=True)]
        return {
            name: [
                tried(found, d.genuine, d.impostor(*alike), d.user, d.user[d.claim])
                for found, d in zip(scores, designs, strict=True)
            ]
            for name, alike in self.protocols.items()
        }

    def _row(self, protocol: str, folds: list[Tried]) -> Row:
        found, spread = figures(folds)
        named = {
            "set": self.of_set,
            "protocol": protocol,
            "level": self.level,
            "taps": self.taps,
            "enrolled": len(self.enrolled),
            "model": self.model,
            "control": self.control,
        }
        return Row(named | found, spread)


def same_for_all(scorer: Scorer) -> list[Scorer]:
    """Return `scorer` for each fold: it learns from the fold's own training rows."""
    return [scorer] * FOLDS


def for_each_fold(scorer_of: Callable[[int], Scorer]) -> list[Scorer]:
    """Return each fold's scorer."""
    return [scorer_of(fold) for fold in range(FOLDS)]


def with_best(rows: Sequence[Row]) -> Iterator[dict[str, object]]:
    """Yield all rows' figures; each `lowest` of several models is marked, and `chosen` added.

    The lowest of many on the tested users flatters. `chosen` does not: in each fold it is the
    model with the lowest mean EER in the four others, whose users that fold's models learn from.
    """
    for group in _alike(rows):
        rivals = [row for row in group if not row.told["control"]]
        lowest = min(rivals, key=lambda row: float(np.mean(row.eers)), default=None)
        for row in group:
            yield row.told | {"lowest": row is lowest and len(rivals) > 1}
        if len(rivals) > 1:
            yield _chosen(rivals)


def _alike(rows: Sequence[Row]) -> Iterator[list[Row]]:
    groups: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        key = tuple(row.told[name] for name in ("set", "protocol", "level", "taps", "enrolled"))
        groups.setdefault(key, []).append(row)
    yield from groups.values()


def _chosen(rivals: Sequence[Row]) -> dict[str, object]:
    eers = np.array([row.eers for row in rivals])
    elsewhere = (eers.sum(axis=1, keepdims=True) - eers).argmin(axis=0)
    chosen = [rivals[model] for model in elsewhere]
    spread = np.stack([row.spread[fold] for fold, row in enumerate(chosen)])
    found = mean_of_folds([row.eers[fold] for fold, row in enumerate(chosen)], spread)
    of = rivals[0].told
    kept = ("set", "protocol", "level", "taps", "enrolled", "users", "n_genuine", "n_impostor")
    named = {name: of[name] for name in kept}
    models = [row.told["model"] for row in chosen]
    return named | found | {"model": "chosen", "control": False, "lowest": False, "chosen": models}
