"""Against rows and databases put back: every commit is sealed, and marked outside the database."""

import hashlib
import sqlite3
import struct
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from edge_atm.errors import SealBroken, StoreFault
from edge_atm.store import Store, schema
from edge_atm.vault.anchor import RESTORE, Anchor, Mark
from edge_atm.vault.envelope import seal, unseal
from edge_atm.vault.ring import Ring
from edge_atm.vault.roll import CURRENT, MODULUS, SCHEMA, SUM_BYTES, TABLES, Roll, Sums

OWNER = ("unit", "state")
HEAD = struct.Struct(">QQ32s32s")
DIGEST_BYTES = 32
# A TPM's counter wears: it is advanced for what the bank cannot restore from its own books.
COUNTED = "templates"
NOT_OURS = "Somebody put it there: keep it for the bank, out of state_dir, then provision again."
NAMES = {SCHEMA: "the schema", "vault": "the key ring"}
NO_STATE = "For a new unit run `edge-atm provision` with --notes again; else call the bank."
NAME_THEM = f"`edge-atm doctor` names the customers whose sealed rows do not open. {RESTORE}"


@dataclass(frozen=True, slots=True)
class State:
    """What one commit left behind: its number, the journal's end, every table's sum.

    `before` is the SHA-256 of the state sealed before, so that states form one chain.
    """

    commits: int
    entry: int
    entry_mac: bytes
    before: bytes
    sums: Sums

    def packed(self) -> bytes:
        """Return what is sealed."""
        head = HEAD.pack(self.commits, self.entry, self.entry_mac, self.before)
        return head + b"".join(self.sums[table].to_bytes(SUM_BYTES, "big") for table in TABLES)

    @classmethod
    def unpacked(cls, plain: bytes) -> "State":
        """Return what `packed` was given."""
        ends = range(HEAD.size, len(plain), SUM_BYTES)
        sums = [int.from_bytes(plain[at : at + SUM_BYTES], "big") for at in ends]
        commits, entry, entry_mac, before = HEAD.unpack(plain[: HEAD.size])
        return cls(commits, entry, entry_mac, before, dict(zip(TABLES, sums, strict=True)))


class Guard:
    """Seals every commit of a store, and refuses rows that are not those sealed last."""

    def __init__(self, store: Store, ring: Ring, anchor: Anchor) -> None:
        """`ring`: its lasting root outlives each renewal of the others."""
        self._store = store
        self._key = ring.lasting.derive("state")
        self._roll = Roll(ring.lasting.derive("roll"))
        self._anchor = anchor
        self._seen: int | None = None

    def start(self) -> None:
        """Seal a new database as it is, before it is guarded, and make its anchor.

        Raises StoreFault when somebody laid one there that has other rules than a new one.
        """
        with self._store.transaction() as connection:
            sums = self._roll.whole(connection)
            if sums[SCHEMA] != self._new_schema():
                raise StoreFault("the new database has another schema", NOT_OURS)
            digest = self._seal(connection, State(0, *_end(connection), bytes(DIGEST_BYTES), sums))
        with self._anchor.held(create=True):
            self._anchor.start(0, digest)

    def _new_schema(self) -> int:
        with closing(sqlite3.connect(":memory:")) as fresh:
            fresh.executescript(schema())
            return self._roll.whole(fresh, (SCHEMA,))[SCHEMA]

    def watch(self, connection: sqlite3.Connection) -> None:
        """Notice from now on what this connection changes."""
        self._roll.watch(connection)

    @contextmanager
    def sealed(self, connection: sqlite3.Connection) -> Iterator[None]:
        """Seal what the open transaction changed; when the caller has committed it, mark it.

        Raises StoreFault for a database that was changed behind its back, or an anchor that
        cannot be written.
        """
        # Nobody may commit before this commit is marked: so the anchor is never two behind.
        with self._anchor.held():
            state, digest = self._open(connection)
            self._anchor.meet(state.commits, digest, state.before)
            noted = self._roll.noted(connection)
            sums = {table: (state.sums[table] + noted.get(table, 0)) % MODULUS for table in TABLES}
            self._check_others(connection, sums)
            _check_entry(connection, state)
            digest = self._seal(
                connection, State(state.commits + 1, *_end(connection), digest, sums)
            )
            yield
            self._anchor.follow(state.commits + 1, digest, count=COUNTED in noted)

    def count(self) -> None:
        """Advance the counter, if there is one. Raises StoreFault."""
        with self._anchor.held():
            self._anchor.count()

    def check(self) -> Mark:
        """Compare every row, the journal's end and the anchor; return the anchor's mark.

        Raises StoreFault with what is not as it was written.
        """
        with self._store.snapshot() as connection:
            with self._anchor.held():
                # The first reading chooses the moment; nobody commits while the anchor is held.
                state, digest = self._open(connection)
                self._anchor.meet(state.commits, digest, state.before)
                mark = self._anchor.check_counter()
            seen = _data_version(connection)
            _check_entry(connection, state)
            if state.entry != _end(connection)[0]:
                raise StoreFault(f"the journal goes on after entry {state.entry}", RESTORE)
            self._check_rows(connection, state.sums, TABLES)
        self._seen = seen
        return mark

    def _check_others(self, connection: sqlite3.Connection, sums: Sums) -> None:
        seen = _data_version(connection)
        if seen != self._seen:
            # Another program wrote: a unit's own sealed its rows, anybody else could not.
            self._check_rows(connection, sums, CURRENT)
            self._seen = seen

    def _check_rows(
        self, connection: sqlite3.Connection, sums: Sums, tables: Iterable[str]
    ) -> None:
        found = self._roll.whole(connection, tables)
        wrong = [NAMES.get(table, table) for table in found if found[table] != sums[table]]
        if wrong:
            raise StoreFault(
                f"rows of {', '.join(wrong)} are not those that were written last", NAME_THEM
            )

    def _open(self, connection: sqlite3.Connection) -> tuple[State, bytes]:
        row = connection.execute("SELECT state FROM vault").fetchone()
        if row is None or not row[0]:
            raise StoreFault("the database was not set up to its end", NO_STATE)
        try:
            state = State.unpacked(unseal(self._key, row[0], *OWNER))
        except SealBroken:
            raise StoreFault("the state sealed in the database was changed", RESTORE) from None
        return state, hashlib.sha256(row[0]).digest()

    def _seal(self, connection: sqlite3.Connection, state: State) -> bytes:
        box = seal(self._key, state.packed(), *OWNER)
        connection.execute("UPDATE vault SET state = ?", (box,))
        return hashlib.sha256(box).digest()


def _end(connection: sqlite3.Connection) -> tuple[int, bytes]:
    row = connection.execute(
        "SELECT sequence, mac FROM journal ORDER BY sequence DESC LIMIT 1"
    ).fetchone()
    return (row[0], row[1]) if row else (0, bytes(DIGEST_BYTES))


def _check_entry(connection: sqlite3.Connection, state: State) -> None:
    """Raise StoreFault unless the journal still has the entry that was the last one."""
    found = connection.execute(
        "SELECT mac FROM journal WHERE sequence = ?", (state.entry,)
    ).fetchone()
    if state.entry and (found is None or found[0] != state.entry_mac):
        raise StoreFault(f"the journal was cut or changed at entry {state.entry}", RESTORE)


def _data_version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA data_version").fetchone()[0])
