"""The LFW protocol: accuracy with each fold's threshold learnt on the other folds.

Huang et al. 2007, image-restricted; mirrored crops and the training folds' mean as in FaceNet's own
validation (Sandberg, validate_on_lfw: use_flipped_images, subtract_mean, distance_metric 1).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from edge_atm.assurance.cache import Sample
from edge_atm.assurance.pairs import Pair
from edge_atm.assurance.rates import (
    Scores,
    equal_error_rate,
    measurable,
    not_measurable,
    rule_of_three,
    threshold_at,
)
from edge_atm.assurance.resampling import (
    Impostors,
    interval_95,
    resampled_counts,
    resampled_misses,
)
from edge_atm.records import Floats

FARS = (1e-2, 1e-3)
Samples = Mapping[tuple[str, int], Sample]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs as arrays of equal length: fold numbers, same or not, both people's numbers."""

    fold: NDArray[np.int64]
    same: NDArray[np.bool_]
    left: NDArray[np.int64]
    right: NDArray[np.int64]

    @classmethod
    def of(cls, pairs: Sequence[Pair]) -> "Pairs":
        """Number the people by name."""
        people = sorted({name for pair in pairs for name, _ in (pair.one, pair.other)})
        number = {name: index for index, name in enumerate(people)}
        columns = [(p.fold, p.same, number[p.one[0]], number[p.other[0]]) for p in pairs]
        fold, same, left, right = (np.array(column) for column in zip(*columns, strict=True))
        return cls(fold, same, left, right)

    @property
    def people(self) -> int:
        """How many people are in the pairs."""
        return 1 + int(max(self.left.max(), self.right.max()))

    @cached_property
    def weights(self) -> Scores:
        """How often each resample of people drew each pair: [resamples, pairs]."""
        counts = resampled_counts(self.people)
        return np.asarray(counts[:, self.left] * np.where(self.same, 1, counts[:, self.right]))


class Protocol:
    """The figures of one way to compare; `scores` [folds, pairs]: as each held-out fold sees them.

    `own` [pairs]: each pair as its own fold sees it. NaN is a pair without a face: wrong in the
    accuracy, left out of all other rates.
    """

    def __init__(self, pairs: Pairs, scores: Scores) -> None:
        self._pairs, self._scores = pairs, scores
        self._folds = np.unique(pairs.fold)
        place = np.searchsorted(self._folds, pairs.fold)
        self.own = scores[place, np.arange(len(place))]
        self._acquired = np.isfinite(self.own)

    @cached_property
    def accuracies(self) -> Scores:
        """The accuracy of each fold."""
        return np.asarray(self._accuracies(np.ones((1, len(self.own))))[0])

    @cached_property
    def resampled_accuracy(self) -> Scores:
        """The mean accuracy of the folds in each resample of people, thresholds learnt anew."""
        return np.asarray(self._accuracies(self._pairs.weights).mean(axis=1))

    def figures(self) -> dict[str, object]:
        """Return the figures as JSON holds them (docs/trials.md)."""
        accuracy = float(self.accuracies.mean())
        genuine, impostor = (self.own[self._kept(same)] for same in (True, False))
        return {
            "accuracy": accuracy,
            "accuracy_sd": float(np.std(self.accuracies, ddof=1)),
            "interval_95": interval_95(accuracy, self.resampled_accuracy),
            "eer": equal_error_rate(genuine, impostor),
            "n_genuine": len(genuine),
            "n_impostor": len(impostor),
            "tar_at_far": [self._true_accepts(rate) for rate in FARS],
        }

    def _accuracies(self, weights: Scores) -> Scores:
        return np.stack([self._accuracy(f, weights) for f in range(len(self._folds))], axis=1)

    def _accuracy(self, number: int, weights: Scores) -> Scores:
        scores, same = self._scores[number], self._pairs.same
        held_out = self._pairs.fold == self._folds[number]
        learnt = np.flatnonzero(~held_out & np.isfinite(scores))
        falling = learnt[np.argsort(-scores[learnt], kind="stable")]
        # Pairs told right by accepting all down to here, but for a constant.
        right = np.cumsum(weights[:, falling] * np.where(same[falling], 1, -1), axis=1)
        # All of a score or none. Of equally good ones the mean: each end hangs on one pair.
        last = np.flatnonzero(np.append(np.diff(scores[falling]) != 0, True))
        best = right[:, last] == right[:, last].max(axis=1, keepdims=True)
        thresholds = (best * scores[falling[last]]).sum(axis=1) / best.sum(axis=1)
        tested = scores[held_out]
        told = ((tested >= thresholds[:, None]) == same[held_out]) & np.isfinite(tested)
        tested_weights = weights[:, held_out]
        # NaN where a resample drew no pair of this fold.
        with np.errstate(invalid="ignore"):
            return np.asarray((told * tested_weights).sum(axis=1) / tested_weights.sum(axis=1))

    def _true_accepts(self, rate: float) -> dict[str, object]:
        genuine, impostor = self._kept(True), self._kept(False)
        if not measurable(int(impostor.sum()), rate):
            return {"far": rate, "tar": None, "note": not_measurable("FAR")}
        scores, counts = self.own[impostor], resampled_counts(self._pairs.people)
        threshold = threshold_at(scores, rate)
        errors = int((self.own[genuine] < threshold).sum())
        missed = errors / int(genuine.sum())
        others = Impostors(scores, self._pairs.left[impostor], self._pairs.right[impostor])
        misses = resampled_misses(
            self.own[genuine], self._pairs.left[genuine], counts, others.thresholds(counts, rate)
        )
        return {
            "far": rate,
            "tar": 1 - missed,
            "interval_95": interval_95(1 - missed, 1 - misses),
            "threshold": threshold,
            **rule_of_three(errors, len(np.unique(self._pairs.left[genuine]))),
        }

    def _kept(self, same: bool) -> NDArray[np.bool_]:
        return np.asarray(self._acquired & (self._pairs.same == same))


def configurations(pairs: Sequence[Pair], samples: Samples, mean: Floats) -> dict[str, Protocol]:
    """Return the three ways to compare: the bare crop, as the unit does, and FaceNet's own.

    Raises ValueError when a fold has no pairs of each kind to learn from in the others.
    """
    arrays = Pairs.of(pairs)
    sides = [[samples[p.one] for p in pairs], [samples[p.other] for p in pairs]]
    both, both_other = (np.stack([_doubled(s) for s in side]) for side in sides)
    one, other = both[:, : len(mean)], both_other[:, : len(mean)]
    folds = np.unique(arrays.fold)
    bare = _cosines(one, other, np.zeros_like(mean))
    centred = _cosines(one, other, mean)
    for fold in folds:
        learnt_on = arrays.same[(arrays.fold != fold) & np.isfinite(bare)]
        if len(np.unique(learnt_on)) < 2:
            raise ValueError(f"too few pairs with two faces to learn a threshold for fold {fold}")
    learnt = []
    for fold in folds:
        rest = np.concatenate([side[arrays.fold != fold] for side in (both, both_other)])
        learnt.append(_cosines(both, both_other, np.nanmean(rest, axis=0)))
    tables = {
        "one_crop": np.stack([bare] * len(folds)),
        "one_crop_centred": np.stack([centred] * len(folds)),
        "mirrored_centred": np.stack(learnt),
    }
    return {name: Protocol(arrays, table) for name, table in tables.items()}


def failures(pairs: Sequence[Pair], samples: Samples) -> dict[str, object]:
    """Return FTA of pictures and of pairs."""
    lost = {picture for picture, sample in samples.items() if sample.vectors is None}
    reasons = sorted(str(samples[picture].lost) for picture in lost)
    return {
        "fta": len(lost) / len(samples),
        "pictures": len(samples),
        "failed": len(lost),
        "reasons": {reason: reasons.count(reason) for reason in reasons},
        "pairs": len(pairs),
        "pairs_failed": sum(p.one in lost or p.other in lost for p in pairs),
        **rule_of_three(len(lost), len({name for name, _ in samples})),
    }


def _doubled(sample: Sample) -> Floats:
    # Crop and mirror image one after the other: float32 [1024].
    return np.full(1024, np.nan, np.float32) if sample.vectors is None else sample.vectors.ravel()


def _cosines(one: Floats, other: Floats, mean: Floats) -> Scores:
    a, b = one - mean, other - mean
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return np.asarray((a * b).sum(axis=1) / lengths, dtype=np.float64)
