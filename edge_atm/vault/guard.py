"""Against rows and databases put back: every commit is sealed, and marked outside the database."""

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager

from edge_atm.errors import SealBroken, StoreFault
from edge_atm.store import Store, schema
from edge_atm.vault.anchor import RESTORE, Anchor, Mark
from edge_atm.vault.envelope import seal, unseal
from edge_atm.vault.ring import Ring
from edge_atm.vault.roll import CURRENT, HISTORY, MODULUS, SCHEMA, TABLES, Roll, Sums
from edge_atm.vault.state import State

OWNER = ("unit", "state")
DIGEST_BYTES = 32
# A TPM's counter wears: it is advanced for what the bank cannot restore from its own books.
COUNTED = "templates"
NOT_OURS = "Somebody put it there: keep it for the bank, out of state_dir, then provision again."
NAMES = {SCHEMA: "the schema", "vault": "the key ring"}
NO_STATE = "For a new unit run `edge-atm provision` with --notes again; else call the bank."
NAME_THEM = f"`edge-atm doctor` names the customers whose sealed rows do not open. {RESTORE}"


class Guard:
    """Seals every commit of a store, and refuses rows that are not those sealed last."""

    def __init__(self, store: Store, ring: Ring, anchor: Anchor) -> None:
        """`ring`: its lasting root outlives each renewal of the others."""
        self._store = store
        self._key = ring.lasting.derive("state")
        self._roll = Roll(ring.lasting.derive("roll"))
        self._anchor = anchor
        self._seen: dict[tuple[str, ...], int] = {}

    def start(self) -> None:
        """Seal a new database as it is, before it is guarded, and make its anchor.

        Raises StoreFault when somebody laid one there that has other rules than a new one.
        """
        with self._store.transaction() as connection:
            sums = self._roll.whole(connection)
            if sums[SCHEMA] != self._new_schema():
                raise StoreFault("the new database has another schema", NOT_OURS)
            (sealed,) = connection.execute("SELECT state <> x'' FROM vault").fetchone()
            if sealed and (commits := self._open(connection)[0].commits):
                raise StoreFault(f"the database was emptied after commit {commits}", RESTORE)
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

        Raises StoreFault for a database changed behind its back, or a mark that is not written.
        """
        # Nobody may commit before this commit is marked: so the anchor is never two behind.
        with self._anchor.held():
            state, digest = self._open(connection)
            self._anchor.meet(state.commits, digest, state.before)
            noted = self._roll.noted(connection)
            sums = {table: (state.sums[table] + noted.get(table, 0)) % MODULUS for table in TABLES}
            self._check_others(connection, sums, noted)
            _check_entry(connection, state)
            digest = self._seal(
                connection, State(state.commits + 1, *_end(connection), digest, sums)
            )
            yield
            try:
                self._anchor.follow(state.commits + 1, digest, count=COUNTED in noted)
            except StoreFault as fault:
                fault.hint = f"Look before you do it again: it was done. {fault.hint}"
                raise

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
            _check_indices(connection, "journal")
        self._seen = dict.fromkeys((CURRENT, HISTORY), seen)
        return mark

    def compare(self, connection: sqlite3.Connection) -> None:
        """Compare what is read now with what was written last, if another program has written.

        In a snapshot that has read nothing yet. Raises StoreFault. Does nothing before `check`.
        """
        if not self._seen:
            return
        with self._anchor.held():
            state, digest = self._open(connection)
            self._anchor.meet(state.commits, digest, state.before)
        self._check_others(connection, state.sums, {})

    def _check_others(self, connection: sqlite3.Connection, sums: Sums, noted: Sums) -> None:
        seen = _data_version(connection)
        # History is long, and only what is written into it rests on it.
        for tables in (CURRENT, HISTORY) if noted.keys() & {*HISTORY} else (CURRENT,):
            if self._seen.get(tables) != seen:
                # Another program wrote: a unit's own sealed its rows, nobody else could.
                self._check_rows(connection, sums, tables)
                self._seen[tables] = seen

    def _check_rows(
        self, connection: sqlite3.Connection, sums: Sums, tables: Iterable[str]
    ) -> None:
        for table in tables:
            _check_indices(connection, table)
        found = self._roll.whole(connection, tables)
        wrong = [NAMES.get(table, table) for table in found if found[table] != sums[table]]
        if wrong:
            raise StoreFault(
                f"rows of {', '.join(wrong)} are not those that were written last", NAME_THEM
            )

    def _open(self, connection: sqlite3.Connection) -> tuple[State, bytes]:
        row = connection.execute("SELECT state FROM vault WHERE state <> x''").fetchone()
        if row is None:
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
    query = "SELECT sequence, mac FROM journal ORDER BY sequence DESC LIMIT 1"
    row = connection.execute(query).fetchone()
    return (row[0], row[1]) if row else (0, bytes(DIGEST_BYTES))


def _check_entry(connection: sqlite3.Connection, state: State) -> None:
    """Raise StoreFault unless the journal still has the entry that was the last one."""
    query = "SELECT mac FROM journal WHERE sequence = ?"
    found = connection.execute(query, (state.entry,)).fetchone()
    if state.entry and (found is None or found[0] != state.entry_mac):
        raise StoreFault(f"the journal was cut or changed at entry {state.entry}", RESTORE)


def _check_indices(connection: sqlite3.Connection, table: str) -> None:
    """Raise StoreFault where an index leads to other rows than the table's."""
    # Rows are looked up by indices, of which no sum says anything.
    (said,) = connection.execute(f"PRAGMA main.integrity_check({table})").fetchone()
    if said != "ok":
        raise StoreFault(f"{NAMES.get(table, table)} is damaged: {said}", RESTORE)


def _data_version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA data_version").fetchone()[0])
