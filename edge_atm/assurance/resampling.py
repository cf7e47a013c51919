"""The bootstrap over people: comparisons of one person depend on each other, people do not."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from edge_atm.assurance.rates import Scores, allowed
from edge_atm.records import Floats

Indices = NDArray[np.int64]

RESAMPLES = 1000
SEED = 2026
# So many weights at a time: 64 MB at most.
_WEIGHTS_MAX = 8_000_000
# The largest table of who met whom: 256 MB.
_TABLE_MAX = 32_000_000


def resampled_counts(*strata: int) -> Scores:
    """Return how often each resample drew each person: float64 [RESAMPLES, sum of strata].

    Each stratum keeps its size.
    """
    random = np.random.default_rng(SEED)
    drawn = [random.multinomial(n, np.full(n, 1 / n), RESAMPLES) for n in strata if n]
    return np.concatenate(drawn, axis=1).astype(np.float64)


def interval_95(estimate: float, resampled: Scores) -> list[float]:
    """Return the percentile bootstrap's 95 % interval, widened where needed to hold `estimate`.

    Raises ValueError when no resample has a figure.
    """
    finite = resampled[np.isfinite(resampled)]
    if not len(finite):
        raise ValueError("so few people allow no interval")
    low, high = np.percentile(finite, [2.5, 97.5])
    return [min(float(low), estimate), max(float(high), estimate)]


def resampled_misses(scores: Scores, person: Indices, counts: Scores, thresholds: Scores) -> Scores:
    """Return what share of each resample's `scores` lies below its threshold; NaN without one.

    `scores` and `person` [n]: who each score is of; `counts` [resamples, people]; `thresholds`
    [resamples].
    """
    people = counts.shape[1]
    order = np.lexsort((scores, person))
    starts = np.searchsorted(person[order], np.arange(people + 1))
    ordered = [scores[order[a:b]] for a, b in pairwise(starts)]
    below = np.stack([np.searchsorted(part, thresholds) for part in ordered], axis=1)
    with np.errstate(invalid="ignore"):
        shares = (counts * below).sum(axis=1) / (counts @ np.diff(starts))
    return np.where(np.isfinite(thresholds), shares, np.nan)


@dataclass(frozen=True, slots=True, eq=False)
class Impostors:
    """Scores of different people.

    `scores` [n]; `left`, `right` [n]: the two people's numbers. A comparison counts in a resample
    as often as both were drawn together. `right` is None where one person alone is resampled.
    """

    scores: Scores
    left: Indices
    right: Indices | None

    def mean(self, counts: Scores, values: Scores) -> Scores:
        """Return the mean of `values` [n] in each resample; NaN where no two people met."""
        with np.errstate(invalid="ignore"):
            return self._sum(counts, values) / self._sum(counts, None)

    def thresholds(self, counts: Scores, rate: float) -> Scores:
        """Return the threshold at `rate` of each resample."""
        total = allowed(self._sum(counts, None), rate)
        # Only the highest scores decide; rarely does a resample reach further down.
        depth = int(3 * rate * len(self.scores)) + 100
        while True:
            found = self._thresholds(counts, total, min(depth, len(self.scores)))
            if np.isfinite(found).all() or depth >= len(self.scores):
                return found
            depth *= 4

    def _thresholds(self, counts: Scores, total: Scores, depth: int) -> Scores:
        highest = np.argpartition(-self.scores, depth - 1)[:depth]
        highest = highest[np.argsort(-self.scores[highest])]
        # A row a person: their counts in some resamples lie side by side, so gathering is quick.
        # Counts are whole and their sums below 2**24, which float32 holds exactly.
        drawn = np.ascontiguousarray(counts.T, dtype=np.float32)
        step = max(1, _WEIGHTS_MAX // depth)
        found = [
            self._reached(drawn[:, i : i + step], total[i : i + step], highest)
            for i in range(0, len(counts), step)
        ]
        return np.concatenate(found)

    def _reached(self, drawn: Floats, total: Scores, highest: Indices) -> Scores:
        weights = np.take(drawn, self.left[highest], axis=0)
        if self.right is not None:
            weights *= np.take(drawn, self.right[highest], axis=0)
        beyond = np.cumsum(weights, axis=0, out=weights) > total
        scores = np.nextafter(self.scores[highest[beyond.argmax(axis=0)]], np.inf)
        return np.where(beyond.any(axis=0), scores, np.nan)

    def _sum(self, counts: Scores, values: Scores | None) -> Scores:
        people = counts.shape[1]
        if self.right is None:
            return np.asarray(counts @ np.bincount(self.left, values, people))
        rows = int(self.left.max()) + 1
        # A table costs about a thirtieth of a comparison for each cell.
        if rows * people > min(_TABLE_MAX, 30 * len(self.left)):
            each = np.ones_like(self.scores) if values is None else values
            step = max(1, _WEIGHTS_MAX // len(self.left))
            parts = (counts[i : i + step] for i in range(0, len(counts), step))
            return np.concatenate([(c[:, self.left] * c[:, self.right]) @ each for c in parts])
        table = np.bincount(self.left * people + self.right, values, rows * people)
        met = counts[:, :rows] @ table.reshape(rows, people)
        return np.asarray((met * counts).sum(axis=1))
