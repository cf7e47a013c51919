"""The folder of clips against the journal: what is missing, changed, or known to nobody."""

import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from edge_atm.journal import Entry
from edge_atm.vault.age import BEGINNING
from edge_atm.vault.evidence import PART


@dataclass(frozen=True, slots=True)
class Clip:
    """What the journal says of one clip; `at` is the entry's time, and times are ISO 8601 UTC."""

    at: str
    session: str
    customer: str
    file: str
    sha256: str
    size_bytes: int
    frames: int
    first: str
    last: str

    def fault(self, folder: Path) -> str | None:
        """Return what is wrong with the file, reading all of it; None if nothing is."""
        path = folder / self.file
        if not path.is_file():
            return "is missing"
        if path.stat().st_size != self.size_bytes:
            return f"has {path.stat().st_size} bytes, the journal says {self.size_bytes}"
        with path.open("rb") as file:
            if file.read(len(BEGINNING)) != BEGINNING:
                return "does not begin as an age file"
            file.seek(0)
            if hashlib.file_digest(file, "sha256").hexdigest() != self.sha256:
                return "was changed: its SHA-256 is not the journal's"
        return None


@dataclass(frozen=True, slots=True)
class Known:
    """The clips that should be there, by file name, and files that should be there no more."""

    clips: dict[str, Clip]
    pruned: set[str]
    failure: dict[str, Any] | None

    def strangers(self, listed: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Yield each file that should not be there, and what is wrong with that."""
        for name in listed:
            if name in self.pruned:
                yield name, "was to be removed and is still there"
            elif name not in self.clips:
                yield name, "is not in the journal"


def listed(folder: Path) -> list[str]:
    """Return the names in `folder`, but for files that are not finished."""
    return sorted(path.name for path in folder.glob("*") if path.suffix != PART)


def known(entries: Iterable[Entry], names: Collection[str] = ()) -> Known:
    """Read what the journal says of clips; of those removed it remembers only `names`.

    `failure` is what the newest try to keep or to remove one met, None when it went well.
    """
    said = Known({}, set(), None)
    failure = None
    for entry in entries:
        match entry.event:
            case "evidence":
                clip = _clip(entry)
                said.clips[clip.file] = clip
                failure = None
            case "evidence_pruned":
                name = str(entry.detail["file"])
                said.clips.pop(name, None)
                if name in names:
                    said.pruned.add(name)
            case "evidence_failed":
                failure = {"at": entry.at, **entry.detail}
    return Known(said.clips, said.pruned, failure)


def _clip(entry: Entry) -> Clip:
    detail: dict[str, Any] = entry.detail
    return Clip(entry.at, **{field.name: detail[field.name] for field in fields(Clip)[1:]})
