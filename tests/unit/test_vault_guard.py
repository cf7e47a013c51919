"""What the guard takes for the newest state, and what it refuses: rows, forks, disks put back."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_atm.errors import StoreFault
from edge_atm.store import DATABASE, Store
from edge_atm.vault.anchor import FILE
from tests.rig.disk.disk import folder_in_memory
from tests.unit.guarded import Guarded
from tests.unit.vaulted import change

WRITES = 8


@pytest.fixture
def unit() -> Iterator[Guarded]:
    with folder_in_memory() as folder:
        unit = Guarded(folder)
        unit.write("ada")
        yield unit
        unit.store.close()


def test_a_mark_that_cannot_be_written_stops_the_unit_until_it_can(
    unit: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.pwrite", full)
        # The first is committed and not marked: as if power had failed. The next is not begun.
        for name in ("grace", "joan"):
            with pytest.raises(StoreFault, match="anchor cannot be written: No space"):
                unit.write(name)
        unit.refuses("anchor cannot be written")
    unit.open()
    assert unit.customers() == ["ada", "grace"]


def test_a_mark_written_in_part_is_a_fault(unit: Guarded, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("os.pwrite", lambda *_: 7)
        with pytest.raises(StoreFault, match="not written whole"):
            unit.write("grace")
    unit.reopen()
    assert unit.customers() == ["ada", "grace"]


def test_programs_that_write_at_once_leave_one_chain(unit: Guarded) -> None:
    unit.store.close()
    writers = [_writer(unit, name) for name in ("grace", "joan", "mary")]
    assert [os.waitpid(writer, 0)[1] for writer in writers] == [0, 0, 0]
    unit.open()
    assert len(unit.customers()) == 1 + 3 * WRITES
    assert unit.guard.check().commits == 1 + 3 * WRITES


def _writer(unit: Guarded, name: str) -> int:
    """Fork a program that writes; return its process number."""
    number = os.fork()
    if number == 0:
        try:
            unit.open()
            for count in range(WRITES):
                unit.write(f"{name}{count}")
            unit.store.close()
            os._exit(0)
        finally:
            os._exit(1)
    return number


def test_a_transaction_that_failed_leaves_no_trace(unit: Guarded) -> None:
    with pytest.raises(StoreFault, match="UNIQUE"):
        unit.write("ada")
    unit.write("grace")
    unit.reopen()
    assert unit.customers() == ["ada", "grace"]


def test_what_others_change_while_the_unit_runs_stops_its_next_commit(unit: Guarded) -> None:
    bare = Store(unit.folder / DATABASE)
    change(bare, "UPDATE customers SET pin_failures = 2")
    bare.close()
    for _ in range(2):
        with pytest.raises(StoreFault, match="rows of customers are not those that were written"):
            unit.write("grace")
    assert unit.customers() == ["ada"]


def test_a_fork_of_the_same_length_is_not_taken(unit: Guarded) -> None:
    """Of two commits that followed the same one, the marked one counts, and what follows it."""
    common = unit.disk()
    unit.open()
    unit.write("grace")
    unit.write("joan")
    forked = unit.disk()
    unit.put_back(common)
    unit.open()
    unit.write("mary")
    unit.store.close()
    unit.put_back(forked, DATABASE)
    unit.refuses("does not follow from what was written last")
    unit.put_back(common, DATABASE)
    unit.refuses("an older database was put back: commit 1 instead of 2")


def test_an_anchor_put_back_is_noticed(unit: Guarded) -> None:
    older = unit.disk()
    unit.open()
    unit.write("grace")
    one_behind = unit.disk()
    unit.put_back(older, FILE)
    # As if power had failed before the mark: the database is the newest all the same.
    unit.open()
    assert unit.customers() == ["ada", "grace"]
    unit.write("joan")
    unit.store.close()
    unit.put_back(one_behind, FILE)
    unit.open()
    unit.write("mary")
    unit.store.close()
    unit.put_back(older, FILE)
    unit.refuses("an older anchor was put back: commit 1 instead of 4")


def test_without_a_counter_a_whole_disk_put_back_is_not_noticed(unit: Guarded) -> None:
    older = unit.disk()
    unit.open()
    unit.write("grace")
    unit.store.close()
    unit.put_back(older)
    unit.open()
    assert unit.customers() == ["ada"]
    assert unit.guard.check().counter == 0


def test_a_database_laid_there_before_the_first_start_is_not_taken(tmp_path: Path) -> None:
    store = Store(tmp_path / DATABASE)
    with store.transaction() as connection:
        connection.execute(
            "CREATE TRIGGER gift AFTER INSERT ON journal BEGIN"
            " UPDATE accounts SET balance_cents = 99; END"
        )
    store.close()
    with pytest.raises(StoreFault, match="the new database has another schema"):
        Guarded(tmp_path)


def test_a_column_whose_name_is_a_statement_is_only_a_name(unit: Guarded) -> None:
    bare = Store(unit.folder / DATABASE)
    with bare.transaction() as connection:
        connection.execute('ALTER TABLE accounts ADD COLUMN "a"") ; DROP TABLE x; --" TEXT')
    bare.close()
    unit.refuses("rows of the schema are not those that were written last")
