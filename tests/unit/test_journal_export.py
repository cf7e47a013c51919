"""The signed file: whole, from this unit, and a continuation of the one before, or refused."""

import errno
import hashlib
import json
import os
import stat
from itertools import permutations
from pathlib import Path
from tempfile import NamedTemporaryFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_atm.errors import SealBroken, StoreFault
from edge_atm.store import Store
from edge_atm.vault import journal_export
from edge_atm.vault.journal_export import check, check_continues
from edge_atm.vault.keys import Keys
from edge_atm.vault.signing import public_key, sign
from tests.unit.written import KEYS, append, exported, filled, journal_of, tamper

PUBLIC = public_key(KEYS)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return filled(tmp_path / "unit.sqlite", 2)


@pytest.fixture
def export(store: Store, tmp_path: Path) -> Path:
    """An export of three entries; the last is its own, as the command writes it."""
    append(store, "exported", count=2, head=journal_of(store).entries()[-1].mac.hex())
    exported(store, tmp_path / "export.jsonl")
    return tmp_path / "export.jsonl"


def refused(path: Path, public: bytes = PUBLIC) -> str:
    with pytest.raises(SealBroken) as caught:
        check(path, public)
    return str(caught.value)


def signed(path: Path, *lines: bytes) -> Path:
    """Write what the unit itself could have signed."""
    body = b"".join(lines)
    seal = sign(KEYS, hashlib.sha512(body).digest()).hex().encode()
    path.write_bytes(body + b'{"signature":"' + seal + b'"}\n')
    return path


def test_three_entries_look_like_this(store: Store, export: Path) -> None:
    one, two, three = (entry.mac.hex() for entry in journal_of(store).entries())
    at = "2031-01-01T00:00:00.000+00:00"
    lines = export.read_text(encoding="ascii").split("\n")
    assert lines[:4] == [
        '{"format":"edge-journal/1","unit_id":"atm-001","from":1,"to":3,"count":3,'
        f'"head":"{three}","public_key":"{PUBLIC.hex()}"}}',
        f'{{"sequence":1,"at":"{at}","event":"event","detail":{{"number":0}},"mac":"{one}"}}',
        f'{{"sequence":2,"at":"{at}","event":"event","detail":{{"number":1}},"mac":"{two}"}}',
        f'{{"sequence":3,"at":"{at}","event":"exported",'
        f'"detail":{{"count":2,"head":"{two}"}},"mac":"{three}"}}',
    ]
    assert list(json.loads(lines[4])) == ["signature"]
    assert lines[5:] == [""]
    found = check(export, PUBLIC)
    assert (found.unit_id, found.count, found.head) == ("atm-001", 3, three)


@pytest.mark.parametrize("bits", [0x01, 0x20])
def test_every_changed_byte_is_refused(export: Path, bits: int) -> None:
    content = export.read_bytes()
    for place in range(len(content)):
        export.write_bytes(content[:place] + bytes([content[place] ^ bits]) + content[place + 1 :])
        refused(export)


def test_every_cut_is_refused(export: Path) -> None:
    content = export.read_bytes()
    for end in range(len(content)):
        export.write_bytes(content[:end])
        refused(export)


def test_every_missing_doubled_or_moved_line_is_refused(export: Path) -> None:
    lines = export.read_bytes().splitlines(keepends=True)
    variants = [list(order) for order in permutations(lines) if list(order) != lines]
    for place, line in enumerate(lines):
        variants += [lines[:place] + lines[place + 1 :], [*lines[:place], line, *lines[place:]]]
    for variant in variants:
        export.write_bytes(b"".join(variant))
        refused(export)


def test_the_likely_mistake_is_named(export: Path) -> None:
    whole = export.read_bytes()
    for content, said in ((whole[1:], "is not an export"), (whole[:-1], "is incomplete"),
                          (whole.replace(b"event", b"even"), "is damaged")):  # fmt: skip
        export.write_bytes(content)
        assert said in refused(export)


@given(st.binary(max_size=300))
def test_nothing_else_passes_for_an_export(content: bytes) -> None:
    with NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        refused(Path(file.name))


def test_another_units_key_is_refused(export: Path, store: Store, tmp_path: Path) -> None:
    assert "another unit's key" in refused(export, public_key(Keys(bytes(32))))


def test_a_signed_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path, header = tmp_path / "file", b'{"format":"edge-journal/%d","count":%d}\n'
    for lines in ([header % (2, 1), b"{}\n"], [header % (1, 2), b"{}\n"]):
        assert "no whole edge-journal/1" in refused(signed(path, *lines))


def test_a_line_without_end_is_not_held_in_memory(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(store, "long", text="x" * 400)
    exported(store, tmp_path / "export.jsonl")
    monkeypatch.setattr(journal_export, "LINE_BYTES_MAX", 300)
    assert "no whole edge-journal/1" in refused(tmp_path / "export.jsonl")


def test_a_later_export_continues_the_older(export: Path, store: Store, tmp_path: Path) -> None:
    later = tmp_path / "later.jsonl"
    assert check_continues(export, export, PUBLIC).count == 3
    append(store, "later")
    exported(store, later)
    assert check_continues(later, export, PUBLIC).count == 4
    with pytest.raises(SealBroken, match=r"export\.jsonl does not continue later\.jsonl"):
        check_continues(export, later, PUBLIC)


@pytest.mark.parametrize("kept", [0, 1, 2])
@pytest.mark.parametrize("added", [0, 1, 5])
def test_a_cut_end_shows_in_the_next_export(
    export: Path, store: Store, tmp_path: Path, kept: int, added: int
) -> None:
    tamper(store, "DELETE FROM journal WHERE sequence > ?", kept)
    for _ in range(added + 1):
        append(store, "written anew")
    later = tmp_path / "later.jsonl"
    exported(store, later)
    assert check(later, PUBLIC).count == kept + added + 1
    with pytest.raises(SealBroken, match="cut off or written anew"):
        check_continues(later, export, PUBLIC)


def test_a_broken_chain_leaves_no_file(store: Store, tmp_path: Path) -> None:
    tamper(store, "UPDATE journal SET event = 'x' WHERE sequence = 2")
    with pytest.raises(StoreFault, match="the journal was changed"):
        exported(store, tmp_path / "export.jsonl")
    assert [path.name for path in tmp_path.iterdir() if "export" in path.name] == []


def test_a_file_that_is_there_stays_unless_forced(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "export.jsonl"
    path.write_bytes(b"the bank's")
    with pytest.raises(StoreFault, match="there is such a file already"):
        exported(store, path)
    assert path.read_bytes() == b"the bank's"
    exported(store, path, force=True)
    assert check(path, PUBLIC).count == 2
    assert [found.name for found in tmp_path.iterdir() if "jsonl" in found.name] == [path.name]


def test_it_is_private_and_synced_before_it_has_its_name(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, synced = tmp_path / "export.jsonl", []

    def watch(handle: int) -> None:
        synced.append((stat.S_IFMT(os.fstat(handle).st_mode), path.exists()))

    monkeypatch.setattr(os, "fsync", watch)
    exported(store, path)
    assert synced == [(stat.S_IFREG, False), (stat.S_IFDIR, True)]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_full_disk_is_a_sentence_and_leaves_nothing(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreFault, match="No space left"):
        exported(store, tmp_path / "export.jsonl")
    with pytest.raises(StoreFault, match="cannot be written: No such file"):
        exported(store, tmp_path / "missing" / "export.jsonl")
    assert [path.name for path in tmp_path.iterdir() if "export" in path.name] == []
