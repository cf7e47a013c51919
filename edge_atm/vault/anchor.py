"""The mark outside the database: which commit was the last, so that an older one is noticed."""

import fcntl
import hmac
import os
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from edge_atm.errors import StoreFault
from edge_atm.store import BUSY_SECONDS, OTHER_USER, sync_folder

FILE = "anchor"
MAGIC = b"edge-anchor/1\n\0\0"
BODY = struct.Struct(">16sQQQ32s")
TAG_BYTES = 32
MARK_BYTES = BODY.size + TAG_BYTES
# Each of the two marks lies in a page of its own: a torn write of one leaves the other whole.
PAGE_BYTES = 4096
PAGES = 2
POLL_SECONDS = 0.002
RESTORE = (
    "Serve nobody and tell the bank. Put the unit's newest files back, or restore its last backup "
    "on an empty unit."
)
ROOM = "Free space on the disk or replace it, then start again."


class Counter(Protocol):
    """A number that never goes back: a TPM's NV counter. Both raise StoreFault."""

    def read(self) -> int:
        """Return the number, 1 or more."""

    def advance(self) -> int:
        """Add 1, so that it survives a power cut; return the new number."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One commit, the digest of the state it left, and the counter's number, 0 without one.

    `turn` numbers the marks: the newest has the highest.
    """

    turn: int
    commits: int
    counter: int
    digest: bytes


class Anchor:
    """The file of two marks, written in turn. Every use is inside `held`.

    With a counter the file goes ahead of it: at most one, and only until the next start.
    """

    def __init__(self, path: Path, key: bytes, counter: Counter | None = None) -> None:
        self._path = path
        self._key = key
        self._counter = counter
        self._handle = -1

    @contextmanager
    def held(self, create: bool = False) -> Iterator[None]:
        """Keep every other program away from the file. Raises StoreFault, also for its I/O."""
        with self._faults_named():
            flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | (os.O_CREAT if create else 0)
            self._handle = os.open(self._path, flags, 0o600)
        try:
            self._lock()
            yield
        finally:
            os.close(self._handle)
            self._handle = -1

    def start(self, commits: int, digest: bytes) -> None:
        """Forget every older mark: the database is a new one."""
        number = self._counter.read() if self._counter else 0
        page = self._page(Mark(0, commits, number, digest))
        with self._faults_named():
            os.ftruncate(self._handle, 0)
            self._write(page.ljust(PAGES * PAGE_BYTES, b"\0"), 0)
            os.fsync(self._handle)
            sync_folder(self._path.parent)

    def meet(self, commits: int, digest: bytes, before: bytes) -> Mark:
        """Return the newest mark when the database's state is the one it marks.

        The state that directly follows it, `before` being the marked one's digest, is marked now:
        power failed between commit and mark. Raises StoreFault for any other.
        """
        mark = self._newest()
        if (commits, digest) == (mark.commits, mark.digest):
            return mark
        if (commits, before) == (mark.commits + 1, mark.digest):
            return self._put(replace(mark, commits=commits, digest=digest))
        if commits < mark.commits:
            said = f"an older database was put back: commit {commits} instead of {mark.commits}"
        elif commits > mark.commits + 1:
            said = f"an older anchor was put back: commit {mark.commits} instead of {commits}"
        else:
            said = f"the database's commit {commits} does not follow from what was written last"
        raise StoreFault(said, RESTORE)

    def follow(self, commits: int, digest: bytes, count: bool = False) -> None:
        """Mark the state of a new commit; `count`: the counter tells it from all older disks."""
        self._put(replace(self._newest(), commits=commits, digest=digest))
        if count:
            self.count()

    def check_counter(self) -> Mark:
        """Return the newest mark. Raises StoreFault when the counter has seen a newer one."""
        mark = self._newest()
        if (self._counter is None) != (mark.counter == 0):
            has, asked = ("a", "none") if mark.counter else ("no", "one")
            raise StoreFault(f"the anchor was made with {has} counter, {asked} is set up", RESTORE)
        if self._counter is None:
            return mark
        number = self._counter.read()
        if number == mark.counter - 1:
            # Power failed between the mark and the counter.
            number = self._counter.advance()
        if number != mark.counter:
            raise StoreFault(
                f"an older disk was put back: its counter is {mark.counter}, the TPM's {number}",
                RESTORE,
            )
        return mark

    def count(self) -> Mark:
        """Advance the counter, if there is one: every copy of the disk made before is now old."""
        mark = self.check_counter()
        if self._counter is None:
            return mark
        # First the mark: the file may be ahead of the counter, never behind it.
        mark = self._put(replace(mark, counter=mark.counter + 1))
        number = self._counter.advance()
        if number != mark.counter:
            raise StoreFault(f"the TPM's counter is {number}, not {mark.counter}", RESTORE)
        return mark

    def _newest(self) -> Mark:
        with self._faults_named():
            pages = [os.pread(self._handle, MARK_BYTES, n * PAGE_BYTES) for n in range(PAGES)]
        marks = [mark for page in pages if (mark := self._opened(page))]
        if not marks:
            raise StoreFault("the anchor is damaged, or that of another unit", RESTORE)
        return max(marks, key=lambda mark: mark.turn)

    def _put(self, mark: Mark) -> Mark:
        mark = replace(mark, turn=mark.turn + 1)
        with self._faults_named():
            self._write(self._page(mark), mark.turn % PAGES * PAGE_BYTES)
            os.fdatasync(self._handle)
        return mark

    def _write(self, page: bytes, offset: int) -> None:
        if os.pwrite(self._handle, page, offset) != len(page):
            raise StoreFault("the anchor was not written whole", ROOM)

    def _page(self, mark: Mark) -> bytes:
        body = BODY.pack(MAGIC, mark.turn, mark.commits, mark.counter, mark.digest)
        return body + hmac.digest(self._key, body, "sha256")

    def _opened(self, page: bytes) -> Mark | None:
        body, tag = page[: BODY.size], page[BODY.size :]
        if not hmac.compare_digest(tag, hmac.digest(self._key, body, "sha256")):
            return None
        return Mark(*BODY.unpack(body)[1:])

    def _lock(self) -> None:
        late = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                return fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if not time.monotonic() < late:
                    raise StoreFault(
                        "the anchor is locked by another program", "Wait, then try again."
                    ) from None
                time.sleep(POLL_SECONDS)

    @contextmanager
    def _faults_named(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise StoreFault("the anchor is missing", RESTORE) from None
        except PermissionError as error:
            raise StoreFault(f"the anchor cannot be opened: {error.strerror}", OTHER_USER) from None
        except OSError as error:
            raise StoreFault(f"the anchor cannot be written: {error.strerror}", ROOM) from None
