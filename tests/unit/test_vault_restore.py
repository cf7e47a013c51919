"""A restore: wherever it dies or is refused, the unit is empty, or it is the restored one."""

import os
import sqlite3
import stat
from contextlib import closing
from io import BytesIO
from pathlib import Path

import pytest

from edge_atm.errors import ConfigError, SealBroken, StoreFault
from edge_atm.store import DATABASE, Store
from edge_atm.vault import backup
from edge_atm.vault.age import public_half, seal_to
from edge_atm.vault.keys import Keys
from edge_atm.vault.ring import exposed
from tests.unit.backed_up import CARD, IDENTITY, Crash, Steps, changed, check, restore, written
from tests.unit.refilling import enrol, opened_store
from tests.unit.vaulted import OTHER_RING, RING

# What reaches the disk.
STEPS = (
    (os, "fsync"), (Path, "rename"), (backup, "stream_from"), (backup, "seal_ring"),
    (backup, "sync_folder"), (Store, "check"),
)  # fmt: skip


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


def test_what_a_killed_restore_left_is_not_believed(file: Path, empty: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        (empty / f"restoring.sqlite{suffix}").write_bytes(b"half")
    restore(file, empty)
    check(empty)
    assert [path.name for path in empty.iterdir()] == [DATABASE]


@pytest.mark.parametrize("beside", ["", "-wal", "-shm", "-journal"])
def test_only_an_empty_unit_is_restored(file: Path, empty: Path, beside: str) -> None:
    (empty / f"{DATABASE}{beside}").touch()
    with pytest.raises(StoreFault, match="already") as caught:
        restore(file, empty)
    assert "empty unit" in caught.value.hint


def test_a_power_cut_at_any_step_leaves_an_empty_unit_or_a_restored_one(
    file: Path, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = set()
    for last in range(1, 100):
        with monkeypatch.context() as patched:
            # Nothing tidies up after a power cut.
            patched.setattr(backup, "_clear", lambda part: None)
            steps = Steps(last)
            for owner, name in STEPS:
                patched.setattr(owner, name, steps.around(getattr(owner, name)))
            try:
                restore(file, empty)
                break
            except Crash:
                found.add((empty / DATABASE).exists())
        if not (empty / DATABASE).exists():
            restore(file, empty)
        check(empty)
        for path in empty.iterdir():
            path.unlink()
    assert found == {False, True}
    assert last > len(STEPS)


def test_it_is_on_the_disk_before_it_has_its_name(
    file: Path, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[str, bool]] = []

    def watch(handle: int) -> None:
        name = Path(f"/proc/self/fd/{handle}").readlink().name
        synced.append((name, (empty / DATABASE).exists()))

    monkeypatch.setattr(os, "fsync", watch)
    restore(file, empty)
    assert synced[-2:] == [("restoring.sqlite", False), ("state", True)]
    assert stat.S_IMODE((empty / DATABASE).stat().st_mode) == 0o600


@pytest.mark.parametrize("key", [OTHER_RING.lasting, Keys(bytes(32))])
def test_nobody_but_the_unit_itself_makes_a_backup_of_it(
    file: Path, empty: Path, key: Keys
) -> None:
    changed(file, {}, key=key)
    with pytest.raises(SealBroken, match=f"{file.name} .* not signed by the unit of this key"):
        restore(file, empty)
    assert list(empty.iterdir()) == []


@pytest.mark.parametrize(
    ("header", "content", "said"),
    [
        ({"sha256": "0" * 64}, b"", "another database than it says"),
        ({"size_bytes": 1}, b"", "another database than it says"),
        ({}, b"SQLite format 3", "another database than it says"),
        ({"format": "edge-backup/2"}, b"", "no edge-backup/1 file"),
        ({"ring": exposed(OTHER_RING).hex()}, b"", "not those of the unit that signed it"),
        ({"unit_id": "atm-002"}, b"", "a backup of unit atm-002, the configuration says atm-001"),
    ],
)
def test_what_a_backup_says_of_itself_must_hold(
    file: Path, empty: Path, header: dict[str, object], content: bytes, said: str
) -> None:
    changed(file, header, content)
    with pytest.raises((SealBroken, ConfigError), match=said):
        restore(file, empty)
    assert list(empty.iterdir()) == []


@pytest.mark.parametrize(
    ("plain", "said"),
    [
        *((plain, "not a line that a unit signed") for plain in (b"", b"{}\n", b"edge")),
        # Not read to its end, which may be far.
        (b"x" * 20_000, "no edge-backup/1 file"),
    ],
)
def test_another_kind_of_file_is_a_sentence(
    tmp_path: Path, empty: Path, plain: bytes, said: str
) -> None:
    file = tmp_path / "other.age"
    file.write_bytes(seal_to([public_half(IDENTITY)], plain))
    with pytest.raises(SealBroken, match=said):
        restore(file, empty)


def test_a_damaged_or_cut_file_leaves_an_empty_unit(file: Path, empty: Path) -> None:
    whole = file.read_bytes()
    for place in range(0, len(whole), len(whole) // 20):
        cut, rest = whole[:place], whole[place + 1 :]
        for damaged in (cut, cut + bytes([whole[place] ^ 1]) + rest):
            file.write_bytes(damaged)
            with pytest.raises(SealBroken, match=r"backup\.age does not open"):
                restore(file, empty)
            assert list(empty.iterdir()) == []


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE customers SET name_box = zeroblob(60)",
        "UPDATE customers SET pin_box = zeroblob(60)",
        "UPDATE templates SET box = zeroblob(60)",
        "UPDATE templates SET customer_id = 'nobody'",
    ],
)
def test_what_was_damaged_before_the_backup_is_not_restored(
    old: Store, tmp_path: Path, empty: Path, damage: str
) -> None:
    with closing(sqlite3.connect(old.path)) as connection, connection:
        connection.execute(damage)
    written(old, tmp_path / "b.age")
    with pytest.raises((SealBroken, StoreFault)):
        restore(tmp_path / "b.age", empty)
    assert list(empty.iterdir()) == []


def test_a_full_disk_is_a_sentence(
    file: Path, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(BytesIO):
        def write(self, content: object, /) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fdopen", lambda handle, mode: Full())
    with pytest.raises(StoreFault, match="No space left") as caught:
        restore(file, empty)
    assert list(empty.iterdir()) == []
    assert "room" in caught.value.hint
