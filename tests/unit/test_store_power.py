"""What a disk that fails to sync can take with it: never a commit made after the next start."""

import random
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


def test_without_the_checkpoint_at_the_start_it_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Store, "empty_log", lambda self: None)
    with folder_in_memory() as folder, Disk(folder) as disk:
        unit = Witness(folder, disk)
        hollow_log(unit)
        assert not all(survives(unit))


def test_a_unit_whose_log_cannot_be_emptied_does_not_start() -> None:
    with folder_in_memory() as folder, Disk(folder) as disk:
        unit = Witness(folder, disk)
        hollow_log(unit)
        disk.full_after(disk.operations())
        with pytest.raises(StoreFault, match="no room on the disk"):
            unit.reopen()
        disk.full_after(None)
        unit.reopen()
        (folder / "image").mkdir()
        disk.crash(folder / "image", None, random.Random(0))


def test_somebody_who_reads_keeps_nobody_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "BUSY_SECONDS", 0.01)
    first = Store(tmp_path / "unit.sqlite")
    with first.transaction() as connection:
        connection.execute("DELETE FROM vault")
        Store(tmp_path / "unit.sqlite").close()
    first.close()
