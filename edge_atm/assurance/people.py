"""Folders of pictures, one folder a person, and which half of the people may be learnt from."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

SUFFIXES = {".jpg", ".jpeg", ".png"}
HALVES = ("report", "fit", "all")


def is_fit(person: str) -> bool:
    """Whether this person's pictures may be fitted on; the others are for reporting only.

    Even SHA-256 of the name: the same split in every data set that shares people.
    """
    return hashlib.sha256(os.fsencode(person)).digest()[-1] % 2 == 0


def is_in_half(person: str, half: str) -> bool:
    """Whether `person` belongs to `half`: one of HALVES."""
    assert half in HALVES
    return half == "all" or is_fit(person) == (half == "fit")


def pictures(folder: Path) -> list[Path]:
    """Return FOLDER/PERSON/*.jpg, *.jpeg and *.png, in upper case too, sorted; no hidden ones.

    Raises OSError for a folder that cannot be read: glob would leave its person out in silence.
    """
    people = [path for path in _shown(folder) if path.is_dir()]
    found = [path for person in people for path in _shown(person)]
    return sorted(path for path in found if path.suffix.lower() in SUFFIXES)


def _shown(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if not path.name.startswith(".")]


def by_person(folders: Iterable[Path]) -> dict[str, dict[str, Path]]:
    """Return each person's pictures by file name.

    Data sets share people and even photographs: of two with one person's name and one file name
    the first counts.
    """
    people: dict[str, dict[str, Path]] = {}
    for path in (path for folder in folders for path in pictures(folder)):
        people.setdefault(path.parent.name, {}).setdefault(path.name, path)
    return people
