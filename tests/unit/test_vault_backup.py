"""A backup: of one moment, sealed, read back, and known to the journal."""

import os
from pathlib import Path

import pytest

from edge_atm.errors import StoreFault
from edge_atm.store import DATABASE, Store
from edge_atm.vault.age import open_with
from edge_atm.vault.appearing import Digested, appearing
from edge_atm.vault.escrow import boxes, export
from edge_atm.vault.ring import exposed
from edge_atm.vault.signed_line import signed_fields
from tests.unit.backed_up import CARD, IDENTITY, PUBLIC, SECOND, check, restore, written
from tests.unit.refilling import UNIT_ID, enrol, journal_of, opened_store
from tests.unit.vaulted import RING


@pytest.fixture
def old(tmp_path: Path) -> Store:
    store = opened_store(tmp_path / "old.db", RING)
    enrol(store, CARD, 1)
    return store


@pytest.fixture
def file(old: Store, tmp_path: Path) -> Path:
    written(old, tmp_path / "backup.age")
    return tmp_path / "backup.age"


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    return tmp_path / "state"


def test_a_backup_is_of_one_moment_also_what_only_the_log_holds(
    old: Store, file: Path, empty: Path, tmp_path: Path
) -> None:
    assert old.path.with_name("old.db-wal").stat().st_size > old.path.stat().st_size
    enrol(old, SECOND, 2)
    restore(file, empty)
    check(empty)
    assert journal_of(old, RING).entries(last=1)[0].event == "backup"
    assert [path.name for path in empty.iterdir()] == [DATABASE]


def test_its_header_says_what_the_journal_says(old: Store, tmp_path: Path) -> None:
    made = written(old, tmp_path / "b.age")
    plain = open_with(IDENTITY, (tmp_path / "b.age").read_bytes())
    fields = signed_fields(plain.partition(b"\n")[0], PUBLIC)
    assert fields.pop("ring") == exposed(RING).hex()
    assert fields == {
        "format": "edge-backup/1", "unit_id": UNIT_ID, "made_at": made.made_at,
        "entries": 0, "size_bytes": made.size_bytes, "sha256": made.sha256,
    }  # fmt: skip
    detail = journal_of(old, RING).entries(last=1)[0].detail
    assert detail == {"entries": 0, "size_bytes": made.size_bytes, "sha256": made.sha256}


def test_a_medium_that_does_not_keep_it_is_found_out(tmp_path: Path) -> None:
    with pytest.raises(StoreFault, match="reads back as something else"):
        write_on_a_worn_medium(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def write_on_a_worn_medium(path: Path) -> None:
    with appearing(path) as file:
        digested = Digested(file)
        digested.write(b"0123456789")
        file.flush()
        os.pwrite(file.fileno(), b"x", 4)
        digested.read_back()


def test_no_backup_has_a_name_that_the_journal_does_not_know(old: Store, tmp_path: Path) -> None:
    with old.transaction() as connection:
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    with pytest.raises(StoreFault):
        written(old, tmp_path / "b.age")
    assert not any("b.age" in path.name for path in tmp_path.iterdir())


def test_what_does_not_read_back_gets_no_name_and_no_entry(
    old: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def worn(digested: Digested) -> None:
        raise StoreFault("what was written reads back as something else")

    monkeypatch.setattr(Digested, "read_back", worn)
    journal = journal_of(old, RING)
    with pytest.raises(StoreFault, match="reads back"):
        written(old, tmp_path / "out.age")
    with pytest.raises(StoreFault, match="reads back"):
        export(tmp_path / "out.tar", journal, boxes(old))
    assert not any("out" in path.name for path in tmp_path.iterdir())
    assert journal.last_sequence() == 0
