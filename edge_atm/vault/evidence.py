"""Clips of looks for the bank: written sealed, kept for a while, never opened here."""

import hashlib
import os
import re
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from pathlib import Path
from typing import BinaryIO

from edge_atm.errors import EdgeError, StoreFault
from edge_atm.journal import Journal
from edge_atm.records import Recording
from edge_atm.store import OTHER_USER, sync_folder
from edge_atm.vault.age import Pieces, stream_to

FOLDER = "evidence"
# Half a file: nobody but the next start, or `prune`, looks at it.
PART = ".part"
NAME = re.compile(r"\d{8}T\d{6}Z-[0-9a-z]+\.avi\.age", re.ASCII)
# What a clip leaves to the database: without room for the journal nobody is served.
ROOM_BYTES_MIN = 64_000_000
NO_ROOM = "Free space on the disk, or lower `evidence_bytes_max` under [bank]."
TOO_OLD, TOO_MANY = "evidence_days_max", "evidence_bytes_max"


@dataclass(frozen=True, slots=True)
class Rules:
    """Whom clips are sealed to, and how long and how many are kept."""

    public_keys: tuple[str, ...]
    days_max: int
    bytes_max: int


class Evidence:
    """The folder of sealed clips. Every clip and every removal is in the journal."""

    def __init__(self, folder: Path, journal: Journal, rules: Rules) -> None:
        self.folder = folder
        self._journal = journal
        self._rules = rules

    def keep(self, session_id: str, customer_id: str, recording: Recording) -> None:
        """Seal a recording into a file of its own, journal it, and remove what is over the limits.

        What fails is journalled, and the session goes on; docs/evidence.md says why. Raises
        StoreFault only when the journal cannot take an entry.
        """
        try:
            self._keep(session_id, customer_id, recording)
        except (EdgeError, OSError) as error:
            self.failed(error, session_id, customer_id)
        self._remove_due()

    def failed(
        self, error: Exception, session_id: str | None = None, customer_id: str | None = None
    ) -> None:
        """Write down that a recording was not kept, or that an old one was not removed."""
        kind, why = type(error).__name__, str(error)
        self._journal.record(
            "evidence_failed", session=session_id, customer=customer_id, kind=kind, why=why
        )

    def tidy(self) -> None:
        """Remove half files and what is over the limits; what fails is journalled.

        Only for who holds the unit alone: half of a file may be another's that is being written.
        """
        try:
            self.drop_halves()
        except (EdgeError, OSError) as error:
            self.failed(error)
        self._remove_due()

    def drop_halves(self) -> int:
        """Remove what a power cut left half-written; return how many files. Raises StoreFault."""
        halves = list(self.folder.glob(f"*{PART}"))
        for half in halves:
            _unlink(half)
        return len(halves)

    def due(self) -> list[tuple[str, str]]:
        """Return each clip over a limit and the limit's name, oldest first."""
        # A name begins with its clip's time, so names are in the order of time.
        oldest = _compact(self._journal.stamp(), timedelta(days=self._rules.days_max))
        found, held = [], self.sizes_bytes()
        left = sum(held.values())
        for name, size_bytes in held.items():
            too_old = name < oldest
            if too_old or left > self._rules.bytes_max:
                found.append((name, TOO_OLD if too_old else TOO_MANY))
                left -= size_bytes
        return found

    def remove(self, name: str, why: str) -> None:
        """Journal, then remove, one clip. Raises StoreFault.

        After a power cut between the two the file is due again, and the entry is made twice.
        """
        self._journal.record("evidence_pruned", file=name, why=why)
        _unlink(self.folder / name)

    def sizes_bytes(self) -> dict[str, int]:
        """Return the size of each whole file with a clip's name, oldest first."""
        if not self.folder.is_dir():
            return {}
        # After every look, with a thousand clips and more: pathlib takes ten times as long.
        with os.scandir(self.folder) as found:
            clips = [e for e in found if NAME.fullmatch(e.name) and e.is_file()]
        return {e.name: e.stat().st_size for e in sorted(clips, key=attrgetter("name"))}

    def _remove_due(self) -> None:
        try:
            for name, why in self.due():
                self.remove(name, why)
        except (EdgeError, OSError) as error:
            self.failed(error)

    def _keep(self, session_id: str, customer_id: str, recording: Recording) -> None:
        self.check_room()
        name = f"{_compact(self._journal.stamp())}-{session_id}.avi.age"
        sealed = self._write(name, recording.content)
        self._journal.record(
            "evidence",
            session=session_id,
            customer=customer_id,
            file=name,
            sha256=sealed.sha256.hexdigest(),
            size_bytes=sealed.size_bytes,
            frames=recording.frames,
            first=recording.first,
            last=recording.last,
        )

    def check_room(self) -> None:
        """Raise StoreFault when a clip would take the disk's last room."""
        disk = os.statvfs(self.folder.parent)
        if not disk.f_bavail * disk.f_frsize >= ROOM_BYTES_MIN:
            least = ROOM_BYTES_MIN // 1_000_000
            raise StoreFault(f"less than {least} MB are free on the disk", NO_ROOM)

    def _write(self, name: str, content: Iterable[bytes]) -> "_Sealed":
        # Under its own name there is a whole file or none, wherever power fails.
        if not self.folder.is_dir():
            self.folder.mkdir(mode=0o700)
            sync_folder(self.folder.parent)
        part = self.folder / f"{name}{PART}"
        with ExitStack() as on_failure:
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            on_failure.callback(part.unlink)
            with os.fdopen(handle, "wb") as file:
                sealed = _Sealed(file)
                stream_to(self._rules.public_keys, Pieces(content), sealed)
                file.flush()
                os.fsync(handle)
            part.rename(self.folder / name)
            on_failure.pop_all()
        sync_folder(self.folder)
        return sealed


class _Sealed:
    """Counts and digests what is written to a file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.sha256 = hashlib.sha256()
        self.size_bytes = 0

    def write(self, sealed: bytes, /) -> int:
        self.sha256.update(sealed)
        self.size_bytes += len(sealed)
        return self._file.write(sealed)


def _compact(stamp: str, before: timedelta = timedelta()) -> str:
    return (datetime.fromisoformat(stamp) - before).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _unlink(path: Path) -> None:
    try:
        path.unlink()
        sync_folder(path.parent)
    except OSError as error:
        raise StoreFault(f"{path.name} cannot be removed: {error.strerror}", OTHER_USER) from None
