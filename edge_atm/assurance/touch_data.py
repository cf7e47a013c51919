"""Reads the public sets of tapped PINs, one array for each kind of fact; rows in file order."""

import csv
import gzip
import io
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_atm.touch.features import Doubles

Words = NDArray[np.str_]
Whole = NDArray[np.int64]
Columns = Mapping[str, Sequence[str]]

KAKAO_TAPS = STROKE_TAPS = SAPI_TAPS = 6
HOLD_TAPS = 8
# StrokePIN's pad in its own pixels: key centres as its data's README gives them, and a key's width
# and height (1,080 px are three keys; 1 to 0 are three rows).
CENTRES = {
    "1": (161, 100), "2": (601, 113), "3": (877, 114), "4": (182, 289), "5": (601, 296),
    "6": (869, 287), "7": (208, 454), "8": (585, 478), "9": (882, 471), "0": (582, 643),
}  # fmt: skip
PITCH = (360.0, 181.0)
# Its pressures reach 13.5; a panel tells 0 to 1.
PRESSURE_MAX = 16.0


@dataclass(frozen=True, slots=True, eq=False)
class KakaoBank:
    """A shuffled pad on people's own phones: times and places only.

    `users`, `structure` [N] (which of the six taps hit the same key, as ABCDEE); `down_seconds`
    [N, 6]; `xy` [N, 6, 2], 1 being the pad's width or height; `device` [N] (1 is held to be iOS);
    `age` [N]: 5 and above is held to be 50 years and more.
    """

    users: Words
    down_seconds: Doubles
    xy: Doubles
    structure: Words
    device: Whole
    age: Whole

    @property
    def taps(self) -> Doubles:
        """As `Recorded.taps`, but x and y are places on the pad: its keys move."""
        told = np.full((*self.down_seconds.shape, 6), np.nan)
        told[:, :, 0], told[:, :, 2:4] = self.down_seconds, self.xy
        return told


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """Entries on a fixed pad: `users`, `entry` [N] (its number, rising), `taps` [N, T, 6].

    `taps` as edge_atm/touch/features.py wants them, NaN for what the set does not tell. `pins`,
    `posture` [N] are empty words where the set has none.
    """

    users: Words
    entry: Whole
    pins: Words
    posture: Words
    taps: Doubles


def read_kakaobank(folder: Path) -> KakaoBank:
    """Return all entries. Raises OSError, ValueError for what is not the set."""
    rows, people = _columns(folder / "data.csv"), _columns(folder / "users.csv")
    users = np.array(_column(rows, "A_new"))
    structure_of = dict(
        zip(_column(people, "A_new"), _column(people, "pin_structure"), strict=True)
    )
    # Called gaps by the source, but they count from the first tap (the data's README).
    since = np.stack([_numbers(rows, f"T{i}") for i in range(1, KAKAO_TAPS)], axis=1) / 1000
    down = np.concatenate([np.zeros((len(users), 1)), since], axis=1)
    xy = [
        np.stack([_numbers(rows, f"{axis}{i}") for i in range(1, KAKAO_TAPS + 1)], axis=1)
        for axis in "XY"
    ]
    try:
        structure = np.array([structure_of[user] for user in users.tolist()])
    except KeyError:
        raise ValueError(f"{folder.name}/users.csv lacks a user of data.csv") from None
    device, age = (_numbers(rows, name).astype(np.int64) for name in ("B", "C"))
    return KakaoBank(users, _rising(down), np.stack(xy, axis=2), structure, device, age)


def read_strokepin(folder: Path) -> Recorded:
    """Return the entries whose keys are right and whose key-ups and sizes are all told.

    Raises OSError, ValueError for what is not the set.
    """
    rows = _columns(folder / "taps.csv.gz")
    keys, right = _by_entry(rows, "key", STROKE_TAPS), _by_entry(rows, "keys_ok", STROKE_TAPS)
    down, up = (_seconds(rows, name, STROKE_TAPS) for name in ("t_down", "t_up"))
    if not set(np.unique(keys).tolist()) <= CENTRES.keys():
        raise ValueError("a key is no digit")
    centres = np.array([CENTRES[key] for key in keys.ravel().tolist()]).reshape(*keys.shape, 2)
    place = np.stack([_tapped(rows, name, STROKE_TAPS) for name in ("x_down", "y_down")], axis=2)
    x, y = np.moveaxis((place - centres) / PITCH, 2, 0)
    size = _tapped(rows, "size_major", STROKE_TAPS) / PITCH[0]
    pressure = _tapped(rows, "pressure_down", STROKE_TAPS) / PRESSURE_MAX
    kept = (right == "1").all(axis=1) & (np.isfinite(up) & (size > 0)).all(axis=1)
    taps = np.stack([_rising(down), up, x, y, size, pressure], axis=2)[kept]
    user, entry, pin, posture = (
        _by_entry(rows, name, STROKE_TAPS)[kept, 0] for name in ("user", "seq", "pin", "posture")
    )
    return Recorded(user, entry.astype(np.int64), pin, posture, taps)


def read_sapipin(folder: Path) -> Recorded:
    """Return all entries, timing only. Raises OSError, ValueError for what is not the set."""
    rows = _columns(folder / "taps.csv.gz")
    users, entry = (_by_entry(rows, name, SAPI_TAPS)[:, 0] for name in ("user", "sample"))
    pins = np.array(["".join(keys) for keys in _by_entry(rows, "key", SAPI_TAPS).tolist()])
    down, up = (_seconds(rows, name, SAPI_TAPS) for name in ("t_down", "t_up"))
    posture = np.full(len(users), "")
    return Recorded(users, entry.astype(np.int64), pins, posture, _timed(_rising(down), up))


def read_holdandtap(folder: Path) -> Recorded:
    """Return the entries whose eight presses rise and last, timing only; `posture` is `activity`.

    After the eight hold times the file's 21 numbers go by pairs of keys, whatever its header says:
    release to press, release to release, press to press (each is the sum that this makes it, in
    every row). Raises OSError, ValueError for what is not the set.
    """
    rows = _columns(folder / "touch_timing.csv.gz")
    names = [name for name in rows if name.startswith("type")]
    times = np.stack([_numbers(rows, name) for name in names], axis=1) / 1000
    if times.shape[1] != 30:
        raise ValueError(f"{folder.name}/touch_timing.csv.gz has not 30 times a row")
    hold, to_next = times[:, :HOLD_TAPS], times[:, HOLD_TAPS + 2 : 29 : 3]
    down = np.concatenate([np.zeros((len(times), 1)), np.cumsum(to_next, axis=1)], axis=1)
    kept = (hold > 0).all(axis=1) & (to_next > 0).all(axis=1)
    users, posture = (np.array(_column(rows, name)) for name in ("user", "activity"))
    entry, pins = np.arange(len(users)), np.full(len(users), "")
    taps = _timed(down, down + hold)
    return Recorded(users[kept], entry[kept], pins[kept], posture[kept], taps[kept])


def _timed(down: Doubles, up: Doubles) -> Doubles:
    told = np.stack([down, up], axis=2)
    return np.concatenate([told, np.full((*down.shape, 4), np.nan)], axis=2)


def _columns(path: Path) -> Columns:
    named, content = f"{path.parent.name}/{path.name}", path.read_bytes()
    try:
        if path.suffix == ".gz":
            content = gzip.decompress(content)
        header, *rows = csv.reader(io.StringIO(content.decode("utf-8")))
    except (EOFError, zlib.error, csv.Error, ValueError) as error:
        raise ValueError(f"{named} is damaged ({error})") from None
    if not rows or {len(row) for row in rows} != {len(header)}:
        raise ValueError(f"{named} has no rows, or rows of other lengths")
    return dict(zip(header, zip(*rows, strict=True), strict=True))


def _column(rows: Columns, name: str) -> list[str]:
    if name not in rows:
        raise ValueError(f"there is no column {name}")
    return list(rows[name])


def _numbers(rows: Columns, name: str) -> Doubles:
    return np.array([value or "nan" for value in _column(rows, name)]).astype(np.float64)


def _by_entry(rows: Columns, name: str, taps: int) -> Words:
    column, order = _column(rows, name), _column(rows, "tap")
    if order != [str(i + 1) for i in range(taps)] * (len(column) // taps):
        raise ValueError(f"entries are not of {taps} taps")
    return np.array(column).reshape(-1, taps)


def _tapped(rows: Columns, name: str, taps: int) -> Doubles:
    return _numbers(rows, name).reshape(-1, taps)


def _seconds(rows: Columns, name: str, taps: int) -> Doubles:
    return _tapped(rows, name, taps) / 1000


def _rising(down: Doubles) -> Doubles:
    if not (np.diff(down, axis=1) > 0).all():
        raise ValueError("a tap is not after the one before")
    return down
