"""Error rates of scores, and what so many comparisons can show.

A comparison is accepted when its score is at or above the threshold.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]

# What int() would else lose of a product such as .0001 * 30,000.
_ROUNDING = 1 + 1e-12


def measurable(count: int, rate: float) -> bool:
    """Whether `count` comparisons can show `rate`: n >= 3/rate (rule of three, ISO/IEC 19795-1)."""
    return count * rate * _ROUNDING >= 3


def not_measurable(of: str) -> str:
    """Return the words that stand in place of a rate."""
    return f"not measurable: n < 3/{of}"


def allowed(total: Scores | int, rate: float) -> Scores:
    """Return how many of `total` comparisons may be accepted at `rate`."""
    return np.asarray(total * rate * _ROUNDING, dtype=np.float64)


def threshold_at(impostor: Scores, rate: float) -> float:
    """Return the lowest threshold that at most this share of impostor scores reach."""
    falling = np.sort(impostor)[::-1]
    return above(falling[int(allowed(len(falling), rate))])


def above(score: float) -> float:
    """Return the lowest threshold that `score` does not reach."""
    return float(np.nextafter(score, np.inf))


def equal_error_rate(genuine: Scores, impostor: Scores) -> float:
    """Return the mean of FNMR and FMR at the threshold where they are nearest to each other."""
    thresholds = np.unique(np.concatenate([genuine, impostor]))
    fnmr = np.searchsorted(np.sort(genuine), thresholds) / len(genuine)
    fmr = 1 - np.searchsorted(np.sort(impostor), thresholds) / len(impostor)
    nearest = int(np.argmin(np.abs(fnmr - fmr)))
    return float((fnmr[nearest] + fmr[nearest]) / 2)


def rule_of_three(errors: int, count: int, key: str = "upper_95") -> dict[str, float]:
    """Return the 95 % upper bound 3/count under `key` where there was no error, else nothing.

    `count` is of people where it can be: the comparisons of one person depend on each other.
    """
    return {} if errors else {key: min(1.0, 3 / count)}


def clopper_pearson(errors: int, count: int) -> tuple[float, float]:
    """Return the exact 95 % interval of a rate (Clopper and Pearson 1934), of `count` above 0.

    Cases must be independent: of frames of one person, which are not, it is too narrow.
    """
    # Where the chance of so many errors or more, and of so few or fewer, falls to 2.5 %.
    lower = _rate_where(lambda rate: _at_least(errors, count, rate) >= 0.025) if errors else 0.0
    few = count - errors
    upper = _rate_where(lambda rate: _at_least(few, count, 1 - rate) < 0.025) if few else 1.0
    return lower, upper


def _rate_where(reached: Callable[[float], bool]) -> float:
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return (low + high) / 2


def _at_least(errors: int, count: int, rate: float) -> float:
    odds, ways = math.log(rate) - math.log1p(-rate), math.lgamma(count + 1)
    terms = (
        ways - math.lgamma(k + 1) - math.lgamma(count - k + 1) + k * odds
        for k in range(errors, count + 1)
    )
    return math.fsum(math.exp(term + count * math.log1p(-rate)) for term in terms)
