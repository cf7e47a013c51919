"""Lists of picture pairs in LFW's format."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures of a fold, and whether they show one person."""

    one: tuple[str, int]
    other: tuple[str, int]
    same: bool
    fold: int


def read_pairs(path: Path) -> list[Pair]:
    """Read `pairs.txt`: a header of folds and pairs, then each fold's same and different pairs.

    Raises ValueError for anything else.
    """
    lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    match lines:
        case [[folds, each, *_], *rows] if folds.isdecimal() and each.isdecimal():
            count = 2 * int(folds) * int(each)
        case _:
            raise ValueError(f"{path.name} does not begin with how many folds and pairs it has")
    if len(rows) != count:
        raise ValueError(f"{path.name}: {len(rows)} pairs, the header says {count}")
    return [_pair(words, index // (2 * int(each)) + 1) for index, words in enumerate(rows)]


def _pair(words: list[str], fold: int) -> Pair:
    match words:
        case [name, one, other] if one.isdecimal() and other.isdecimal():
            return Pair((name, int(one)), (name, int(other)), True, fold)
        case [name, one, another, other] if one.isdecimal() and other.isdecimal():
            return Pair((name, int(one)), (another, int(other)), False, fold)
    raise ValueError(f"{' '.join(words)!r} is not NAME 1 2 or NAME 1 OTHER 2")


def of_folds(pairs: Sequence[Pair], folds: Sequence[int] | None) -> list[Pair]:
    """Return the pairs of `folds`, of all without. Raises ValueError when one of them is absent.

    A threshold is learnt on the other folds, so ValueError too when fewer than two are left.
    """
    present = {pair.fold for pair in pairs}
    wanted = present if folds is None else set(folds)
    if absent := sorted(wanted - present):
        raise ValueError(f"there is no fold {absent[0]}, the list has {len(present)}")
    if len(wanted) < 2:
        raise ValueError(
            "one fold alone has no other to learn its threshold from; measure two or more"
        )
    return [pair for pair in pairs if pair.fold in wanted]


def picture_path(folder: Path, picture: tuple[str, int]) -> Path:
    """Return FOLDER/NAME/NAME_0001.jpg, or .png when that is what is there."""
    name, number = picture
    path = folder / name / f"{name}_{number:04d}.jpg"
    other = path.with_suffix(".png")
    return other if other.exists() and not path.exists() else path
