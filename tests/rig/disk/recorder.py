"""Writes and syncs as SQLite asks the system for them, in order; and the faults asked for."""

import atexit
import ctypes
import errno
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.rig.disk import vfs
from tests.rig.disk.crash import Act, File, Operation

NEVER = sys.maxsize


class Recorder:
    """The log of what is done to the SQLite files of one folder. Each call does the real thing."""

    def __init__(self, folder: Path) -> None:
        self.log: list[Operation] = []
        self.failed = False
        self.power_until = self.full_from = self.sync_fails_from = NEVER
        self.sync_failures_left = 1
        # SQLite names files by their real path.
        self._folder = folder.resolve()
        self._names: dict[str, File] = {}
        # By the address of SQLite's file object.
        self._opened: dict[int, File] = {}
        self._real_methods: dict[int, vfs.FileMethods] = {}
        self._folder_sync_due: set[int] = set()
        self._hooks = vfs.Hooks()
        # The table in the place of each real one, by the real one's address.
        self._tables: dict[int, vfs.FileMethods] = {}

    def attach(self, names: Mapping[str, File]) -> None:
        """Become the process's default VFS, in a folder with these files."""
        library = vfs.library()
        self._system, self._own = vfs.own_vfs()
        address = ctypes.addressof(self._own)
        assert library.sqlite3_vfs_find(None) != address, "another disk is being recorded"
        self._names = dict(names)
        self._real_open = vfs.Open(self._system.xOpen)
        self._real_delete = vfs.Delete(self._system.xDelete)
        self._hooks.put(self._own, "xOpen", self._open)
        self._hooks.put(self._own, "xDelete", self._delete)
        assert library.sqlite3_vfs_register(address, 1) == vfs.OK
        self._real_fsync = os.fsync
        os.fsync = self._fsync  # type: ignore[assignment]
        # A connection that nobody closed must not call into an interpreter that ends.
        atexit.register(self.detach)

    def detach(self) -> list[BaseException]:
        """Give the default back and let go of files still open. Returns what our code raised."""
        atexit.unregister(self.detach)
        os.fsync = self._real_fsync
        vfs.library().sqlite3_vfs_unregister(ctypes.addressof(self._own))
        self._own.xOpen, self._own.xDelete = self._system.xOpen, self._system.xDelete
        # A zombie's connection goes on without us: nothing may call a collected callback.
        for address, methods in self._real_methods.items():
            vfs.set_methods(address, methods)
        return self._hooks.raised

    def _record(self, act: Act, file: File, number: int = 0, data: bytes = b"") -> None:
        # Power that failed once does not come back to this disk.
        self.failed |= len(self.log) >= self.power_until
        if not self.failed:
            self.log.append((act, file, number, data))

    def _open(self, own: int, name: int | None, address: int, flags: int, flags_out: int) -> int:
        result: int = self._real_open(own, name, address, flags, flags_out)
        path = self._path(name)
        if result != vfs.OK or path is None:
            return result
        file = self._names.get(path.name)
        if file is None:
            assert path.stat().st_size == 0, f"{path.name} was written behind the disk's back"
            file = self._names[path.name] = File(path.name, bytearray())
            self._record("create", file)
        # The unix VFS syncs the folder with the first sync of a log or journal it may create.
        if flags & vfs.OPEN_CREATE and file.kind in ("wal", "journal"):
            self._folder_sync_due.add(address)
        vfs.check_promises(address)
        self._opened[address] = file
        real = self._real_methods[address] = vfs.methods_at(address)
        vfs.set_methods(address, self._table_for(real))
        return result

    def _path(self, name: int | None) -> Path | None:
        """Return a file's path when it is in our folder. A temporary file has no name."""
        path = Path(os.fsdecode(ctypes.string_at(name))) if name else None
        return path if path and path.parent == self._folder else None

    def _table_for(self, real: vfs.FileMethods) -> vfs.FileMethods:
        # The unix VFS has one table for files it locks and one for others; they write alike.
        table = self._tables.get(ctypes.addressof(real))
        if table is None:
            assert real.iVersion == 3, "written for version 3 of SQLite's file methods"
            self._real_write = vfs.Write(real.xWrite)
            self._real_truncate = vfs.Truncate(real.xTruncate)
            self._real_sync = vfs.Sync(real.xSync)
            table = vfs.FileMethods.from_buffer_copy(real)
            self._hooks.put(table, "xWrite", self._write)
            self._hooks.put(table, "xTruncate", self._truncate)
            self._hooks.put(table, "xSync", self._sync)
            self._hooks.put(table, "xClose", self._close)
            self._tables[ctypes.addressof(real)] = table
        return table

    def _write(self, address: int, buffer: int, size: int, offset: int) -> int:
        if len(self.log) >= self.full_from:
            return vfs.FULL
        result: int = self._real_write(address, buffer, size, offset)
        if result == vfs.OK:
            self._record("write", self._opened[address], offset, ctypes.string_at(buffer, size))
        return result

    def _truncate(self, address: int, size: int) -> int:
        result: int = self._real_truncate(address, size)
        if result == vfs.OK:
            self._record("truncate", self._opened[address], size)
        return result

    def _sync(self, address: int, flags: int) -> int:
        file = self._opened[address]
        if len(self.log) >= self.sync_fails_from and self.sync_failures_left > 0:
            self.sync_failures_left -= 1
            self._record("sync failed", file)
            return vfs.IOERR_FSYNC
        result: int = self._real_sync(address, flags)
        if result == vfs.OK:
            self._record("sync", file)
            if address in self._folder_sync_due:
                self._folder_sync_due.discard(address)
                self._record("sync folder", file)
        return result

    def _fsync(self, descriptor: int) -> None:
        # The product syncs a file of SQLite's itself only after writing it again as it was read.
        path = Path(f"/proc/self/fd/{descriptor}").resolve()
        file = self._names.get(path.name) if path.parent == self._folder else None
        if file is None:
            self._real_fsync(descriptor)
            return
        self._record("write", file, 0, path.read_bytes())
        if len(self.log) >= self.sync_fails_from and self.sync_failures_left > 0:
            self.sync_failures_left -= 1
            self._record("sync failed", file)
            raise OSError(errno.EIO, "sync failed")
        self._record("sync", file)

    def _close(self, address: int) -> int:
        del self._opened[address]
        self._folder_sync_due.discard(address)
        # The real close empties the object, and finds its own table in it first.
        real = self._real_methods.pop(address)
        vfs.set_methods(address, real)
        return int(vfs.Ask(real.xClose)(address))

    def _delete(self, own: int, name: int, and_sync_folder: int) -> int:
        result: int = self._real_delete(own, name, and_sync_folder)
        path = self._path(name)
        if result == vfs.OK and path and path.name in self._names:
            file = self._names.pop(path.name)
            self._record("delete", file)
            if and_sync_folder:
                self._record("sync folder", file)
        return result
