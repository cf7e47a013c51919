"""A restore whose database another program has open: what is in its log only must not be lost."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from edge_atm.errors import StoreFault
from edge_atm.vault import backup
from edge_atm.vault.backup import restoring
from tests.unit.backed_up import CARD, IDENTITY, MASTER, PUBLIC, check, restore, written
from tests.unit.refilling import UNIT_ID, enrol, journal_of, opened_store
from tests.unit.vaulted import RING


def test_a_restored_database_is_whole_without_its_log(tmp_path: Path) -> None:
    """A second connection keeps SQLite from removing the log when the first is closed."""
    store = opened_store(tmp_path / "old.db", RING)
    enrol(store, CARD, 1)
    file, empty = tmp_path / "backup.age", tmp_path / "state"
    written(store, file)
    empty.mkdir()
    context = restoring(file, empty, MASTER, IDENTITY, PUBLIC, UNIT_ID)
    restored = context.__enter__()
    with closing(sqlite3.connect(empty / backup.PART)) as other:
        other.execute("SELECT * FROM vault").fetchall()
        restored.adopt(journal_of(restored.store, restored.ring))
        with pytest.raises(StoreFault, match="another program reads"):
            context.__exit__(None, None, None)
    assert list(empty.iterdir()) == []
    restore(file, empty)
    check(empty)
