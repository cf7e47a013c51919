"""A keyed sum over every row of a table: a changed row changes it by what that row adds."""

import hmac
import sqlite3
from collections.abc import Iterable, Iterator

# What stands for now: read whole whenever another program has written.
SCHEMA = "sqlite_schema"
CURRENT = (
    "accounts", "customers", "escrow", SCHEMA, "failures", "habits", "storage_units", "templates",
    "vault",
)  # fmt: skip
# What only grows: read whole at the start. The journal has a chain of its own.
HISTORY = ("batches", "payouts", "results", "service_moves")
TABLES = CURRENT + HISTORY
COLUMNS = {
    # A trigger or a rule that was added or taken away is a change, a page that moved is none.
    SCHEMA: ("type", "name", "tbl_name", "sql"),
    # The state itself says what the sums are.
    "vault": ("id", "ring"),
}
SUM_BYTES = 32
MODULUS = 1 << 8 * SUM_BYTES
# Which row of which change is added to the sum, and which is taken from it.
STEPS = (("INSERT", "NEW", 1), ("DELETE", "OLD", -1), ("UPDATE", "OLD", -1), ("UPDATE", "NEW", 1))

Sums = dict[str, int]


class Roll:
    """The sums under one key, and what a connection's open transaction adds to them.

    HMAC-SHA256 of each row, added modulo 2^256: MSet-Add-Hash of Clarke, Devadas, van Dijk,
    Gassend and Suh, "Incremental multiset hash functions", Asiacrypt 2003. A sum must be kept
    sealed: who sees many could choose among old rows until they add up (Wagner, "A generalized
    birthday problem", Crypto 2002); the paper hides it behind a nonce for that reason.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def watch(self, connection: sqlite3.Connection) -> None:
        """Note every row that this connection changes. Outside a transaction, once.

        A temporary table takes part in transactions: what is rolled back, or undone by a failed
        statement, leaves it by itself.
        """
        # Else INSERT OR REPLACE removes rows that no trigger sees; and notes stay off the disk.
        for pragma in ("recursive_triggers = ON", "temp_store = MEMORY"):
            connection.execute(f"PRAGMA {pragma}")
        connection.create_function("row_hash", -1, self._hash)
        connection.execute("CREATE TEMP TABLE noted (tab TEXT, sign INTEGER, hash BLOB)")
        watched = [table for table in TABLES if table != SCHEMA]
        triggers = [t for table in watched for t in _triggers(table, _columns(connection, table))]
        connection.executescript(";\n".join(["BEGIN", *triggers, "COMMIT"]))

    def noted(self, connection: sqlite3.Connection) -> Sums:
        """Return what the open transaction added to each table's sum, and forget it."""
        added: Sums = {}
        for table, sign, hashed in connection.execute("SELECT tab, sign, hash FROM noted"):
            added[table] = added.get(table, 0) + sign * int.from_bytes(hashed, "big")
        connection.execute("DELETE FROM noted")
        return added

    def whole(self, connection: sqlite3.Connection, tables: Iterable[str] = TABLES) -> Sums:
        """Return the sum over all rows of each table, about 5 s for a million rows."""
        return {table: sum(self._hashes(connection, table)) % MODULUS for table in tables}

    def _hashes(self, connection: sqlite3.Connection, table: str) -> Iterator[int]:
        cursor = connection.cursor()
        cursor.row_factory = None
        names = ", ".join(_columns(connection, table))
        for row in cursor.execute(f"SELECT {names} FROM main.{table}"):  # noqa: S608 - our own
            yield int.from_bytes(self._hash(table, *row), "big")

    def _hash(self, *values: object) -> bytes:
        return hmac.digest(self._key, b"".join(map(_encoded, values)), "sha256")


def _encoded(value: object) -> bytes:
    """Return the type, the length and the content: no value can borrow bytes from the next."""
    if isinstance(value, bytes):
        return b"b%d:%b" % (len(value), value)
    if isinstance(value, str):
        text = value.encode()
        return b"s%d:%b" % (len(text), text)
    if isinstance(value, int):
        return b"i%d:" % value
    if value is None:
        return b"n:"
    # No STRICT table of ours takes a fraction: somebody got round its rule.
    return b"?:"


def _columns(connection: sqlite3.Connection, table: str) -> tuple[str, ...]:
    fixed = COLUMNS.get(table)
    if fixed:
        return fixed
    found = connection.execute(f"PRAGMA main.table_info({table})")
    # Quoted, because somebody else may have named one.
    return tuple('"' + row[1].replace('"', '""') + '"' for row in found)


def _triggers(table: str, columns: tuple[str, ...]) -> Iterator[str]:
    for event, row, sign in STEPS:
        of = f" OF {', '.join(columns)}" if event == "UPDATE" else ""
        values = ", ".join(f"{row}.{column}" for column in columns)
        name = f"note_{table}_{event}_{row}"
        note = f"INSERT INTO noted VALUES ('{table}', {sign}, row_hash('{table}', {values}))"  # noqa: S608
        yield f"CREATE TEMP TRIGGER {name} AFTER {event}{of} ON main.{table} BEGIN {note}; END"
