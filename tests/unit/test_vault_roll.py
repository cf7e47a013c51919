"""The sums over the rows: what a connection notes is what reading every row again finds."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edge_atm.store import Store, schema
from edge_atm.vault.roll import MODULUS, TABLES, Roll, Sums

KEY = bytes(range(32))
CUSTOMER = "INSERT INTO customers (customer_id, card_hash, card_last4) VALUES (?, ?, '1')"
PUT = "INSERT OR REPLACE INTO templates VALUES (?, ?, 1, 'm', 'p', 'd', ?)"
IDS = st.sampled_from(["ada", "grace", "joan"])
BYTES = st.binary(max_size=3)
STATEMENTS = st.one_of(
    st.tuples(
        st.just(CUSTOMER),
        st.tuples(IDS, BYTES),
    ),
    st.tuples(
        st.just(PUT),
        st.tuples(IDS, IDS, BYTES),
    ),
    st.tuples(
        st.just("UPDATE OR REPLACE templates SET template_id = ? WHERE customer_id <> ?"),
        st.tuples(IDS, IDS),
    ),
    # Fails for some rows after it has changed others.
    st.tuples(
        st.just("UPDATE customers SET face_failures = 1 - instr(customer_id, ?)"),
        st.tuples(st.sampled_from("ajx")),
    ),
    st.tuples(
        st.just("UPDATE customers SET pin_box = ?, revoked = NULL WHERE customer_id = ?"),
        st.tuples(st.none() | BYTES, IDS),
    ),
    st.tuples(st.just("DELETE FROM templates WHERE customer_id = ?"), st.tuples(IDS)),
    st.tuples(st.just("DELETE FROM templates"), st.just(())),
    st.tuples(
        st.sampled_from(["SAVEPOINT s", "ROLLBACK TO s", "RELEASE s", "COMMIT", "ROLLBACK"]),
        st.just(()),
    ),
)


@pytest.fixture
def connection(store: Store) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(store.path, isolation_level=None)) as connection:
        yield connection


def plus(sums: Sums, added: Sums) -> Sums:
    return {table: (sums[table] + added.get(table, 0)) % MODULUS for table in TABLES}


@example(statements=[(CUSTOMER, ("ada", b"1")), (PUT, ("ada", "a", b"")), (PUT, ("ada", "b", b""))])
@settings(max_examples=25, deadline=None)
@given(statements=st.lists(STATEMENTS, max_size=12))
def test_what_is_noted_is_what_has_changed(
    statements: list[tuple[str, tuple[object, ...]]],
) -> None:
    roll = Roll(KEY)
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.executescript(schema())
        roll.watch(connection)
        before = roll.whole(connection)
        for statement, values in statements:
            with suppress(sqlite3.Error):
                connection.execute(statement, values)
            if not connection.in_transaction:
                connection.execute("BEGIN")
        assert plus(before, roll.noted(connection)) == roll.whole(connection)
        assert roll.noted(connection) == {}


def test_every_table_but_the_journal_is_summed(connection: sqlite3.Connection) -> None:
    query = "SELECT name FROM sqlite_schema WHERE type = 'table'"
    named = {row[0] for row in connection.execute(query)}
    assert sorted([*named - {"journal"}, "sqlite_schema"]) == sorted(TABLES)


def test_a_state_says_nothing_of_itself(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO vault (id, ring) VALUES (1, x'01')")
    roll = Roll(KEY)
    roll.watch(connection)
    before = roll.whole(connection)
    connection.execute("UPDATE vault SET state = x'99'")
    assert roll.whole(connection) == before
    connection.execute("UPDATE vault SET ring = x'02'")
    assert plus(before, roll.noted(connection)) == roll.whole(connection) != before


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER gift AFTER INSERT ON payouts BEGIN UPDATE accounts SET held_cents = 0; END",
        "CREATE VIEW rich AS SELECT 1",
        "DROP TRIGGER journal_is_never_cut",
        "ALTER TABLE accounts RENAME COLUMN held_cents TO free_cents",
    ],
)
def test_a_changed_schema_changes_its_sum(connection: sqlite3.Connection, statement: str) -> None:
    roll = Roll(KEY)
    before = roll.whole(connection, ("sqlite_schema",))
    connection.execute(statement)
    assert roll.whole(connection, ("sqlite_schema",)) != before


def test_a_row_counts_with_its_table_its_types_and_its_borders() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE accounts (a, b)")
        connection.execute("CREATE TABLE escrow (a, b)")
        found = set()
        rows = [
            (1, 2), (12, None), (None, 12), ("1", 2), (b"1", 2), ("12", ""), ("1", "2"), ("", "12"),
            ("s1:2", ""), (-1, 2), (None, None),
        ]  # fmt: skip
        for row in rows:
            for table in ("accounts", "escrow"):
                connection.execute(f"INSERT INTO {table} VALUES (?, ?)", row)
                found.add(Roll(KEY).whole(connection, (table,))[table])
                found.add(Roll(bytes(32)).whole(connection, (table,))[table])
                connection.execute(f"DELETE FROM {table}")
        assert len(found) == 2 * 2 * len(rows)


def test_two_alike_are_not_none(connection: sqlite3.Connection) -> None:
    """A sum, not an exclusive or: what is there twice does not vanish."""
    connection.execute("CREATE TABLE twice (a)")
    roll = Roll(KEY)
    sums = []
    for _ in range(3):
        sums.append(roll.whole(connection, ("twice",))["twice"])
        connection.execute("INSERT INTO twice VALUES (1)")
    assert len(set(sums)) == 3
