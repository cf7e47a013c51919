"""The one file: transactions whole or not at all, faults in a sentence."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge_atm import store as store_module
from edge_atm.errors import StoreFault
from edge_atm.journal import Journal
from edge_atm.store import Store

KEY = bytes(range(32))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "unit.sqlite"


def journal_of(store: Store, key: bytes = KEY) -> Journal:
    return Journal(store, key, lambda: datetime(2026, 1, 1, tzinfo=UTC))


def filled(path: Path) -> Store:
    store = Store(path)
    journal = journal_of(store)
    for number in range(5):
        journal.record("event", number=number)
    return store


def test_a_transaction_is_whole_or_nothing(path: Path) -> None:
    store = filled(path)
    journal = journal_of(store)

    def fail_after_writing() -> None:
        with store.transaction() as connection:
            journal.append(connection, "lost")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail_after_writing()
    assert journal.verify() == 5


def test_the_file_is_private_and_synced(path: Path) -> None:
    store = Store(path)
    assert path.stat().st_mode & 0o077 == 0
    assert store.rows("PRAGMA journal_mode")[0][0] == "wal"
    assert store.rows("PRAGMA synchronous")[0][0] == 2


def test_rows_that_refer_to_nothing_are_refused_and_deleted_ones_are_wiped(path: Path) -> None:
    store = Store(path)
    assert store.rows("PRAGMA foreign_keys")[0][0] == 1
    assert store.rows("PRAGMA secure_delete")[0][0] == 1
    with pytest.raises(StoreFault, match="FOREIGN KEY"), store.transaction() as connection:
        connection.execute("INSERT INTO results VALUES ('nobody', 1, '{}')")
    with store.transaction() as connection:
        connection.execute(
            "INSERT INTO vault (id, ring) VALUES (1, ?)", (b"a secret that is gone" * 9,)
        )
    with store.transaction() as connection:
        connection.execute("DELETE FROM vault")
    store.empty_log()
    assert b"a secret that is gone" not in path.read_bytes()


def test_a_transaction_holds_the_file_from_its_first_moment(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it reads cannot be changed under it before it writes."""
    monkeypatch.setattr(store_module, "BUSY_SECONDS", 0.0)
    store, other = Store(path), Store(path)
    with store.transaction(), pytest.raises(StoreFault, match="locked by another program"):
        journal_of(other).record("event")
    journal_of(other).record("event")


def test_reopened_it_holds_what_was_written(path: Path) -> None:
    filled(path).close()
    store = Store(path)
    store.check()
    assert [entry.detail["number"] for entry in journal_of(store).entries(last=2)] == [3, 4]


def test_a_locked_database_is_a_sentence(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "BUSY_SECONDS", 0.05)
    store = Store(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreFault, match="locked by another program"):
        journal_of(store).record("event")
    other.close()
    journal_of(store).record("event")


@pytest.mark.parametrize(
    "damage", [b"this is not a database", b"SQLite format 3\0" + b"\xff" * 4096]
)
def test_a_damaged_database_is_a_sentence(path: Path, damage: bytes) -> None:
    path.write_bytes(damage)
    with pytest.raises(StoreFault, match=path.name):
        Store(path)


def test_damage_inside_is_found_by_the_check(path: Path) -> None:
    store = filled(path)
    for number in range(200):
        journal_of(store).record("event", text="x" * 200, number=number)
    store.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    content = bytearray(path.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = b"\xa5" * 4096
    path.write_bytes(content)
    with pytest.raises(StoreFault):
        Store(path).check()


def test_a_database_of_another_version_is_refused(path: Path) -> None:
    Store(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreFault, match="schema 99") as caught:
        Store(path)
    assert "Run the version that made it" in caught.value.hint
