"""EER of touch scores fold by fold: pooled, per user, and how far chance moves both."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_atm.assurance.rates import Scores
from edge_atm.assurance.resampling import interval_95, resampled_counts
from edge_atm.assurance.touch_design import Marks, Rows
from edge_atm.records import Floats

Rates = NDArray[np.floating[Any]]

# A user's own EER says something with so many genuine tests or more.
OWN_TESTS_MIN = 5
# Thresholds at which rates are counted in each resample; between them they are drawn straight.
_THRESHOLDS = 48


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """All comparisons of one fold: `scores` [n], `genuine` [n], and whose they are.

    `claimed`, `typed` [n]: numbers of the user that was claimed and of the one who typed, from 0
    to `users` - 1; `typed` is None where a score is of one user alone.
    """

    scores: Scores
    genuine: Marks
    claimed: Rows
    typed: Rows | None
    users: int


def tried(scores: Scores, genuine: Marks, impostor: Marks, claimed: Rows, typed: Rows) -> Tried:
    """Return the comparisons that count. Users whom no impostor tried count in neither rate.

    `scores`, `genuine`, `impostor` [K, M]; `claimed` [K], `typed` [M]. Raises ValueError when no
    impostor is left, or for a score that is not finite.
    """
    faced = np.zeros(int(claimed.max()) + 1, dtype=np.bool_)
    faced[claimed[impostor.any(axis=1)]] = True
    counted = (genuine | impostor) & faced[claimed][:, None]
    claim, probe = np.nonzero(counted)
    if not (faced.any() and np.isfinite(scores[counted]).all()):
        raise ValueError("a fold has no impostor, or a score that is no number")
    return Tried(scores[counted], genuine[counted], claimed[claim], typed[probe], int(faced.size))


def figures(folds: list[Tried]) -> tuple[dict[str, object], Scores]:
    """Return the figures as JSON holds them, and each fold's resampled EER [5, resamples]."""
    counts = _counts(folds)
    pooled = [eer_of(f.scores[f.genuine], f.scores[~f.genuine]) for f in folds]
    spread = [_resampled(f, e, c) for f, e, c in zip(folds, pooled, counts, strict=True)]
    found: dict[str, object] = mean_of_folds(pooled, np.stack(spread)) | {
        "users": sum(len(np.unique(f.claimed)) for f in folds),
        "n_genuine": sum(int(f.genuine.sum()) for f in folds),
        "n_impostor": sum(int((~f.genuine).sum()) for f in folds),
    }
    if folds[0].typed is not None:
        found |= _per_user([own_eers(fold) for fold in folds], counts)
    return found, np.stack(spread)


def mean_of_folds(eers: list[float], spread: Scores) -> dict[str, object]:
    """Return the mean EER with its interval; `spread` [folds, resamples]."""
    mean = float(np.mean(eers))
    return {
        "eer": mean,
        "interval_95": interval_95(mean, spread.mean(axis=0)),
        "eer_of_folds": eers,
    }


def eer_of(genuine: Scores, impostor: Scores) -> float:
    """Return where FNMR and FMR meet, straight between thresholds: ties as if drawn by lot."""
    thresholds = np.append(np.unique(np.concatenate([genuine, impostor])), np.inf)
    fnmr = np.searchsorted(np.sort(genuine), thresholds) / len(genuine)
    fmr = 1 - np.searchsorted(np.sort(impostor), thresholds) / len(impostor)
    return float(_crossing(fnmr[None], fmr[None])[0])


def own_eers(fold: Tried) -> Scores:
    """Return each user's own EER, NaN with fewer than 5 genuine tests: float64 [users]."""
    found = np.full(fold.users, np.nan)
    order = np.argsort(fold.claimed, kind="stable")
    limits = np.searchsorted(fold.claimed[order], np.arange(fold.users + 1))
    for user in range(fold.users):
        rows = order[limits[user] : limits[user + 1]]
        genuine = fold.genuine[rows]
        if genuine.sum() >= OWN_TESTS_MIN:
            found[user] = eer_of(fold.scores[rows][genuine], fold.scores[rows][~genuine])
    return found


def _per_user(own: list[Scores], counts: list[Scores]) -> dict[str, object]:
    known = [np.isfinite(eers) for eers in own]
    number = sum(int(k.sum()) for k in known)
    if not all(k.any() for k in known):
        return {"eer_per_user": None, "users_per_user": number}
    means = [float(eers[k].mean()) for eers, k in zip(own, known, strict=True)]
    with np.errstate(invalid="ignore"):
        spread = [
            (c[:, k] @ eers[k]) / c[:, k].sum(axis=1)
            for eers, k, c in zip(own, known, counts, strict=True)
        ]
    estimate = float(np.mean(means))
    return {
        "eer_per_user": estimate,
        "per_user_interval_95": interval_95(estimate, np.mean(spread, axis=0)),
        "users_per_user": number,
    }


def _counts(folds: list[Tried]) -> list[Scores]:
    """Return how often each resample drew each user, fold by fold; each fold keeps its size."""
    limits = np.cumsum([fold.users for fold in folds])[:-1]
    return np.split(resampled_counts(*(fold.users for fold in folds)), limits, axis=1)


def _resampled(fold: Tried, eer: float, counts: Scores) -> Scores:
    """Return the EER of each resample; an impostor counts as often as both users were drawn."""
    lost = np.linspace(0.3 * eer, min(1.0, 2.0 * eer + 0.05), _THRESHOLDS)
    quantiles = np.unique(np.quantile(fold.scores[fold.genuine], lost))
    # None and all are lost at the ends, so that the rates meet somewhere.
    thresholds = np.concatenate([[-np.inf], quantiles, [np.inf]])
    # How many thresholds each score reaches; those of number i and above it does not.
    reached = np.searchsorted(thresholds, fold.scores, side="right")
    drawn = counts.astype(np.float32)
    genuine = _table(fold.claimed, reached, fold.genuine, fold.users, len(thresholds))
    misses = np.cumsum(drawn @ genuine, axis=1)
    accepted = np.cumsum(_reaching(fold, reached, drawn, len(thresholds))[:, ::-1], axis=1)[:, ::-1]
    with np.errstate(invalid="ignore"):
        fnmr, fmr = misses[:, :-1] / misses[:, -1:], accepted[:, 1:] / accepted[:, :1]
    return _crossing(fnmr, fmr)


def _reaching(fold: Tried, reached: Rows, drawn: Floats, thresholds: int) -> Floats:
    """Return how many impostor scores of each resample reach just so many thresholds."""
    if fold.typed is None:
        return drawn @ _table(fold.claimed, reached, ~fold.genuine, fold.users, thresholds)
    met = fold.claimed * fold.users + fold.typed
    table = _table(met, reached, ~fold.genuine, fold.users**2, thresholds)
    by_typed = (drawn @ table.reshape(fold.users, -1)).reshape(len(drawn), fold.users, -1)
    return np.asarray(np.einsum("rtb,rt->rb", by_typed, drawn))


def _table(rows: Rows, columns: Rows, kept: Marks, height: int, thresholds: int) -> Floats:
    width = thresholds + 1
    cells = np.bincount((rows * width + columns)[kept], minlength=height * width)
    return cells.reshape(height, width).astype(np.float32)


def _crossing(fnmr: Rates, fmr: Rates) -> Scores:
    """Return where the rising FNMR meets the falling FMR in each row, between thresholds too."""
    after = (fnmr >= fmr).argmax(axis=1)
    before = np.maximum(after - 1, 0)
    row = np.arange(len(fnmr))
    low, high = (fmr - fnmr)[row, before], (fnmr - fmr)[row, after]
    with np.errstate(invalid="ignore", divide="ignore"):
        part = np.where((after > before) & (low + high > 0), low / (low + high), 1.0)
    ends = [(fnmr[row, at] + fmr[row, at]) / 2 for at in (before, after)]
    return np.asarray((1 - part) * ends[0] + part * ends[1], dtype=np.float64)
