"""What taps say about who tapped, as numbers: one implementation for training and for the unit."""

import enum
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_atm.records import Floats
from edge_atm.taps import Tap

Doubles = NDArray[np.float64]

# The columns of recorded taps, float64 [N, T, 6]; NaN where the panel does not tell.
RECORDED: Final = ("down_seconds", "up_seconds", "x", "y", "size", "pressure")
CHANNELS: Final = ("gap", "hold", "x", "y", "size", "pressure")
# Shorter times are the clock's steps, longer ones a pause: neither is a habit.
GAP_SECONDS: Final = (0.01, 5.0)
HOLD_SECONDS: Final = (0.005, 2.0)
# Two taps on one key lie some hundredths of the pad apart: speeds of less distance are noise.
_DISTANCE_MIN: Final = 0.02


@enum.unique
class Level(enum.Enum):
    """How much a pad tells of a tap: the channels that `sequence` gives, in this order."""

    GAP = ("gap",)
    HOLD = ("gap", "hold")
    PLACE = ("gap", "x", "y")
    PLACE_HOLD = ("gap", "hold", "x", "y")
    CONTACT = CHANNELS


LEVEL_OF_CHANNELS: Final = {len(level.value): level for level in Level}


def recorded(entries: Sequence[Sequence[Tap]]) -> Doubles:
    """Return taps as float64 [N, T, 6], columns as in RECORDED; all entries have T taps."""
    rows = [[[getattr(tap, name) for name in RECORDED] for tap in taps] for taps in entries]
    return np.array(rows, dtype=np.float64).reshape(len(rows), -1, len(RECORDED))


def sequence(taps: Doubles, level: Level) -> Floats:
    """Return the channels of `level` for each tap: float32 [N, T, C].

    `taps` [N, T, 6] as `recorded` gives. `gap`: natural log of the seconds since the tap before
    went down, 0 for the first tap; `hold`: of the seconds it was down, both within fixed bounds;
    `x`, `y`: key pitches; `size`: natural log of key pitches; `pressure`. NaN in, NaN out.
    """
    down, up, x, y, size, pressure = np.moveaxis(np.asarray(taps, dtype=np.float64), 2, 0)
    gap = np.zeros_like(down)
    gap[:, 1:] = np.log(np.clip(np.diff(down, axis=1), *GAP_SECONDS))
    hold = np.log(np.clip(up - down, *HOLD_SECONDS))
    with np.errstate(divide="ignore", invalid="ignore"):
        told = {"gap": gap, "hold": hold, "x": x, "y": y, "size": np.log(size)}
    told["pressure"] = pressure
    return np.stack([told[name] for name in level.value], axis=2).astype(np.float32)


def pair_features(down_seconds: Doubles, xy: Doubles) -> Doubles:
    """Return float64 [N, 2T(T-1) + 2T + 3]: 35, 53 or 75 features of 4, 5 or 6 taps.

    `down_seconds` [N, T]; `xy` [N, T, 2] on the pad, 1 being its width or height. Columns: of all
    pairs of taps (1-2, 1-3 ... 5-6) the log seconds between them, then the distances, then the
    angles in radians (0 to the right, then down; 0 for one place), then the logs of distance per
    second; then x and y of tap 1, tap 2, ...; then mean, standard deviation and largest of the log
    gaps between neighbouring taps.

    Source: the four kinds and the number 75 are the talk's (KakaoBank, if(kakao) 2022); which
    statistics, and the logs, are ours.
    """
    first, second = np.triu_indices(down_seconds.shape[1], 1)
    seconds = np.log(
        np.clip(down_seconds[:, second] - down_seconds[:, first], GAP_SECONDS[0], None)
    )
    step = xy[:, second] - xy[:, first]
    distance = np.sqrt(np.square(step[:, :, 0]) + np.square(step[:, :, 1]))
    angle = np.arctan2(step[:, :, 1], step[:, :, 0])
    speed = np.log(np.maximum(distance, _DISTANCE_MIN)) - seconds
    places = xy.reshape(len(xy), -1)
    return np.concatenate(
        [seconds, distance, angle, speed, places, _gap_statistics(down_seconds)], 1
    )


def _gap_statistics(down_seconds: Doubles) -> Doubles:
    gaps = np.log(np.clip(np.diff(down_seconds, axis=1), *GAP_SECONDS))
    return np.stack([gaps.mean(axis=1), gaps.std(axis=1), gaps.max(axis=1)], axis=1)
