"""KakaoBank's shuffled pad has a fixed grid: which key was tapped, and how far from its centre."""

import numpy as np

from edge_atm.assurance.touch_data import KakaoBank
from edge_atm.touch.features import GAP_SECONDS, Doubles

# Centres of the 3 columns and 4 rows as parts of the pad, one line for each `device`: the means of
# the taps nearest to each, spaced evenly. The pad's geometry, as a unit knows that of its own.
COLUMNS = np.array([[0.175, 0.511, 0.848], [0.167, 0.514, 0.861]])
ROWS = np.array([[0.172, 0.387, 0.601, 0.816], [0.112, 0.365, 0.619, 0.873]])
# Rows and columns asked for, repeats and distances: what follows from the PIN and the shuffle.
GIVEN = 22
_SPREAD_MIN = 0.02


def grid_evidence(taps: KakaoBank) -> Doubles:
    """Return what a Plda compares of KakaoBank's entries: float64 [N, 15 + GIVEN].

    5 log gaps, their mean and deviation; mean x and y from the keys' centres, in pitches, their
    slopes along columns and rows, the logs of their deviations. Then the conditions, for `fit`'s
    `given`: for each gap whether the key is the same, how far the keys lie apart, and each tap's
    column and row. The centres differ by `device`, so its pad is not in the evidence.
    """
    column, x = _nearest(taps.xy[:, :, 0], COLUMNS[taps.device])
    row, y = _nearest(taps.xy[:, :, 1], ROWS[taps.device])
    gaps = np.log(np.clip(np.diff(taps.down_seconds, axis=1), *GAP_SECONDS))
    right, down = column - 1.0, row - 1.5
    slopes = [_slope(x, right), _slope(y, down), _slope(y, right), _slope(x, down)]
    spread = [np.log(off.std(axis=1) + _SPREAD_MIN) for off in (x, y)]
    whole = [gaps.mean(axis=1), gaps.std(axis=1), x.mean(axis=1), y.mean(axis=1), *slopes, *spread]
    # A key is about 1.25 times as wide as high.
    apart = np.hypot(1.25 * np.diff(column, axis=1), np.diff(row, axis=1))
    asked = [apart == 0, apart, right, down]
    return np.concatenate([gaps, np.stack(whole, axis=1), *asked], axis=1)


def _nearest(place: Doubles, centres: Doubles) -> tuple[Doubles, Doubles]:
    """Return the nearest centre's number and the offset from it in pitches, both [N, T]."""
    away = place[:, :, None] - centres[:, None, :]
    nearest = np.abs(away).argmin(axis=2)
    offset = np.take_along_axis(away, nearest[:, :, None], axis=2)[:, :, 0]
    return nearest.astype(np.float64), offset / (centres[:, 1] - centres[:, 0])[:, None]


def _slope(offset: Doubles, along: Doubles) -> Doubles:
    """Return the slope of [N, T] through 0, held small where one entry tells little of it."""
    return np.asarray((offset * along).sum(axis=1) / (np.square(along).sum(axis=1) + 1.0))
