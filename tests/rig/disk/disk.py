"""One folder whose SQLite files are recorded, and what a failed power supply leaves of them."""

import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.rig.disk import crash
from tests.rig.disk.crash import Act, File, Kind
from tests.rig.disk.recorder import NEVER, Recorder

MEMORY = Path("/dev/shm")


class Disk:
    """The files SQLite opens in `folder` while this is entered; one at a time in a process.

    What is there on entering is safely on the disk. Operations are numbered from the last
    `forget`, or from entering. Connections may outlive the disk; they are then not recorded.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._safe: dict[str, File] = {}
        self._recorder = Recorder(folder)

    def __enter__(self) -> Self:
        for path in self._folder.iterdir():
            # The WAL's shared memory is not a file to SQLite, and is made anew after a crash.
            if path.is_file() and not path.name.endswith("-shm"):
                self._safe[path.name] = File(path.name, bytearray(path.read_bytes()))
        self._recorder.attach(self._safe)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        raised = self._recorder.detach()
        if raised:
            raise raised[0]

    @property
    def failed(self) -> bool:
        """Whether something was done after the power had failed."""
        return self._recorder.failed

    @property
    def syncs(self) -> Counter[Kind]:
        """How often each kind of file was synced since `forget`."""
        return Counter(file.kind for act, file, _, _ in self._recorder.log if act == "sync")

    @property
    def writes(self) -> Counter[Kind]:
        """How often each kind of file was written to since `forget`."""
        return Counter(file.kind for act, file, _, _ in self._recorder.log if act == "write")

    @property
    def acts(self) -> Counter[Act]:
        """How often each thing was done since `forget`."""
        return Counter(act for act, *_ in self._recorder.log)

    @property
    def synced(self) -> bool:
        """Whether the last thing that was done is a sync that succeeded, or nothing was done."""
        log = self._recorder.log
        return not log or log[-1][0] in ("sync", "sync folder")

    def operations(self) -> int:
        """How many operations reached the disk since `forget`."""
        return len(self._recorder.log)

    def forget(self) -> None:
        """Take everything so far as synced, and number operations from 0 again."""
        assert not self.failed, "what came after the power failed is not on the disk"
        crash.apply(self._safe, self._recorder.log)
        self._recorder.log.clear()

    def crash(self, folder: Path, at: int | None, draw: random.Random) -> None:
        """Write into `folder` what may be left once power failed with `at` operations done."""
        log = self._recorder.log
        assert at is None or 0 <= at <= len(log), f"only {len(log)} operations are known"
        for name, content in crash.survivors(self._safe, log[:at], draw).items():
            (folder / name).write_bytes(content)

    def power_fails_at(self, operation: int | None) -> None:
        """Let nothing from this operation on reach the disk; `failed` says that it came to that.

        The process goes on as a zombie on its own real files, which no crash will show.
        """
        self._recorder.power_until = NEVER if operation is None else operation

    def full_after(self, operation: int | None) -> None:
        """Refuse every write from this operation on, for want of room; None makes room again."""
        self._recorder.full_from = NEVER if operation is None else operation

    def sync_fails_at(self, operation: int, times: int = 1) -> None:
        """Let the first sync from this operation on fail, and so many in all."""
        self._recorder.sync_fails_from, self._recorder.sync_failures_left = operation, times


@contextmanager
def folder_in_memory() -> Iterator[Path]:
    """Yield a new folder where a sync costs nothing: what it would have kept, the record knows."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        yield Path(name)
