"""Who is compared with whom to calibrate and judge the shipped touch models."""

from collections.abc import Mapping, Sequence

import numpy as np

from edge_atm.assurance.touch_design import Rows, spread_five
from edge_atm.assurance.touch_eer import Tried
from edge_atm.assurance.touch_folds import FOLDS, fold_of
from edge_atm.touch.features import Doubles, Level
from edge_atm.touch.plda import Labels, Plda, llr_of_kept
from export.touch import plda
from export.touch.plda import Typed, evidence

# By set, the comparisons of each fold.
Trials = Mapping[str, Sequence[Tried]]


def compared(model: Plda, found: Typed, taps: int, level: Level) -> Tried:
    """Compare all users: five entries spread over the order enrol, the others test; natural logs.

    The order holds all postures, so a habit must hold from one to the other. Users are numbered by
    name. Raises ValueError where fewer than two have seven entries.
    """
    _, number = np.unique(found.users, return_inverse=True)
    return _compared(model, evidence(found, taps, level), number, found.entry)


def same_pin(model: Plda, found: Typed, pins: Labels, taps: int, level: Level) -> Tried:
    """Compare users who typed the same of `pins` [N], as `compared`; all PINs in one pool."""
    _, number = np.unique(found.users, return_inverse=True)
    told, each = evidence(found, taps, level), [pins == pin for pin in np.unique(pins)]
    parts = [_compared(model, told[rows], number[rows], found.entry[rows]) for rows in each]
    return Tried(
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.genuine for part in parts]),
        np.concatenate([part.claimed for part in parts]),
        np.concatenate([part.typed for part in parts if part.typed is not None]),
        int(number.max()) + 1,
    )


def _compared(model: Plda, told: Doubles, number: Rows, entry: Labels) -> Tried:
    habits = model.habits(told)
    kept, tests, owners = [], [], []
    for user in np.unique(number):
        rows = np.flatnonzero(number == user)
        rows = rows[np.argsort(entry[rows], kind="stable")]
        chosen = spread_five(len(rows))
        if len(chosen):
            kept.append(habits[rows[chosen]])
            tests.append(np.delete(rows, chosen))
            owners.append(user)
    if len(kept) < 2:
        raise ValueError("Fewer than two users have seven entries.")
    probes = np.concatenate(tests)
    scores = np.concatenate([llr_of_kept(own, habits[probes], model.between) for own in kept])
    claimed, typed = np.repeat(owners, len(probes)), np.tile(number[probes], len(kept))
    return Tried(scores, claimed == typed, claimed, typed, int(number.max()) + 1)


def cross_validated(found: Typed, taps: int, level: Level) -> dict[str, list[Tried]]:
    """Return for each set the trials of each fold, by models that never saw the fold's users."""
    each, which = np.unique(found.users, return_inverse=True)
    fold = np.array([fold_of(*str(user).split(":", 1)) for user in each])[which]
    names = [str(name) for name in np.unique(found.sets)]
    trials: dict[str, list[Tried]] = {name: [] for name in names}
    for tested in range(FOLDS):
        model = plda.train(found.of(fold != tested), taps, level)
        for name in names:
            chosen = found.of((fold == tested) & (found.sets == name))
            trials[name].append(compared(model, chosen, taps, level))
    return trials
