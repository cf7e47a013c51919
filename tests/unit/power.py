"""A power supply that fails at a chosen step of a commit, of its mark, or of the counter."""

import os
import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from edge_atm.vault.anchor import FILE


class PowerCut(BaseException):
    """Everything stops here."""


class Power:
    """Cuts before a chosen step; of a mark's write only what was synced is certain to be there.

    A step is each commit, write, sync and advance: before it and after it.
    """

    def __init__(self, patched: pytest.MonkeyPatch) -> None:
        self.rest()
        self._unsynced: list[tuple[str, int, bytes]] = []
        self._pwrite = os.pwrite
        patched.setattr(os, "pwrite", self._write)
        for name in ("fsync", "fdatasync"):
            patched.setattr(os, name, partial(self._sync, getattr(os, name)))
        power = self

        class Wire(sqlite3.Connection):
            def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
                if statement != "COMMIT":
                    return super().execute(statement, *values)
                power.step()
                done = super().execute(statement, *values)
                power.step()
                return done

        patched.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Wire))

    def fails_after(self, steps: int, fate: str = "kept") -> None:
        """Cut after so many steps; `fate` of what is not synced then: kept, lost or torn."""
        self._left, self._fate = steps, fate
        self.passed = 0

    def rest(self) -> None:
        """Hold from now on."""
        self.fails_after(1 << 30)

    def step(self) -> None:
        """Pass one step, or fail."""
        if self.passed == self._left:
            self._fail()
            self.rest()
            raise PowerCut
        self.passed += 1

    def _write(self, handle: int, content: bytes, offset: int) -> int:
        self.step()
        before = os.pread(handle, len(content), offset).ljust(len(content), b"\0")
        self._unsynced.append((_path(handle), offset, before))
        done = self._pwrite(handle, content, offset)
        self.step()
        return done

    def _sync(self, real: Any, handle: int) -> None:
        real(handle)
        if _path(handle).endswith(FILE):
            self._unsynced.clear()
            self.step()

    def _fail(self) -> None:
        while self._unsynced:
            path, offset, before = self._unsynced.pop()
            if self._fate == "kept":
                continue
            with Path(path).open("r+b") as file:
                file.seek(offset)
                file.write(before if self._fate == "lost" else before[: len(before) // 2])


def _path(handle: int) -> str:
    return str(Path(f"/proc/self/fd/{handle}").readlink())
