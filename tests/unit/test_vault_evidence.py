"""Clips on disk: sealed, known to the journal, and not for ever; what fails ends no session."""

import os
import stat
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pyrage
import pytest

from edge_atm.errors import StoreFault
from edge_atm.journal import Journal
from edge_atm.records import Recording
from edge_atm.store import Store
from edge_atm.vault import evidence
from tests.unit.kept import BANK, PLAIN, START, STRANGER, Kept


@pytest.fixture
def kept(store: Store) -> Kept:
    store.rows("PRAGMA synchronous = OFF")
    return Kept(store)


def test_a_clip_is_one_sealed_file_that_the_journal_knows(kept: Kept) -> None:
    kept.keep()
    (clip,) = kept.known().clips.values()
    path = kept.at.folder / clip.file
    assert kept.names() == [clip.file] == ["20310101T080000Z-a1.avi.age"]
    sealed = path.read_bytes()
    assert (clip.sha256, clip.size_bytes) == (sha256(sealed).hexdigest(), len(sealed))
    said = (clip.session, clip.customer, clip.frames, clip.first, clip.last)
    assert said == ("a1", "c0ffee", 3, "first", "last")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.at.folder.stat().st_mode) == 0o700
    assert pyrage.decrypt(sealed, [BANK]) == PLAIN
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(sealed, [STRANGER])
    assert kept.faults() == []


def test_nothing_plain_is_on_the_disk(kept: Kept) -> None:
    kept.keep()
    files = [path for path in kept.at.folder.parent.rglob("*") if path.is_file()]
    assert len(files) >= 2
    for path in files:
        assert PLAIN[:3] not in path.read_bytes()


def broken() -> Iterator[bytes]:
    yield PLAIN
    raise ValueError("no more")


def test_a_recording_that_breaks_off_is_not_kept_and_is_told_of(kept: Kept) -> None:
    kept.at.keep("a1", "c0ffee", Recording(broken(), 3, "", ""))
    why = "sealing for the bank failed: ValueError: no more"
    assert kept.failures() == [("a1", "c0ffee", "StoreFault", why)]
    assert kept.names() == []
    assert kept.known().failure is not None
    kept.keep("b2")
    assert kept.known().failure is None


@pytest.mark.parametrize("step", ["fsync", "open", "rename"])
def test_a_disk_that_fails_ends_no_session(
    kept: Kept, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    kept.keep()

    def fails(*given: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path if step == "rename" else os, step, fails)
        kept.keep("b2")
    assert kept.failures()[0][:3] == ("b2", "c0ffee", "OSError")
    assert len(kept.names()) == 1
    assert kept.faults() == []


def test_the_databases_room_is_left_to_it(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "ROOM_BYTES_MIN", 10**18)
    kept.keep()
    assert kept.failures()[0][3] == "less than 1000000000000 MB are free on the disk"
    assert kept.names() == []


def test_a_journal_that_takes_no_entry_is_a_fault_of_the_unit(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*given: object, **detail: object) -> None:
        raise StoreFault("full")

    monkeypatch.setattr(Journal, "record", fails)
    with pytest.raises(StoreFault, match="full"):
        kept.keep()


def test_clips_older_than_the_bank_allows_are_removed_with_the_next(kept: Kept) -> None:
    for day, session in enumerate(("a1", "b2", "c3")):
        kept.now = START + timedelta(days=day)
        kept.keep(session)
    kept.now = START + timedelta(days=31, seconds=-1)
    kept.keep("d4")
    assert kept.removed() == [("20310101", "evidence_days_max")]
    kept.now += timedelta(days=1)
    assert [name for name, _ in kept.at.due()] == ["20310102T080000Z-b2.avi.age"]
    kept.at.tidy()
    assert (len(kept.names()), kept.faults()) == (2, [])


def test_beyond_the_most_bytes_the_oldest_go(store: Store) -> None:
    kept = Kept(store, bytes_max=3 * len(PLAIN))
    for minute in range(5):
        kept.now = START + timedelta(days=minute)
        kept.keep(f"a{minute}")
        assert sum(kept.at.sizes_bytes().values()) <= 3 * len(PLAIN)
    # Sealed, each is a little larger than its content: two fit.
    assert [name[:8] for name in kept.names()] == ["20310104", "20310105"]
    days = ("20310101", "20310102", "20310103")
    assert kept.removed() == [(day, "evidence_bytes_max") for day in days]
    assert kept.faults() == []


def test_only_clips_are_ever_removed(kept: Kept) -> None:
    kept.keep()
    for name in ("notes.txt", "0-20010101T080000Z-a1.avi.age", "20010101T080000Z-a1.avi"):
        (kept.at.folder / name).write_text("x")
    (kept.at.folder / "20010101T080000Z-a2.avi.age").mkdir()
    kept.now += timedelta(days=99)
    kept.at.tidy()
    assert [day for day, _ in kept.removed()] == ["20310101"]
    assert len(kept.faults()) == len(kept.names()) == 4


def test_a_removal_that_fails_is_told_of(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.keep()
    kept.now += timedelta(days=99)

    def fails(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", fails)
    kept.at.tidy()
    assert kept.failures()[0][:3] == (None, None, "StoreFault")
    assert "cannot be removed" in str(kept.failures()[0][3])


def test_what_is_wrong_with_a_file_is_named(kept: Kept) -> None:
    for number in range(4):
        kept.keep(f"a{number}")
    changed, cut, other, gone = (kept.at.folder / name for name in kept.names())
    sealed = bytearray(changed.read_bytes())
    sealed[70_000] ^= 1
    changed.write_bytes(sealed)
    size = cut.stat().st_size
    os.truncate(cut, size - 1)
    other.write_bytes(bytes(other.stat().st_size))
    gone.unlink()
    (kept.at.folder / "planted").touch()
    found = [fault.partition(" ")[2] for fault in kept.faults()]
    assert found == [
        "is not in the journal",
        "was changed: its SHA-256 is not the journal's",
        f"has {size - 1} bytes, the journal says {size}",
        "does not begin as an age file",
        "is missing",
    ]
