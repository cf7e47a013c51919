"""A backup through the bank to an empty unit: the same unit, or still an empty one."""

import json
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from edge_atm.cli.opening import open_unit
from tests.cli.banking import (
    FACE,
    Bank,
    cosine,
    enrol,
    needs_age,
    plain_left,
    public_key,
    receive_key,
    refused,
    with_bank,
)  # fmt: skip
from tests.cli.conftest import CARD, Cli
from tests.unit.vaulted import unit_vector

pytestmark = [pytest.mark.slow, needs_age]
KILLS = 4


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    return Bank(tmp_path / "bank")


@pytest.fixture
def old(cli: Cli, bank: Bank) -> Cli:
    with_bank(cli, bank).provisioned()
    enrol(cli, FACE)
    cli.here("backup", str(cli.folder / "backup.age"))
    return cli


@pytest.fixture
def new(tmp_path: Path, old: Cli, bank: Bank) -> Cli:
    """A unit that holds nothing at all, not even its folder."""
    (tmp_path / "new").mkdir()
    return with_bank(Cli(tmp_path / "new", old.port), bank)


@pytest.fixture
def sealed(old: Cli, new: Cli, bank: Bank) -> Path:
    """What the bank made of the backup for the new unit."""
    backup = old.folder / "backup.age"
    return bank.seal_again(backup, receive_key(new), new.folder / "restore.age")


def test_an_empty_unit_becomes_the_one_that_was_backed_up(old: Cli, new: Cli, sealed: Path) -> None:
    key, before = public_key(old), old.folder / "before.jsonl"
    old.here("journal", "export", str(before))
    made = json.loads(new.here("restore", str(sealed), "--key", key, "--json"))
    assert cosine(new) >= 0.999
    assert (made["unit_id"], made["entries"]) == ("bench", 3)
    # What the old unit did after the backup is not there.
    assert new.events() == [*old.events()[:3], "restored"]
    assert public_key(new) == key
    with open_unit(new.config, development=True) as unit:
        customer = unit.customers.claim(CARD).customer_id
        assert unit.customers.check_pin(customer, "4711")
        assert not unit.customers.check_pin(customer, "4712")
        assert unit.customers.verify_all(unit.faces) == []
        backup = unit.journal.entries(last=1)[0]
        assert backup.detail == {"made_at": made["made_at"], "sha256": made["sha256"]}
    # It works on: a customer enrols, and the journal goes on from there.
    assert enrol(new, unit_vector(2)) == 2
    assert plain_left(old.folder / "state", new.folder) == []
    left = {path.name for path in new.database.parent.iterdir()}
    assert left == {"anchor", "development.key", "edge-atm.sqlite", "lock", "receiving.key"}


def test_a_unit_in_use_is_never_overwritten(old: Cli, new: Cli, sealed: Path) -> None:
    words = ("restore", str(sealed), "--key", public_key(old))
    new.here(*words)
    content = new.database.read_bytes()
    assert "already" in refused(new, *words)
    assert new.database.read_bytes() == content
    # An old log beside it would be written into what was restored.
    new.database.rename(new.database.with_name("edge-atm.sqlite-wal"))
    assert "edge-atm.sqlite-wal" in refused(new, *words)


def test_a_mark_without_its_database_stands_for_nothing(old: Cli, new: Cli, sealed: Path) -> None:
    # As after a power cut between the two: it is restored again, or provisioned.
    new.here("restore", str(sealed), "--key", public_key(old))
    for words in (
        ("restore", str(sealed), "--key", public_key(old)),
        ("provision", "--notes", "50,50,50,0"),
    ):
        new.database.unlink()
        new.here(*words)
        assert new.events()[-1] in {"restored", "provisioned"}


def test_a_rotated_master_key_renews_the_receiving_key(old: Cli) -> None:
    key = receive_key(old)
    assert receive_key(old) == key
    old.here("rotate-keys", "--yes")
    assert receive_key(old) != key


def test_only_this_units_whole_backup_is_restored(
    old: Cli, new: Cli, bank: Bank, sealed: Path
) -> None:
    key, content, file = public_key(old), sealed.read_bytes(), new.folder / "other.age"
    middle = len(content) // 2
    flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    for damaged in (content[:-1], content[:middle], b"", flipped):
        file.write_bytes(damaged)
        assert "does not open" in refused(new, "restore", str(file), "--key", key)
    backup = old.folder / "backup.age"
    assert "receiving key" in refused(new, "restore", str(backup), "--key", key)
    bank.seal_again(backup, receive_key(old), file)
    assert "receiving key" in refused(new, "restore", str(file), "--key", key)
    assert "not signed" in refused(new, "restore", str(sealed), "--key", "00" * 32)
    new.change('unit_id = "bench"', 'unit_id = "bench-2"')
    assert "backup of unit bench" in refused(new, "restore", str(sealed), "--key", key)
    assert {path.name for path in new.database.parent.iterdir()} == {
        "development.key",
        "lock",
        "receiving.key",
    }


def test_the_journal_of_a_restored_unit_contradicts_what_came_after_the_backup(
    old: Cli, new: Cli, sealed: Path
) -> None:
    key = public_key(old)
    for unit, name in ((old, "late.jsonl"), (new, "restored.jsonl")):
        if unit is new:
            new.here("restore", str(sealed), "--key", key)
        unit.here("journal", "export", str(old.folder / name))
    result = old(
        "journal", "check", str(old.folder / "restored.jsonl"), "--key", key,
        "--after", str(old.folder / "late.jsonl"),
    )  # fmt: skip
    assert result.returncode == 1


def test_a_backup_needs_a_key_of_the_banks_and_a_place(old: Cli) -> None:
    file = old.folder / "backup.age"
    content = file.read_bytes()
    assert "already" in refused(old, "backup", str(file))
    assert "no folder" in refused(old, "backup", str(old.folder / "missing" / "b.age"))
    assert file.read_bytes() == content
    old.here("backup", str(file), "--force")
    text = old.config.read_text()
    old.config.write_text(text[: text.index("[bank]")])
    assert "no public key" in refused(old, "backup", str(old.folder / "b.age"))
    assert old.events().count("backup") == 2


def test_wherever_a_restore_is_killed_the_unit_is_empty_or_restored(
    old: Cli, new: Cli, sealed: Path
) -> None:
    words = new.command("restore", str(sealed), "--key", public_key(old))
    started = time.monotonic()
    new("receive-key")
    seconds = time.monotonic() - started
    for number in range(KILLS):
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(seconds * (0.7 + random.Random(number).random() * 0.6))
        process.send_signal(signal.SIGKILL)
        if process.wait() == 0 or new.database.exists():
            break
    if not new.database.exists():
        assert new(*words[words.index("restore") :]).returncode == 0
    assert new.events()[-1] == "restored"
    assert cosine(new) >= 0.999
