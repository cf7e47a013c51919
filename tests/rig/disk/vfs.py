"""The way in below SQLite: a copy of its own VFS, in the library the product already uses.

The real VFS opens every file and fills SQLite's file object itself. Only the table of methods in
that object is changed, and only for write, truncate, sync and close: reading, locking and the
WAL's shared memory run in C as ever.
"""

import _sqlite3
import ctypes
import functools
import sqlite3
from collections.abc import Callable
from ctypes import c_char_p, c_int, c_int64, c_void_p

OK, FULL, IOERR, IOERR_FSYNC = 0, 13, 10, 10 | 4 << 8
OPEN_CREATE = 0x4
# Above these two the crash model would promise less than SQLite was told it may count on.
POWERSAFE_OVERWRITE, SUBPAGE_READ = 0x1000, 0x8000

# PYFUNCTYPE holds the interpreter's lock during the call: a commit waits for its disk anyway, and
# letting go of the lock costs more than a write to a file in memory.
Write = ctypes.PYFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
Truncate = ctypes.PYFUNCTYPE(c_int, c_void_p, c_int64)
Sync = ctypes.PYFUNCTYPE(c_int, c_void_p, c_int)
Ask = ctypes.PYFUNCTYPE(c_int, c_void_p)
Open = ctypes.PYFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, c_void_p)
Delete = ctypes.PYFUNCTYPE(c_int, c_void_p, c_void_p, c_int)
# CFUNCTYPE takes the lock: SQLite calls back from where Python has let go of it.
CALLBACKS = {
    "xWrite": ctypes.CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64),
    "xTruncate": ctypes.CFUNCTYPE(c_int, c_void_p, c_int64),
    "xSync": ctypes.CFUNCTYPE(c_int, c_void_p, c_int),
    "xClose": ctypes.CFUNCTYPE(c_int, c_void_p),
    "xOpen": ctypes.CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, c_void_p),
    "xDelete": ctypes.CFUNCTYPE(c_int, c_void_p, c_void_p, c_int),
}

FILE_CALLS = (
    "xClose xRead xWrite xTruncate xSync xFileSize xLock xUnlock xCheckReservedLock xFileControl "
    "xSectorSize xDeviceCharacteristics xShmMap xShmLock xShmBarrier xShmUnmap xFetch xUnfetch"
)
VFS_CALLS = (
    "xOpen xDelete xAccess xFullPathname xDlOpen xDlError xDlSym xDlClose xRandomness xSleep "
    "xCurrentTime xGetLastError xCurrentTimeInt64 xSetSystemCall xGetSystemCall xNextSystemCall"
)


class FileMethods(ctypes.Structure):
    """sqlite3_io_methods, version 3."""

    _fields_ = (("iVersion", c_int), *((name, c_void_p) for name in FILE_CALLS.split()))


class Vfs(ctypes.Structure):
    """sqlite3_vfs, version 3."""

    _fields_ = (
        ("iVersion", c_int),
        ("szOsFile", c_int),
        ("mxPathname", c_int),
        ("pNext", c_void_p),
        ("zName", c_char_p),
        ("pAppData", c_void_p),
        *((name, c_void_p) for name in VFS_CALLS.split()),
    )


class Hooks:
    """Python functions in the place of C ones. What they raise is kept, never let into C."""

    def __init__(self) -> None:
        self.raised: list[BaseException] = []
        # A callback that Python has collected is a jump into nothing.
        self._kept: list[object] = []

    def put(self, table: FileMethods | Vfs, name: str, work: Callable[..., int]) -> None:
        """Let C call `work` as `name`. What it raises is SQLITE_IOERR there."""
        raised = self.raised

        def guarded(*arguments: int) -> int:
            try:
                return work(*arguments)
            except BaseException as error:  # noqa: BLE001 - raised again when the disk is left
                raised.append(error)
                return IOERR

        callback = CALLBACKS[name](guarded)
        self._kept.append(callback)
        setattr(table, name, ctypes.cast(callback, c_void_p).value)


@functools.cache
def library() -> ctypes.CDLL:
    """Return the SQLite that the sqlite3 module uses. Raises RuntimeError where it is hidden."""
    # A module that is part of the interpreter has no file: the program itself is asked.
    opened = ctypes.CDLL(getattr(_sqlite3, "__file__", None))
    try:
        opened.sqlite3_vfs_find.restype = c_void_p
        opened.sqlite3_vfs_find.argtypes = [c_char_p]
        opened.sqlite3_vfs_register.argtypes = [c_void_p, c_int]
        opened.sqlite3_vfs_unregister.argtypes = [c_void_p]
        opened.sqlite3_libversion.restype = c_char_p
    except AttributeError as error:
        raise RuntimeError(f"this Python hides its SQLite: {error}") from None
    assert opened.sqlite3_libversion().decode() == sqlite3.sqlite_version, "another SQLite"
    return opened


@functools.cache
def own_vfs() -> tuple[Vfs, Vfs]:
    """Return the system's VFS, and the copy of it that may be changed and registered.

    There is one copy in a process: a connection that outlives its disk still looks into it.
    """
    address = library().sqlite3_vfs_find(None)
    assert address, "SQLite has no VFS"
    system = Vfs.from_address(address)
    assert (system.iVersion, system.zName) == (3, b"unix"), "written for SQLite's unix VFS"
    return system, Vfs.from_buffer_copy(system)


def methods_at(file: int) -> FileMethods:
    """Return the table of methods of the file object at address `file`."""
    return FileMethods.from_address(c_void_p.from_address(file).value or 0)


def set_methods(file: int, methods: FileMethods) -> None:
    """Give the file object at address `file` another table. The caller keeps the table alive."""
    c_void_p.from_address(file).value = ctypes.addressof(methods)


def check_promises(file: int) -> None:
    """Assert that the file promises SQLite no more than the crash model keeps."""
    promised = Ask(methods_at(file).xDeviceCharacteristics)(file)
    assert promised & ~SUBPAGE_READ == POWERSAFE_OVERWRITE, f"characteristics {promised:#x}"
