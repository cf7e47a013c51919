"""The one SQLite file: how it is opened, and its transactions."""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from importlib import resources
from pathlib import Path
from typing import Protocol

from edge_atm.errors import StoreFault

DATABASE = "edge-atm.sqlite"
SCHEMA_VERSION = 5
BUSY_SECONDS = 2.0
OTHER_USER = "Run the command as the unit's own user; systemd/README.md shows how."
OTHER_SCHEMA = (
    "Run the version that made it, or keep its files away untouched, provision anew and enrol all"
    " customers again: nothing converts a database."
)
PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    # A forgotten customer's sealed rows must not linger in free pages.
    "secure_delete = ON",
)


class Guard(Protocol):
    """Who makes sure that the rows read are those written last."""

    def watch(self, connection: sqlite3.Connection) -> None:
        """Notice from now on what this connection changes."""

    def sealed(self, connection: sqlite3.Connection) -> AbstractContextManager[None]:
        """Seal what the open transaction changed; leaving the block, it is committed."""

    def compare(self, connection: sqlite3.Connection) -> None:
        """Raise StoreFault when the snapshot's rows are not those that were written last."""


class Store:
    """One connection to the unit's database. Every change is one committed transaction."""

    def __init__(self, path: Path) -> None:
        """Open or create `path`. Raises StoreFault when it is locked, damaged or from elsewhere."""
        self.path = path
        self._guard: Guard | None = None
        with _faults_named(path):
            # The file is made private before SQLite writes a byte into it.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
            self._connection.row_factory = sqlite3.Row
            with ExitStack() as on_failure:
                on_failure.callback(self._connection.close)
                for pragma in PRAGMAS:
                    self._connection.execute(f"PRAGMA {pragma}")
                self._create_or_check()
                self._write_log_again()
                on_failure.pop_all()

    def close(self) -> None:
        self._connection.close()

    def guarded_by(self, guard: Guard) -> None:
        """Let `guard` seal every commit from now on."""
        with _faults_named(self.path):
            guard.watch(self._connection)
        self._guard = guard

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything inside is on disk when this returns, or none of it is."""
        with _faults_named(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                with self._guard.sealed(self._connection) if self._guard else nullcontext():
                    self._connection.execute("COMMIT")
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Everything read inside is of one moment, that of the first reading."""
        with _faults_named(self.path):
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    @contextmanager
    def verified(self) -> Iterator[None]:
        """A snapshot of rows that are those written last, as far as a guard can tell.

        Inside a transaction it adds nothing: the commit compares them.
        """
        if self._guard is None or self._connection.in_transaction:
            yield
            return
        with self.snapshot() as connection:
            self._guard.compare(connection)
            yield

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        """Return what `query` reads. It must not write."""
        with _faults_named(self.path):
            return self._connection.execute(query, values).fetchall()

    def empty_log(self) -> None:
        """Write the log back and empty it: deleted rows must not linger in it."""
        self.rows("PRAGMA wal_checkpoint(TRUNCATE)")

    def check(self) -> None:
        """Read the whole file through SQLite's own check. Raises StoreFault."""
        found = [row[0] for row in self.rows("PRAGMA integrity_check(3)")]
        found += [
            f"{row[0]} refers to a missing row" for row in self.rows("PRAGMA foreign_key_check")
        ]
        if found != ["ok"]:
            raise StoreFault(f"{self.path.name} is damaged: {'; '.join(found)[:200]}")

    def _write_log_again(self) -> None:
        # After a sync that failed the log may hold what only the cache still knows, and a good
        # sync later does not write it. What is copied into the database, and what is committed
        # behind it, must not rest on that.
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as busy:
            if "locked" not in str(busy):
                raise
            # Whoever writes just now has done this when it opened the file.
            return
        with self.path.with_name(f"{self.path.name}-wal").open("r+b", buffering=0) as log:
            content = log.read()
            log.seek(0)
            if log.write(content) != len(content):
                raise OSError(errno.EIO, "the log was not written whole")
            os.fsync(log.fileno())
        self._connection.execute("ROLLBACK")

    def _create_or_check(self) -> None:
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version == SCHEMA_VERSION:
            return
        tables = self._connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        if version != 0 or tables:
            raise StoreFault(
                f"{self.path.name} has schema {version}, this version needs {SCHEMA_VERSION}",
                OTHER_SCHEMA,
            )
        self._connection.executescript(f"BEGIN IMMEDIATE;\n{schema()}\nCOMMIT;")
        sync_folder(self.path.parent)


def schema() -> str:
    """Return the statements that make a new database."""
    return resources.files("edge_atm").joinpath("schema.sql").read_text(encoding="utf-8")


def sync_folder(folder: Path) -> None:
    """Sync a folder: only then a new name in it is there after a power cut. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _faults_named(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        if "locked" in str(error) or "busy" in str(error):
            raise StoreFault(
                f"{path.name} is locked by another program",
                "Only one edge-atm may write: stop the service or wait, then try again.",
            ) from None
        if "full" in str(error):
            raise StoreFault(
                f"no room on the disk for {path.name}", "Free space on the disk, then start again."
            ) from None
        if "readonly" in str(error) or "unable to open" in str(error):
            raise StoreFault(f"{path.name} cannot be written: {error}", OTHER_USER) from None
        raise StoreFault(f"{path.name} cannot be used: {error}") from None
    except PermissionError as error:
        raise StoreFault(f"{path.name} cannot be opened: {error.strerror}", OTHER_USER) from None
    except (sqlite3.DatabaseError, OSError) as error:
        raise StoreFault(f"{path.name} cannot be used: {error}") from None
