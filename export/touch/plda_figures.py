"""How honest the shipped touch models are: calibrated, and judged on users never trained on."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from edge_atm.assurance import touch_eer
from edge_atm.assurance.calibrate import logistic
from edge_atm.assurance.likelihood import Fit, cllr, cllr_min
from edge_atm.assurance.rates import Scores
from edge_atm.assurance.resampling import interval_95, resampled_counts
from edge_atm.assurance.touch_eer import Tried
from edge_atm.policy.habit import LLR_LOG10_MAX, LLR_LOG10_MIN
from export.touch.plda_trials import Trials

Figures = dict[str, object]


def calibration(sets: Sequence[Sequence[Tried]]) -> Fit:
    """Return the line from natural log likelihood ratios to calibrated ones, log10.

    Each set counts alike: of the larger ones as many scores as the smallest has, evenly taken.
    Raises ValueError when genuine and impostor scores part completely.
    """
    offset, slope = logistic(_alike(sets, True), _alike(sets, False)) / np.log(10)
    return Fit(float(offset), float(slope), math.inf)


def _alike(sets: Sequence[Sequence[Tried]], own: bool) -> Scores:
    scores = [np.concatenate([f.scores[f.genuine == own] for f in folds]) for folds in sets]
    count = min(map(len, scores))
    return np.concatenate([s[np.linspace(0, len(s) - 1, count).astype(int)] for s in scores])


def figures(trials: Trials) -> dict[str, Figures]:
    """Return each set's figures; a fold is calibrated on the scores of the four others."""
    count = len(next(iter(trials.values())))
    fits = [
        calibration([(*folds[:left], *folds[left + 1 :]) for folds in trials.values()])
        for left in range(count)
    ]
    return {name: of_set(folds, fits) for name, folds in trials.items()}


def of_set(folds: Sequence[Tried], fits: Sequence[Fit]) -> Figures:
    """Return the figures of one set, each of whose folds has its calibration."""
    rates, _ = touch_eer.figures(list(folds))
    lines = [fit.line(fold.scores) for fold, fit in zip(folds, fits, strict=True)]
    own = np.concatenate([fold.genuine for fold in folds])
    genuine, impostor = (np.concatenate(lines)[own == kind] for kind in (True, False))
    kept = ("users", "n_genuine", "n_impostor", "eer", "interval_95")
    return {
        **{key: rates[key] for key in kept},
        "cllr": cllr(genuine, impostor),
        "cllr_min": cllr_min(genuine, impostor),
        **_unlike("genuine_unlike", folds, lines, own=True),
        **_unlike("impostor_unlike", folds, lines, own=False),
        "genuine_unlike_twice": _twice(folds, lines, own=True),
        "impostor_unlike_twice": _twice(folds, lines, own=False),
    }


def _unlike(name: str, folds: Sequence[Tried], lines: Sequence[Scores], own: bool) -> Figures:
    """Return what share of single entries the unit finds unlike, and its interval.

    The interval resamples the users who are claimed.
    """
    misses, counts = [], []
    for fold, line in zip(folds, lines, strict=True):
        who = fold.claimed[fold.genuine == own]
        below = line[fold.genuine == own] < LLR_LOG10_MIN
        misses.append(np.bincount(who, below, fold.users))
        counts.append(np.bincount(who, minlength=fold.users))
    missed, tried = np.concatenate(misses), np.concatenate(counts)
    drawn = resampled_counts(*(fold.users for fold in folds))
    share = float(missed.sum() / tried.sum())
    interval = interval_95(share, (drawn @ missed) / (drawn @ tried))
    return {name: share, f"{name}_interval_95": interval}


def _twice(folds: Sequence[Tried], lines: Sequence[Scores], own: bool) -> float:
    """Return what share of sessions of two entries, one after the other, ends as unlike.

    As policy/habit.py judges: the first is unlike, and so is the sum of both.
    """
    unlike, sessions = 0, 0
    for fold, line in zip(folds, lines, strict=True):
        held = np.clip(line, -LLR_LOG10_MAX, LLR_LOG10_MAX)
        assert fold.typed is not None
        people = fold.claimed * fold.users + fold.typed
        for one, other in pairwise(np.flatnonzero(fold.genuine == own)):
            if people[one] == people[other]:
                sessions += 1
                both = held[one] + held[other]
                unlike += bool(held[one] < LLR_LOG10_MIN and both < LLR_LOG10_MIN)
    return unlike / sessions
