"""How one PIN was tapped: a key, two times and a place for each tap, as far as the pad tells."""

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

TAPS_MIN, TAPS_MAX = 4, 6
ENTRY_SECONDS_MAX: Final = 30.0
OFFSET_PITCHES_MAX: Final = 1.5
SIZE_PITCHES_MAX: Final = 3.0
NOT_TOLD: Final = math.nan

# The least and the most of each number; `size` must be above 0, as `up_seconds` above the down.
_RANGES = {
    "down_seconds": (0.0, ENTRY_SECONDS_MAX),
    "up_seconds": (0.0, ENTRY_SECONDS_MAX),
    "x": (-OFFSET_PITCHES_MAX, OFFSET_PITCHES_MAX),
    "y": (-OFFSET_PITCHES_MAX, OFFSET_PITCHES_MAX),
    "size": (math.ulp(0.0), SIZE_PITCHES_MAX),
    "pressure": (0.0, 1.0),
}
# What a panel tells of every tap of an entry, or of none.
_OPTIONAL = tuple(_RANGES)[1:]


@dataclass(frozen=True, slots=True)
class Tap:
    """One finger on one key; its printed form hides what it holds.

    `key`: one digit. `down_seconds`, `up_seconds`: since the first tap went down. `x` to the right
    and `y` down from the key's centre, in key pitches: the distance of neighbouring keys' centres
    in that direction, at most 1.5. `size`: the longer axis of the contact in horizontal pitches,
    above 0, at most 3. `pressure`: 0 to 1 as the panel tells it. NaN: the panel does not tell.
    """

    key: str = field(repr=False)
    down_seconds: float = field(repr=False)
    up_seconds: float = field(default=NOT_TOLD, repr=False)
    x: float = field(default=NOT_TOLD, repr=False)
    y: float = field(default=NOT_TOLD, repr=False)
    size: float = field(default=NOT_TOLD, repr=False)
    pressure: float = field(default=NOT_TOLD, repr=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """One typed PIN; its printed form hides it. `taps` is empty where the pad tells none.

    Else 4 to 6 taps whose keys are `digits`: the first goes down at 0 s, each after the one
    before, and comes up after it went down, also when the next is down already; all in 30 s. What
    the panel tells (`up_seconds`; `x` and `y`; `size`; `pressure`) it tells of all taps or of
    none. Raises ValueError for taps that are not so.
    """

    digits: str = field(repr=False)
    taps: tuple[Tap, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if self.taps:
            _check(self.taps)
            if self.digits != "".join(tap.key for tap in self.taps):
                raise ValueError("The keys of the taps are not the digits.")


def parse_taps(raw: object) -> tuple[Tap, ...]:
    """Return the taps of a pad's decoded JSON: a list of one object for each tap.

    `key` and `down_seconds` are required; the other fields of `Tap` may be left out or null where
    the panel does not tell. Nothing is rounded, trimmed or guessed: an unknown field, a wrong type
    or a number out of its range raises ValueError, whose one sentence names no digit.
    """
    if not isinstance(raw, list):
        raise ValueError("The taps are no list.")
    taps = tuple(_tap(one) for one in raw)
    _check(taps)
    return taps


def _tap(raw: object) -> Tap:
    if not isinstance(raw, dict):
        raise ValueError("A tap is no object.")
    if not {"key", "down_seconds"} <= raw.keys() <= {"key", *_RANGES}:
        raise ValueError("A tap lacks its key or its time, or has a field that nobody knows.")
    if not isinstance(raw["key"], str):
        raise ValueError("A tap's key is no text.")
    told = {name: raw[name] for name in _RANGES if raw.get(name) is not None}
    if "down_seconds" not in told:
        raise ValueError("A tap's down_seconds is not told.")
    return Tap(raw["key"], **{name: _number(name, value) for name, value in told.items()})


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"A tap's {name} is no number.")
    low, high = _RANGES[name]
    # Before it becomes a float: JSON's whole numbers may be too large for one.
    if not low <= value <= high:
        raise ValueError(f"A tap's {name} is out of range.")
    return float(value)


def _check(taps: tuple[Tap, ...]) -> None:
    if not TAPS_MIN <= len(taps) <= TAPS_MAX:
        raise ValueError(f"An entry has {TAPS_MIN} to {TAPS_MAX} taps.")
    for tap in taps:
        if len(tap.key) != 1 or tap.key not in "0123456789":
            raise ValueError("A tap's key is no digit.")
        _number("down_seconds", tap.down_seconds)
    for name in _OPTIONAL:
        _check_all_or_none(name, [getattr(tap, name) for tap in taps])
    if math.isnan(taps[0].x) is not math.isnan(taps[0].y):
        raise ValueError("A tap's x is told without its y, or its y without its x.")
    _check_order(taps)


def _check_all_or_none(name: str, values: list[float]) -> None:
    told = [value for value in values if not math.isnan(value)]
    if told and len(told) < len(values):
        raise ValueError(f"{name} is told of some taps and not of others.")
    for value in told:
        _number(name, value)


def _check_order(taps: tuple[Tap, ...]) -> None:
    downs = [tap.down_seconds for tap in taps]
    if downs[0] != 0.0:
        raise ValueError("The first tap does not go down at 0 seconds.")
    if not all(a < b for a, b in pairwise(downs)):
        raise ValueError("A tap does not go down after the one before.")
    if not all(math.isnan(tap.up_seconds) or tap.up_seconds > tap.down_seconds for tap in taps):
        raise ValueError("A tap does not come up after it went down.")
