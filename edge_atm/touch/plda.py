"""Probabilistic linear discriminant analysis: how much likelier one person than two typed both."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_atm.records import Floats
from edge_atm.touch.features import Doubles

Labels = npt.NDArray[np.generic]

# Part of a covariance between two features that few users cannot tell from chance. Chosen inside
# the training users of KakaoBank and StrokePIN, where .05 to .3 differ by less than .005 of EER.
SHRINKAGE = 0.2
# Share of a feature's variance that is given to each as noise, so that a constant one counts 0.
NOISE = 1e-4
# A feature counts as no farther from the mean than this many standard deviations: one long pause
# must not outweigh five steady gaps. Chosen as SHRINKAGE was.
FAR = 2.5
# How firmly the spread of all users is believed of one: as firmly as so many deviations of his own.
# Chosen by Cllr on users of SapiPin and HoldAndTap that the model had not seen, each set counting
# alike: 5 to 30 differ by less than .005.
FREEDOM = 10
# Directions in which users differ by less than this part of one user's spread are left out.
BETWEEN_MIN = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class Plda:
    """From features to coordinates in which one user's entries spread by 1 each way.

    Each feature is scaled by `centre`, `scale` [F] and held within +-FAR; then `directions`
    [F, D] less `middle` [D]. `between` [D] is the variance of users about 0 there, falling and
    positive. All float64.
    """

    centre: Doubles
    scale: Doubles
    directions: Doubles
    middle: Doubles
    between: Doubles

    def habits(self, features: Doubles) -> Doubles:
        """Return the coordinates [N, D] of features [N, F]."""
        scaled = np.clip((features - self.centre) / self.scale, -FAR, FAR)
        return np.asarray(scaled @ self.directions - self.middle)


def evidence(taps: Floats) -> Doubles:
    """Return what a Plda compares of sequences: float64 [N, T * C - 1 + 2 * C].

    `taps` [N, T, C] as `features.sequence` gives, the log gap first. The gaps, their mean and
    standard deviation; then all other channels tap by tap, and theirs. The first tap has no gap.
    """
    gaps, rest = taps[:, 1:, 0].astype(np.float64), taps[:, :, 1:].astype(np.float64)
    statistics = [gaps.mean(axis=1), gaps.std(axis=1)]
    each = [gaps, np.stack(statistics, axis=1), rest.reshape(len(taps), -1)]
    return np.concatenate([*each, rest.mean(axis=1), rest.std(axis=1)], axis=1)


def fit(features: Doubles, users: Labels, pins: Labels | None = None, *, given: int = 0) -> Plda:
    """Measure how entries of one user, and users, differ: a two-covariance model.

    `features` [N, F], finite; `users` [N]; `pins` [N] where one user typed several: then a class
    is a user's entries of one PIN, and users are compared about the mean of their PIN, because an
    impostor who matters types the same. The last `given` columns are conditions and no evidence
    (how far the keys lie apart): least squares takes them out of the others.

    Raises ValueError with fewer than 3 classes, none with two entries, or what is not finite.

    Source: Ioffe, "Probabilistic Linear Discriminant Analysis", ECCV 2006, section 3 (within and
    between made diagonal at once); moments instead of EM, so the number of entries may differ.
    """
    classes, pin_of_class, which, counts = _classes(users, pins)
    if not (len(counts) >= 3 and counts.max() >= 2 and np.isfinite(features).all()):
        raise ValueError("Three users, one with two entries, and finite features are needed.")
    centre, spread = features.mean(axis=0), features.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    scaled = np.clip((features - centre) / scale, -FAR, FAR)
    kept = _without(scaled, given)
    means = _means(scaled @ kept, which, classes)
    within = _within(scaled @ kept - means[which], len(scaled) - classes)
    between = _between(means, pin_of_class) - within * np.mean(1.0 / counts)
    directions, variances = _diagonal(within, between)
    # A user counts as much as another, however often he typed.
    middle = means.mean(axis=0) @ directions
    return Plda(centre, scale, kept @ directions, middle, variances)


def llr(mean: Doubles, n: int, probe: Doubles, between: Doubles) -> Doubles:
    """Return the natural log of p(probe | the same user) / p(probe | another).

    `mean` [D] or [K, D] of `n` enrolled habits, `probe` [M, D], `between` [D]: [M] or [K, M].
    A user's centre given `mean` is normal with mean s * mean and variance between / (1 + n *
    between), s = n * between / (1 + n * between); the entry adds 1. Another's entry has variance
    1 + between about 0. Not finite in, NaN out.

    Source: Ioffe 2006, section 4; Prince and Elder, "Probabilistic Linear Discriminant Analysis
    for Inferences About Identity", ICCV 2007, the closed form for one shared latent variable.
    """
    same = 1.0 + between / (1.0 + n * between)
    other = 1.0 + between
    expected = mean * (n * between / (1.0 + n * between))
    by_probe = np.square(probe) @ (1.0 / other - 1.0 / same)
    by_both = 2.0 * (expected / same) @ probe.T
    by_mean = (np.square(expected) / same).sum(axis=-1)[..., None]
    constant = (np.log(other) - np.log(same)).sum()
    return np.asarray(0.5 * (by_probe + by_both - by_mean + constant))


def llr_of_kept(kept: Doubles, probe: Doubles, between: Doubles) -> Doubles:
    """Return `llr` [M] where the user's own spread counts too: who types evenly must go on so.

    `kept` [n, D], n >= 1; `probe` [M, D]. One variance for all directions, 1 over all users, has
    an inverse gamma prior of FREEDOM; with it at its posterior mean the centre is as in `llr`, and
    an entry has a multivariate t distribution; another's entry has FREEDOM alone.

    Source: Kenny, "Bayesian Speaker Verification with Heavy-Tailed Priors", Odyssey 2010, for the
    tails; the conjugate update as in Gelman et al., "Bayesian Data Analysis", 3rd ed., section 3.3.
    """
    n, width = kept.shape
    mean = kept.mean(axis=0)
    freedom = FREEDOM + (n - 1) * width
    variance = (FREEDOM + np.square(kept - mean).sum()) / freedom
    expected = mean * (n * between / (variance + n * between))
    same = variance * (1.0 + between / (variance + n * between))
    return _log_t(probe - expected, same, freedom) - _log_t(probe, 1.0 + between, FREEDOM)


def _log_t(away: Doubles, variance: Doubles, freedom: int) -> Doubles:
    """Return the log density of the multivariate t distribution, less what depends on D alone."""
    width = len(variance)
    constant = math.lgamma((freedom + width) / 2) - math.lgamma(freedom / 2)
    constant -= width / 2 * math.log(freedom) + float(np.log(variance).sum()) / 2
    squares = (np.square(away) / variance).sum(axis=-1)
    return np.asarray(constant - (freedom + width) / 2 * np.log1p(squares / freedom))


def _classes(
    users: Labels, pins: Labels | None
) -> tuple[int, npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return how many classes, each one's PIN, each entry's class and each class's entries."""
    _, user = np.unique(users, return_inverse=True)
    pin = np.zeros_like(user) if pins is None else np.unique(pins, return_inverse=True)[1]
    pairs, which, counts = np.unique(
        np.stack([user, pin]), axis=1, return_inverse=True, return_counts=True
    )
    return pairs.shape[1], pairs[1], which.reshape(-1), counts


def _means(values: Doubles, which: npt.NDArray[np.intp], classes: int) -> Doubles:
    sums = np.zeros((classes, values.shape[1]))
    np.add.at(sums, which, values)
    return np.asarray(sums / np.bincount(which, minlength=classes)[:, None])


def _without(scaled: Doubles, given: int) -> Doubles:
    """Return [F, F - given]: what takes the last `given` columns out of the others."""
    evidence = scaled.shape[1] - given
    explained, *_ = np.linalg.lstsq(scaled[:, evidence:], scaled[:, :evidence], rcond=None)
    return np.concatenate([np.eye(evidence), -explained])


def _within(rest: Doubles, freedom: int) -> Doubles:
    spread = rest.T @ rest / freedom
    own = np.diag(np.diag(spread))
    return np.asarray((1 - SHRINKAGE) * spread + SHRINKAGE * own + NOISE * np.eye(len(own)))


def _between(means: Doubles, pin_of_class: npt.NDArray[np.intp]) -> Doubles:
    """Return the covariance of the classes' means about the mean of their PIN."""
    _, pin = np.unique(pin_of_class, return_inverse=True)
    rest = means - _means(means, pin, pin.max() + 1)[pin]
    return np.asarray(rest.T @ rest / max(len(means) - (pin.max() + 1), 1))


def _diagonal(within: Doubles, between: Doubles) -> tuple[Doubles, Doubles]:
    """Return directions [F, D] in which `within` is I and `between` diagonal, and its [D]."""
    white = np.linalg.inv(np.linalg.cholesky(within))
    variances, turned = np.linalg.eigh(white @ between @ white.T)
    order = np.argsort(-variances)
    order = order[variances[order] >= BETWEEN_MIN]
    return white.T @ turned[:, order], variances[order]
