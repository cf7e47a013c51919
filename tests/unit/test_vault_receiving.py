"""The receiving key: made once, never open on the disk, lost with its master key."""

import os
import stat
from pathlib import Path

import pytest

from edge_atm.errors import KeyFault, SealBroken, StoreFault
from edge_atm.vault.age import new_identity, open_with, public_half, seal_to
from edge_atm.vault.keys import Keys
from edge_atm.vault.receiving import FILE, receiving_identity

MASTER = Keys(bytes(range(32)))


def test_it_is_made_once_and_opens_what_is_sealed_to_its_public_half(tmp_path: Path) -> None:
    identity = receiving_identity(tmp_path, MASTER)
    assert receiving_identity(tmp_path, MASTER) == identity
    assert (
        open_with(identity, seal_to([public_half(identity)], b"for this unit")) == b"for this unit"
    )
    assert receiving_identity_of_another(tmp_path) != identity


def receiving_identity_of_another(tmp_path: Path) -> str:
    (tmp_path / "other").mkdir()
    return receiving_identity(tmp_path / "other", MASTER)


def test_its_file_is_private_and_tells_nothing(tmp_path: Path) -> None:
    identity = receiving_identity(tmp_path, MASTER)
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
    content = (tmp_path / FILE).read_bytes()
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert identity.encode() not in content
    assert public_half(identity).encode() not in content


def test_it_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[bool, bool]] = []

    def watch(handle: int) -> None:
        synced.append((stat.S_ISREG(os.fstat(handle).st_mode), (tmp_path / FILE).exists()))

    monkeypatch.setattr(os, "fsync", watch)
    receiving_identity(tmp_path, MASTER)
    assert synced == [(True, False), (False, True)]


def test_another_master_key_or_a_changed_byte_is_a_sentence(tmp_path: Path) -> None:
    receiving_identity(tmp_path, MASTER)
    with pytest.raises(KeyFault, match="another master key") as caught:
        receiving_identity(tmp_path, Keys(bytes(32)))
    assert "receive-key" in caught.value.hint
    content = (tmp_path / FILE).read_bytes()
    for place in range(0, len(content), 5):
        changed = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
        (tmp_path / FILE).write_bytes(changed)
        with pytest.raises(KeyFault):
            receiving_identity(tmp_path, MASTER)


def test_without_a_place_for_it_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreFault, match=r"receiving\.key cannot be written"):
        receiving_identity(tmp_path / "missing", MASTER)


def test_only_the_receiver_opens() -> None:
    sealed = seal_to([public_half(new_identity())], b"for another unit")
    with pytest.raises(SealBroken, match="not sealed to this unit's receiving key") as caught:
        open_with(new_identity(), sealed)
    assert "receive-key" in caught.value.hint
