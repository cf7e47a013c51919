"""What a disk that fails to sync can take with it: never a commit made after the next start."""

from pathlib import Path

import pytest

from edge_atm import store
from edge_atm.errors import StoreFault
from edge_atm.store import Store
from tests.rig.disk.disk import Disk, folder_in_memory
from tests.rig.disk.witness import Witness

LONG = "x" * 9000
DRAWS = 40


def hollow_log(unit: Witness) -> None:
    """Leave a commit in the log that only the cache knows: its sync failed, the power held."""
    unit.journal.record("first")
    unit.disk.sync_fails_at(unit.disk.operations())
    with pytest.raises(StoreFault):
        unit.journal.record("never synced", text=LONG)
    # Without room the last one out cannot tidy up either.
    unit.disk.full_after(unit.disk.operations())
    unit.store.close()
    unit.disk.full_after(None)


def survives(unit: Witness) -> list[bool]:
    """Commit once more after a new start, and see in which crashes that commit is left."""
    unit.reopen()
    unit.journal.record("after the start")
    return ["after the start" in unit.left(None, seed) for seed in range(DRAWS)]


def test_a_commit_does_not_lie_behind_one_that_was_never_synced() -> None:
    with folder_in_memory() as folder, Disk(folder) as disk:
        unit = Witness(folder, disk)
        hollow_log(unit)
        assert all(survives(unit))


def test_without_writing_the_log_again_it_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Store, "_write_log_again", lambda self: None)
    with folder_in_memory() as folder, Disk(folder) as disk:
        unit = Witness(folder, disk)
        hollow_log(unit)
        assert not all(survives(unit))


@pytest.mark.parametrize("cut", range(12))
def test_two_failed_syncs_and_a_power_cut_leave_no_half_transaction(cut: int) -> None:
    """The syncs of the commit and of the closing fail, and power in the start after them."""
    with folder_in_memory() as folder, Disk(folder) as disk:
        unit = Witness(folder, disk)
        unit.journal.record("first")
        disk.sync_fails_at(disk.operations(), 2)
        with pytest.raises(StoreFault):
            unit.journal.record("doubtful", text=LONG)
        unit.store.close()
        disk.power_fails_at(disk.operations() + cut)
        unit.reopen()
        unit.store.empty_log()
        for seed in range(DRAWS):
            assert unit.left(None, seed) in (("first",), ("first", "doubtful"))


def test_a_unit_whose_log_cannot_be_synced_does_not_start() -> None:
    with folder_in_memory() as folder, Disk(folder) as disk:
        unit = Witness(folder, disk)
        hollow_log(unit)
        disk.sync_fails_at(disk.operations())
        with pytest.raises(StoreFault, match="sync failed"):
            unit.reopen()
        unit.reopen()


def test_somebody_who_reads_keeps_nobody_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "BUSY_SECONDS", 0.01)
    first = Store(tmp_path / "unit.sqlite")
    with first.transaction() as connection:
        connection.execute("DELETE FROM vault")
        Store(tmp_path / "unit.sqlite").close()
    first.close()
