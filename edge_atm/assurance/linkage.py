"""Unlinkability: whether two protected rows tell that they are one person's (ISO/IEC 24745, 30136).

D_sys of Gomez-Barrero, Galbally, Rathgeb and Busch 2018, "General Framework to Evaluate
Unlinkability in Biometric Template Protection Systems": 0 when no score links, 1 when all do.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_atm.assurance.protection import new_keys, stored
from edge_atm.assurance.rates import Scores
from edge_atm.assurance.resampling import Indices, interval_95, resampled_counts
from edge_atm.assurance.sessions import SEED
from edge_atm.records import Floats

# One more bin needs as many mated scores; beyond BINS_MAX bins nothing is gained.
BIN_MIN = 20
BINS_MAX = 100
# Keys are drawn so often, so that the figures are of the scheme and not of one draw.
KEY_DRAWS = 10
SPLITS = 50
# Bounds of memory and time for large folders.
PHOTOS_MAX = 2000
NON_MATED_MAX = 500_000


def d_sys(mated: Scores, non_mated: Scores) -> Scores:
    """Return D_sys of histograms [..., bins], prior ratio w = 1; NaN where no score is mated.

    D(s) = 2 LR / (1 + LR) - 1 where LR = p(s|mated) / p(s|non-mated) > 1, else 0; D_sys is its mean
    over mated scores.
    """
    with np.errstate(invalid="ignore"):
        one = mated / mated.sum(axis=-1, keepdims=True)
    other = non_mated / non_mated.sum(axis=-1, keepdims=True)
    # The same without a division by an empty bin of the non-mated.
    linked = np.where(one > other, one - other, 0.0) / np.where(one > other, one + other, 1.0)
    return np.asarray((linked * one).sum(axis=-1))


@dataclass(frozen=True, slots=True, eq=False)
class Linked:
    """Scores of rows in the protected domain: `mated` with `person` [n], and `non_mated`."""

    mated: Scores
    person: Indices
    non_mated: Scores

    @property
    def bins(self) -> int:
        """How many bins the histograms have: bins of equally many mated scores."""
        return min(len(self.mated) // BIN_MIN, BINS_MAX)

    def resampled(self, counts: Scores) -> Scores:
        """Return D_sys in each resample of the mated scores' people; `counts` [resamples, people].

        Raises ValueError when there are too few mated scores for one bin.
        """
        if not self.bins:
            raise ValueError(f"{len(self.mated)} mated comparisons, and {BIN_MIN} are needed")
        # From the lowest mated score on, so that scores below all of them stay apart.
        edges = np.quantile(self.mated, np.arange(self.bins) / self.bins)
        place = np.searchsorted(edges, self.mated, side="right")
        cells = counts.shape[1] * (self.bins + 1)
        each = np.bincount(self.person * (self.bins + 1) + place, minlength=cells)
        others = np.searchsorted(edges, self.non_mated, side="right")
        histogram = np.bincount(others, minlength=self.bins + 1).astype(np.float64)
        return d_sys(counts @ each.reshape(counts.shape[1], -1), histogram)

    def floors(self, counts: Scores) -> Scores:
        """Return what `resampled` finds where nothing links, the mean over splits.

        Each split draws as many non-mated scores as there are mated ones and calls them mated.
        """
        return np.asarray(np.mean([s.resampled(counts) for s in self._splits()], axis=0))

    def _splits(self) -> "Iterator[Linked]":
        random = np.random.default_rng(SEED)
        # At least as many stay: a bin of theirs is as full.
        some = min(len(self.mated), len(self.non_mated) // 2)
        for _ in range(SPLITS):
            drawn = random.permutation(self.non_mated)
            yield Linked(drawn[:some], random.permutation(self.person)[:some], drawn[some:])


def linkability(vectors: Floats, person: Indices) -> dict[str, object]:
    """Return D_sys of photographs [N, 512] of numbered people [N], as JSON holds it.

    `two_keys`: another photograph of the person under another key; `rekeyed`: the same one; and
    `one_key` is the control: another photograph under the same key, which must be found.
    """
    random = np.random.default_rng(SEED)
    counts = resampled_counts(int(person.max()) + 1)
    kept = np.sort(random.permutation(len(vectors))[:PHOTOS_MAX])
    vectors, person = vectors[kept], person[kept]
    draws = [_two_keys(vectors, random) for _ in range(KEY_DRAWS)]
    own = stored(vectors, new_keys(random, 1))
    return {
        "two_keys": _figures(_photographs(draws, person), counts),
        "rekeyed": _figures(_same_photograph(draws, person), counts),
        "one_key": _figures(_photographs([own @ own.T], person), counts),
    }


def _two_keys(vectors: Floats, random: np.random.Generator) -> Floats:
    one, other = (stored(vectors, new_keys(random, len(vectors))) for _ in range(2))
    return one @ other.T


def _photographs(tables: list[Floats], person: Indices) -> Linked:
    left, right = np.triu_indices(len(person), 1)
    same = person[left] == person[right]
    mated = np.concatenate([table[left[same], right[same]] for table in tables])
    return Linked(
        mated.astype(np.float64), np.tile(person[left[same]], len(tables)),
        _non_mated(tables, left[~same], right[~same]),
    )  # fmt: skip


def _same_photograph(tables: list[Floats], person: Indices) -> Linked:
    left, right = np.triu_indices(len(person), 1)
    different = person[left] != person[right]
    mated = np.concatenate([np.diag(table) for table in tables]).astype(np.float64)
    others = _non_mated(tables, left[different], right[different])
    return Linked(mated, np.tile(person, len(tables)), others)


def _non_mated(tables: list[Floats], left: NDArray[np.intp], right: NDArray[np.intp]) -> Scores:
    some = NON_MATED_MAX // len(tables)
    chosen = np.random.default_rng(SEED).permutation(len(left))[:some]
    scores = [table[left[chosen], right[chosen]] for table in tables]
    return np.concatenate(scores).astype(np.float64)


def _figures(linked: Linked, counts: Scores) -> dict[str, object]:
    whole = np.ones((1, counts.shape[1]))
    found, floor = linked.resampled(whole)[0], linked.floors(whole)[0]
    resampled, floors = linked.resampled(counts), linked.floors(counts)
    return {
        "d_sys": float(found),
        "interval_95": interval_95(float(found), resampled),
        "floor": float(floor),
        "excess": float(found - floor),
        "excess_interval_95": interval_95(float(found - floor), resampled - floors),
        "n_mated": len(linked.mated),
        "n_non_mated": len(linked.non_mated),
        "people": len(np.unique(linked.person)),
        "bins": linked.bins,
    }
