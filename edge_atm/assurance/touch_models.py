"""What scores entries without a network: PLDA, scaled Manhattan, controls without habit."""

from collections.abc import Callable
from itertools import combinations

import numpy as np

from edge_atm.assurance.touch_data import Words
from edge_atm.assurance.touch_design import Design
from edge_atm.records import Floats
from edge_atm.touch import plda
from edge_atm.touch.features import Doubles

# The score of each claim for each probe, float64 [K, M]; higher is more alike.
Scorer = Callable[[Design], Doubles]
# Entries that the spread of all training users counts for, beside the user's own.
_PRIOR_ENTRIES = 4
# Two taps nearer than this, in parts of the pad, hit the same key (the data's README).
_SAME_KEY = 0.13


def by_plda(
    features: Doubles, users: Words, pins: Words | None = None, *, given: int = 0
) -> Scorer:
    """Return natural log likelihood ratios of `features` [N, F]; others as in `plda.fit`."""

    def scores(design: Design) -> Doubles:
        seen = None if pins is None else pins[design.train]
        model = plda.fit(features[design.train], users[design.train], seen, given=given)
        mean = model.habits(features[design.enrolled.ravel()])
        mean = mean.reshape(*design.enrolled.shape, -1).mean(axis=1)
        probe = model.habits(features[design.probes])
        return plda.llr(mean, design.enrolled.shape[1], probe, model.between)

    return scores


def by_manhattan(features: Doubles, users: Words) -> Scorer:
    """Return minus the mean distance from the enrolled mean, each feature by its own spread.

    The spread is the user's mean absolute deviation, drawn to that of all training users, since
    five entries hardly tell their own. Source: Killourhy and Maxion, "Comparing Anomaly-Detection
    Algorithms for Keystroke Dynamics", DSN 2009, scaled Manhattan.
    """

    def scores(design: Design) -> Doubles:
        everybody = _deviation(features[design.train], users[design.train])
        enrolled = features[design.enrolled]
        mean = enrolled.mean(axis=1)
        own = np.abs(enrolled - mean[:, None]).mean(axis=1)
        more = design.enrolled.shape[1] - 1
        scale = (more * own + _PRIOR_ENTRIES * everybody) / (more + _PRIOR_ENTRIES) + 1e-9
        probes = features[design.probes]
        rows = zip(mean, scale, strict=True)
        return -np.stack([(np.abs(probes - m) / s).mean(axis=1) for m, s in rows])

    return scores


def by_structure(xy: Doubles) -> Scorer:
    """Return how well the repeats of keys agree, which the PIN decides and no habit: a control.

    `xy` [N, 6, 2]. Log likelihood of a probe's 15 repeats, given the share among the enrolled.
    """
    first, second = np.array(list(combinations(range(xy.shape[1]), 2))).T
    same = np.linalg.norm(xy[:, first] - xy[:, second], axis=2) < _SAME_KEY

    def scores(design: Design) -> Doubles:
        count = design.enrolled.shape[1]
        share = (same[design.enrolled].sum(axis=1) + 0.25) / (count + 0.5)
        probes = same[design.probes]
        return np.asarray(np.log(share) @ probes.T + np.log(1 - share) @ ~probes.T)

    return scores


def by_sameness(words: Words) -> Scorer:
    """Return 1 where a probe's word is the claim's, else 0: a control. `words` [N]: the phone."""

    def scores(design: Design) -> Doubles:
        claimed = words[design.enrolled[:, 0]]
        return np.equal.outer(claimed, words[design.probes]).astype(np.float64)

    return scores


def by_cosine(habits: Floats, medoid: bool = False) -> Scorer:
    """Return cosines of `habits` [N, D] to one vector of the enrolled ones.

    The mean, or the `medoid`: the one that is most alike to the user's others.
    """
    units = habits / np.linalg.norm(habits, axis=1, keepdims=True)

    def scores(design: Design) -> Doubles:
        enrolled = units[design.enrolled].astype(np.float64)
        if medoid:
            alike = (enrolled @ enrolled.transpose(0, 2, 1)).sum(axis=2)
            one = enrolled[np.arange(len(enrolled)), alike.argmax(axis=1)]
        else:
            one = enrolled.mean(axis=1)
        one /= np.linalg.norm(one, axis=1, keepdims=True)
        return np.asarray(one @ units[design.probes].T)

    return scores


def _deviation(features: Doubles, users: Words) -> Doubles:
    _, user = np.unique(users, return_inverse=True)
    sums = np.zeros((user.max() + 1, features.shape[1]))
    np.add.at(sums, user, features)
    means = sums / np.bincount(user)[:, None]
    return np.asarray(np.abs(features - means[user]).mean(axis=0))
