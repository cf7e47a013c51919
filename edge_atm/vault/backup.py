"""The whole database for the bank, and back again on an empty unit. docs/bank.md."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from edge_atm.errors import ConfigError, SealBroken, StoreFault
from edge_atm.journal import Journal
from edge_atm.store import DATABASE, Store, sync_folder
from edge_atm.vault.age import Pieces, stream_from, stream_to
from edge_atm.vault.appearing import Digested, appearing
from edge_atm.vault.keys import Keys
from edge_atm.vault.proving import open_everything
from edge_atm.vault.ring import Ring, exposed, ring_from, seal_ring
from edge_atm.vault.signed_line import FORGED, signed_fields, signed_line
from edge_atm.vault.signing import public_key

FORMAT = "edge-backup/1"
# Seventy keys and more fit in; what is longer is no backup.
HEADER_BYTES_MAX = 1 << 14
PART = "restoring.sqlite"
# What SQLite may keep beside a database; an old log would be written into the restored one.
BESIDE = ("", "-wal", "-shm", "-journal")
NOT_EMPTY = "Restore on an empty unit; this one's files belong away from state_dir, kept untouched."
NO_ROOM = "See that the file can be read and that state_dir has room, then restore again."
AGAIN = "Ask the bank to seal the backup to this unit again; nothing was restored."


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup says of itself: whose, when, so many journal entries, size and SHA-256."""

    unit_id: str
    made_at: str
    entries: int
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Restored:
    """A backup's database, still under another name, and its ring under this unit's master key."""

    backup: Backup
    store: Store
    ring: Ring

    def opened(self) -> Iterator[int]:
        """Open everything sealed for a customer, yielding how many more customers are done.

        Raises SealBroken.
        """
        return open_everything(self.store, self.ring.rows)

    def adopt(self, journal: Journal) -> None:
        """Seal the ring under this unit's master key, and journal what was restored."""
        with self.store.transaction() as connection:
            # The other unit's last state says nothing of what is sealed from here on.
            row = (seal_ring(self.ring),)
            connection.execute("UPDATE vault SET ring = ?, state = x''", row)
            made_at, sha256 = self.backup.made_at, self.backup.sha256
            journal.append(connection, "restored", made_at=made_at, sha256=sha256)


def write(
    path: Path,
    unit_id: str,
    store: Store,
    ring: Ring,
    journal: Journal,
    public_keys: tuple[str, ...],
    force: bool = False,
) -> Backup:
    """Write the database of this moment, with the ring, to the bank's keys, and read it back.

    Journalled before the file has its name. Raises ConfigError without a key, StoreFault.
    """
    with appearing(path, force) as file:
        with store.snapshot() as connection:
            entries, made_at = journal.last_sequence(), journal.stamp()
            content = connection.serialize()
        sha256 = hashlib.sha256(content).hexdigest()
        backup = Backup(unit_id, made_at, entries, len(content), sha256)
        about = {"format": FORMAT, **asdict(backup), "ring": exposed(ring).hex()}
        header = signed_line(ring.lasting, about)
        digested = Digested(file)
        stream_to(public_keys, Pieces([header, b"\n", content]), digested)
        digested.read_back()
        journal.record("backup", entries=entries, size_bytes=len(content), sha256=sha256)
    return backup


@contextmanager
def restoring(
    source: Path, state_dir: Path, master: Keys, identity: str, public: bytes, unit_id: str
) -> Iterator[Restored]:
    """Lend a backup's database; it becomes the unit's own when the block ends well.

    `public`: the key of the unit that made it. Only for who holds the unit alone. A kill leaves
    an empty unit or a restored one. Raises SealBroken, ConfigError, StoreFault.
    """
    part = state_dir / PART
    _check_empty(state_dir)
    with ExitStack() as after:
        # Also what an earlier try left behind when it was killed.
        after.callback(_clear, part)
        _clear(part)
        said, ring = _unpacked(source, part, master, identity, public)
        if said.unit_id != unit_id:
            raise ConfigError(
                f"this is a backup of unit {said.unit_id}, the configuration says {unit_id}",
                f'Set unit_id = "{said.unit_id}" if this unit takes that one\'s place.',
            )
        with closing(Store(part)) as store:
            store.check()
            yield Restored(said, store, ring)
            store.empty_log()
        if part.with_name(f"{PART}-wal").exists():
            # What its log holds would be lost with the name.
            raise StoreFault(f"another program reads {PART}", "End it, then restore again.")
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.rename(state_dir / DATABASE)
        sync_folder(state_dir)


def _unpacked(
    source: Path, part: Path, master: Keys, identity: str, public: bytes
) -> tuple[Backup, Ring]:
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with source.open("rb") as file, os.fdopen(handle, "wb") as target:
            split = _Split(target)
            stream_from(identity, file, split)
        said, ring = _believed(split.header, master, public)
    except SealBroken as fault:
        raise SealBroken(f"{source.name} does not open: {fault}", fault.hint) from None
    except OSError as error:
        raise StoreFault(f"{source.name} cannot be restored: {error.strerror}", NO_ROOM) from None
    if (said.size_bytes, said.sha256) != (split.size_bytes, split.sha256.hexdigest()):
        raise SealBroken(f"{source.name} holds another database than it says", FORGED)
    return said, ring


def _believed(header: bytes, master: Keys, public: bytes) -> tuple[Backup, Ring]:
    fields = signed_fields(header, public)
    if fields.pop("format", None) != FORMAT:
        raise SealBroken(f"this is no {FORMAT} file", AGAIN)
    ring = ring_from(master, bytes.fromhex(str(fields.pop("ring"))))
    if public_key(ring.lasting) != public:
        raise SealBroken("the keys in this backup are not those of the unit that signed it", FORGED)
    return Backup(**fields), ring  # type: ignore[arg-type]


class _Split:
    """Keeps the first line in memory and writes what follows to a file, with its digest."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._begun = False
        self.header = b""
        self.size_bytes = 0
        self.sha256 = hashlib.sha256()

    def write(self, content: bytes, /) -> int:
        rest = content
        if not self._begun:
            head, end, rest = content.partition(b"\n")
            self.header, self._begun = self.header + head, bool(end)
            if len(self.header) > HEADER_BYTES_MAX:
                raise SealBroken(f"this is no {FORMAT} file", AGAIN)
        self.sha256.update(rest)
        self.size_bytes += len(rest)
        self._file.write(rest)
        return len(content)


def _check_empty(state_dir: Path) -> None:
    for suffix in BESIDE:
        if (state_dir / (DATABASE + suffix)).exists():
            raise StoreFault(f"there is {DATABASE}{suffix} in {state_dir} already", NOT_EMPTY)


def _clear(part: Path) -> None:
    for suffix in BESIDE:
        part.with_name(part.name + suffix).unlink(missing_ok=True)
