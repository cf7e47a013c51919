"""Writes made-up people's taps as the four public sets come, for the touch trial."""

import gzip
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from edge_atm.assurance.touch_data import CENTRES, PITCH, PRESSURE_MAX
from edge_atm.assurance.touch_folds import FOLDS, fold_of
from edge_atm.taps import Entry
from tests.rig.rhythms import PLACES, person

PINS = ("194012", "201412", "400101", "141231", "123456", "111222", "585520", "992914", "010140")
USERS = 4 * FOLDS
STROKE = (
    "user,seq,pin,posture,tap,key,t_down,t_up,x_down,y_down,x_up,y_up,size_major,size_minor,"
    "size_max,orientation,pressure_down,pressure_max,n_move,keys_ok"
)


def write_sets(folder: Path, entries: int = 7) -> Path:
    """Write the four sets below `folder` and return it: four users in each fold."""
    for name in ("kakaobank", "strokepin", "sapipin", "holdandtap"):
        (folder / name).mkdir(parents=True)
    _kakaobank(folder / "kakaobank", entries)
    _pack(folder / "strokepin/taps.csv.gz", STROKE, _strokepin(entries))
    header = "user,sample,tap,key,t_down,t_up"
    _pack(folder / "sapipin/taps.csv.gz", header, _sapipin(entries))
    numbers = [f"type{i}" for i in range(30)]
    header = ",".join([*numbers, "user", "activity"])
    _pack(folder / "holdandtap/touch_timing.csv.gz", header, _holdandtap(entries))
    return folder


def typed(user: int, digits: str, entries: int) -> list[Entry]:
    """Return what `user` taps; in each fold the first and the last are old."""
    random = np.random.default_rng([user, len(digits), int(digits)])
    return [person(user, old=user // FOLDS % 3 == 0).entry(digits, random) for _ in range(entries)]


def named(of_set: str) -> list[str]:
    """Return the users' names: number n is tested in fold n % 5."""
    names: list[str] = []
    tried = 0
    while len(names) < USERS:
        tried += 1
        if fold_of(of_set, str(tried)) == len(names) % FOLDS:
            names.append(str(tried))
    return names


def _kakaobank(folder: Path, entries: int) -> None:
    rows, people = [], []
    for user, name in enumerate(named("kakaobank")):
        random = np.random.default_rng([user, 5])
        # In each fold two share a PIN and a phone; of both phones one user is old.
        phone, old = user // FOLDS % 2, user // FOLDS % 3 == 0
        digits, facts = PINS[phone], f"{phone},{5 if old else 2},0"
        letters = "".join("ABCDEF"[sorted(set(digits), key=digits.index).index(d)] for d in digits)
        people.append(f"{name},{entries},{facts},{letters}")
        for entry in typed(user, digits, entries):
            # The pad is shuffled each time.
            moved = dict(zip(PLACES, random.permutation(list(PLACES.values())), strict=True))
            at = np.array([moved[d] for d in digits]) / (3, 4) + (0.17, 0.12)
            at += [(tap.x / 30, tap.y / 30) for tap in entry.taps]
            times = [1000 * tap.down_seconds for tap in entry.taps[1:]]
            rows.append(f"{name},{_csv(times)},{_csv(at[:, 0])},{_csv(at[:, 1])},{facts}")
    places = ",".join(f"{axis}{i}" for axis in "XY" for i in range(1, 7))
    header = f"A_new,T1,T2,T3,T4,T5,{places},B,C,D"
    (folder / "data.csv").write_text("\n".join([header, *rows]) + "\n")
    (folder / "users.csv").write_text("\n".join(["A_new,n,B,C,D,pin_structure", *people]) + "\n")


def _strokepin(entries: int) -> Iterable[str]:
    for user, name in enumerate(named("strokepin")):
        for number, pin in enumerate(PINS):
            for seq, entry in enumerate(typed(user, pin, entries)):
                for i, tap in enumerate(entry.taps):
                    x, y = np.array(CENTRES[tap.key]) + np.array([tap.x, tap.y]) * PITCH
                    told = f"{1000 * tap.down_seconds},{1000 * tap.up_seconds},{x},{y},{x},{y}"
                    size, pressure = tap.size * PITCH[0], tap.pressure * PRESSURE_MAX
                    labels = f"{name},{number * entries + seq},{pin},sit,{i + 1},{tap.key}"
                    yield f"{labels},{told},{size},{size},{size},1.5,{pressure},{pressure},1,1"


def _sapipin(entries: int) -> Iterable[str]:
    for user, name in enumerate(named("sapipin")):
        for sample, entry in enumerate(typed(user, PINS[user % len(PINS)], entries)):
            for i, tap in enumerate(entry.taps):
                times = f"{1000 * tap.down_seconds},{1000 * tap.up_seconds}"
                yield f"{name},{sample + 1},{i + 1},{tap.key},{times}"


def _holdandtap(entries: int) -> Iterable[str]:
    for user, name in enumerate(named("holdandtap")):
        six, two = (typed(user, digits, entries) for digits in ("123456", "7890"))
        for first, last in zip(six, two, strict=True):
            taps = [*first.taps, *last.taps[:2]]
            hold = [tap.up_seconds - tap.down_seconds for tap in taps]
            gap = [0.1 + tap.down_seconds / 10 for tap in taps[1:]]
            pairs = [t for i, g in enumerate(gap) for t in (g, g + hold[i + 1], g + hold[i])]
            numbers = [1000 * t for t in (*hold, *pairs, sum(hold) + sum(gap))]
            yield f"{_csv(numbers)},{name},sitting"


def _csv(numbers: Sequence[float] | np.ndarray) -> str:
    return ",".join(f"{number:.4f}" for number in numbers)


def _pack(path: Path, header: str, rows: Iterable[str]) -> None:
    path.write_bytes(gzip.compress("\n".join([header, *rows]).encode() + b"\n"))
