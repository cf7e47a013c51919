"""Power fails under SQLite at every write: what was committed stays, and the model has teeth."""

import gc
import random
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_atm.errors import StoreFault
from tests.rig.disk.crash import File, Operation, apply, survivors
from tests.rig.disk.disk import Disk, folder_in_memory
from tests.rig.disk.witness import NAME, Witness

DRAWS = 4
# More than one page, so that a transaction is several frames of the log.
LONG = "x" * 9000
WRITES = st.lists(st.tuples(st.integers(0, 3000), st.binary(max_size=1500)), max_size=5)
Write = tuple[int, bytes]


@pytest.fixture
def unit() -> Iterator[Witness]:
    with folder_in_memory() as folder, Disk(folder) as disk:
        yield Witness(folder, disk)


def test_replayed_whole_the_record_is_the_file(unit: Witness) -> None:
    for life in ("first", "second"):
        unit.journal.record("before", text=LONG)
        unit.store.empty_log()
        unit.journal.record("after")
        unit.disk.forget()
        (copy := unit.folder / life).mkdir()
        unit.disk.crash(copy, None, random.Random(0))
        assert {path.name for path in copy.iterdir()} == {NAME, f"{NAME}-wal"}
        for path in copy.iterdir():
            assert path.read_bytes() == (unit.folder / path.name).read_bytes()
        unit.store.close()
        unit.reopen()


def test_a_commit_is_one_sync(unit: Witness) -> None:
    unit.journal.record("first")
    unit.disk.forget()
    unit.journal.record("ordinary", text=LONG)
    assert unit.disk.syncs == {"wal": 1}
    assert unit.disk.writes["wal"] >= 2 * 3
    unit.disk.forget()
    unit.store.empty_log()
    assert unit.disk.syncs == {"wal": 1, "db": 1}
    unit.disk.forget()
    # A log that begins anew has a header, and it is synced before the first frame.
    unit.journal.record("first of its log")
    assert unit.disk.syncs == {"wal": 2}


def test_what_was_committed_is_in_every_crash(unit: Witness) -> None:
    """From the file's creation, through a checkpoint, a closing and a second opening."""
    committed_at: list[int] = []
    for _ in range(2):
        for number in range(15):
            unit.journal.record(f"{len(committed_at)}", text="x" * 700 * (number % 4))
            committed_at.append(unit.disk.operations())
            if number == 7:
                unit.store.empty_log()
        unit.store.close()
        unit.reopen()
    events = tuple(str(number) for number in range(len(committed_at)))
    ahead = set()
    for at in range(unit.disk.operations() + 1):
        committed = sum(moment <= at for moment in committed_at)
        for seed in range(DRAWS):
            left = unit.left(at, seed)
            assert left in (events[:committed], events[: committed + 1]), (at, seed)
            ahead.add(len(left) - committed)
    # A commit that had not returned yet may be there too; else the draws were too tame.
    assert ahead == {0, 1}


@pytest.mark.parametrize("synchronous", ["OFF", "NORMAL"])
def test_less_than_full_loses_a_commit(unit: Witness, synchronous: str) -> None:
    unit.store.rows(f"PRAGMA synchronous = {synchronous}")
    unit.journal.record("promised")
    assert {unit.left(None, seed) for seed in range(20)} == {(), ("promised",)}


def test_a_full_disk_is_a_sentence_and_passes(unit: Witness) -> None:
    unit.journal.record("first")
    start = unit.disk.operations()
    # Each of the transaction's writes in turn is the one that finds no room.
    for room in range(6):
        unit.disk.full_after(unit.disk.operations() + room)
        with pytest.raises(StoreFault, match="no room on the disk"):
            unit.journal.record("refused", text=LONG)
        assert unit.journal.verify() == 1
    refused = range(start, unit.disk.operations() + 1)
    assert {unit.left(at) for at in refused} == {("first",)}
    unit.disk.full_after(None)
    unit.journal.record("second")
    assert unit.left() == ("first", "second")


def test_a_failed_sync_leaves_doubt_until_the_next_commit(unit: Witness) -> None:
    unit.journal.record("first")
    unit.disk.sync_fails_at(unit.disk.operations())
    with pytest.raises(StoreFault, match="disk I/O error"):
        unit.journal.record("doubtful", text=LONG)
    assert unit.journal.verify() == 1
    # Told as failed, and yet a crash may bring it back whole: the caller must not rely on either.
    left = {unit.left(None, seed) for seed in range(30)}
    assert left == {("first",), ("first", "doubtful")}
    # The next commit is written over it, and settles it for good.
    unit.journal.record("next")
    settled = unit.disk.operations()
    unit.store.empty_log()
    after = range(settled, unit.disk.operations() + 1)
    assert {unit.left(at) for at in after} == {("first", "next")}


def test_a_checkpoint_whose_sync_fails_loses_nothing(unit: Witness) -> None:
    unit.journal.record("first", text=LONG)
    # The log's own sync comes first, then the pages and theirs.
    unit.disk.sync_fails_at(unit.disk.operations() + 1)
    with pytest.raises(StoreFault, match="disk I/O error"):
        unit.store.empty_log()
    unit.journal.record("second")
    unit.store.empty_log()
    assert {unit.left(None, seed) for seed in range(20)} == {("first", "second")}


def test_a_zombie_writes_to_no_disk(unit: Witness) -> None:
    unit.journal.record("first")
    unit.disk.power_fails_at(unit.disk.operations())
    unit.journal.record("after its death")
    assert unit.disk.failed
    assert unit.journal.verify() == 2
    assert unit.left() == ("first",)


def test_one_disk_at_a_time_and_a_connection_may_outlive_it(tmp_path: Path) -> None:
    with Disk(tmp_path) as disk:
        unit = Witness(tmp_path, disk)
        with pytest.raises(AssertionError, match="another disk"):
            Disk(tmp_path).__enter__()
    gc.collect()
    unit.journal.record("later")
    with Disk(tmp_path) as disk:
        assert Witness(tmp_path, disk).journal.verify() == 1


def test_what_goes_wrong_in_the_recorder_comes_out_again(tmp_path: Path) -> None:
    power = ExitStack()
    disk = power.enter_context(Disk(tmp_path))
    (tmp_path / NAME).write_bytes(b"not by SQLite")
    with pytest.raises(StoreFault):
        Witness(tmp_path, disk)
    with pytest.raises(AssertionError, match="behind the disk's back"):
        power.close()


@given(st.binary(max_size=2000), WRITES, st.integers())
def test_an_unsynced_byte_is_old_or_new(old: bytes, made: list[Write], seed: int) -> None:
    file = File(NAME, bytearray(old))
    log: list[Operation] = [("write", file, offset, data) for offset, data in made]
    left = survivors({NAME: file}, log, random.Random(seed))[NAME]
    assert len(left) >= len(old)
    for place, byte in enumerate(left):
        new = {data[place - at] for at, data in made if 0 <= place - at < len(data)}
        assert byte in new | {old[place] if place < len(old) else 0}
    log.append(("sync", file, 0, b""))
    synced = survivors({NAME: file}, log, random.Random(seed))
    apply({NAME: file}, log)
    assert synced == {NAME: file.content}


def test_a_new_name_is_in_doubt_until_its_folder_is_synced() -> None:
    file = File(NAME, bytearray())
    log: list[Operation] = [("create", file, 0, b""), ("sync", file, 0, b"")]
    for found in ({True, False}, {True}):
        assert {NAME in survivors({}, log, random.Random(seed)) for seed in range(20)} == found
        log.append(("sync folder", file, 0, b""))
