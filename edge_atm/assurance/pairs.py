"""The LFW pairs protocol: accuracy with each fold's threshold chosen on the other folds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_atm.records import Floats

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures of a fold, and whether they show one person."""

    one: tuple[str, int]
    other: tuple[str, int]
    same: bool
    fold: int


def read_pairs(path: Path) -> list[Pair]:
    """Read `pairs.txt`: a header of folds and pairs, then each fold's same and different pairs."""
    lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    folds, each = int(lines[0][0]), int(lines[0][1])
    if len(lines) != 1 + 2 * folds * each:
        raise ValueError(f"{path.name}: {len(lines) - 1} pairs, the header says {2 * folds * each}")
    pairs = []
    for index, words in enumerate(lines[1:]):
        first, one, *rest = words
        second, other = (first, rest[0]) if len(rest) == 1 else (rest[0], rest[1])
        fold = index // (2 * each) + 1
        pairs.append(Pair((first, int(one)), (second, int(other)), len(rest) == 1, fold))
    return pairs


def picture_path(folder: Path, picture: tuple[str, int]) -> Path:
    """Return FOLDER/NAME/NAME_0001.jpg."""
    name, number = picture
    return folder / name / f"{name}_{number:04d}.jpg"


def report(
    pairs: Sequence[Pair], vectors: Mapping[tuple[str, int], Floats | None], mean: Floats
) -> dict[str, object]:
    """Score every pair and say how well they part; pairs without a face count as failures."""
    scores = np.array([_score(vectors[p.one], vectors[p.other], mean) for p in pairs])
    same = np.array([pair.same for pair in pairs])
    folds = np.array([pair.fold for pair in pairs])
    accuracies = [_fold_accuracy(scores, same, folds == fold) for fold in sorted(set(folds))]
    acquired = np.isfinite(scores)
    genuine, impostor = scores[same & acquired], scores[~same & acquired]
    return {
        "pairs": len(pairs),
        "pairs_without_a_face": int((~acquired).sum()),
        "folds": len(accuracies),
        "accuracy": float(np.mean(accuracies)),
        "accuracy_sd": float(np.std(accuracies, ddof=1)) if len(accuracies) > 1 else None,
        "tar_at_far_1e-2": _true_accepts(genuine, impostor, 1e-2),
        "eer": _equal_error(genuine, impostor),
    }


def _score(one: Floats | None, other: Floats | None, mean: Floats) -> float:
    if one is None or other is None:
        return float("nan")
    a, b = one - mean, other - mean
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def _fold_accuracy(scores: Scores, same: NDArray[np.bool_], held_out: NDArray[np.bool_]) -> float:
    learnt = ~held_out if (~held_out).any() else held_out
    candidates = np.unique(scores[learnt & np.isfinite(scores)])
    # NaN is never at or above a threshold, so a failed acquisition counts as "different".
    hits = [float(((scores[learnt] >= t) == same[learnt]).mean()) for t in candidates]
    threshold = candidates[int(np.argmax(hits))]
    right = (scores[held_out] >= threshold) == same[held_out]
    return float((right & np.isfinite(scores[held_out])).mean())


def _true_accepts(genuine: Scores, impostor: Scores, rate: float) -> float | None:
    # Fewer than 3/rate impostors cannot show such a rate (rule of three).
    if len(impostor) < 3 / rate:
        return None
    threshold = np.quantile(impostor, 1 - rate, method="higher")
    return float((genuine > threshold).mean())


def _equal_error(genuine: Scores, impostor: Scores) -> float:
    thresholds = np.unique(np.concatenate([genuine, impostor]))
    missed = np.searchsorted(np.sort(genuine), thresholds) / len(genuine)
    passed = 1 - np.searchsorted(np.sort(impostor), thresholds) / len(impostor)
    nearest = int(np.argmin(np.abs(missed - passed)))
    return float((missed[nearest] + passed[nearest]) / 2)
