"""Escrow through the bank to a new unit: sealed, whole, for one unit, or refused in a sentence."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from edge_atm.cli.opening import open_unit
from tests.cli.banking import (
    FACE,
    Bank,
    another_unit,
    cosine,
    enrol,
    exported,
    needs_age,
    plain_left,
    public_key,
    receive_key,
    refused,
    with_bank,
)  # fmt: skip
from tests.cli.conftest import CARD, Cli

pytestmark = [pytest.mark.slow, needs_age]


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    return Bank(tmp_path / "bank")


@pytest.fixture
def old(cli: Cli, bank: Bank) -> Cli:
    """A unit with one enrolled customer."""
    with_bank(cli, bank).provisioned()
    enrol(cli, FACE)
    return cli


@pytest.fixture
def new(tmp_path: Path, old: Cli, bank: Bank) -> Cli:
    """A unit of its own, with a key and no database."""
    (tmp_path / "new").mkdir()
    new = with_bank(Cli(tmp_path / "new", old.port), bank)
    shutil.copytree(another_unit().name, new.database.parent)
    return new


def test_a_customer_moves_to_a_new_unit_through_the_bank(old: Cli, new: Cli, bank: Bank) -> None:
    # Before there is a database, and the same afterwards.
    key = receive_key(new)
    new.here("provision", "--notes", "50,50,50,0")
    assert receive_key(new) == key
    fill = bank.fill(exported(old), key, new.folder / "fill.age")
    said = json.loads(new.here("import-escrow", str(fill), "--key", public_key(old), "--json"))
    assert said == {"taken_over": 1, "refused": 0}
    new.here("provision", "--accounts", str(new.folder / "accounts.csv"))
    assert cosine(new) >= 0.999
    assert old.events()[-1] == "escrow_exported"
    assert new.events()[-2:] == ["escrow_imported", "loaded"]
    assert plain_left(old.folder / "state", new.folder) == []


@pytest.fixture
def filled(old: Cli, new: Cli, bank: Bank) -> Path:
    """A new unit with a database, and the file that the bank made for it."""
    new.here("provision", "--notes", "50,50,50,0")
    return bank.fill(exported(old), receive_key(new), new.folder / "fill.age")


def test_only_this_units_whole_file_is_imported(
    old: Cli, new: Cli, bank: Bank, filled: Path
) -> None:
    key = public_key(old)
    tar, file = old.folder / "escrow.tar", new.folder / "other.age"
    content = filled.read_bytes()
    middle = len(content) // 2
    changed = bytes([content[middle] ^ 1])
    for damaged in (content[:-1], content[:middle], b"", content[:middle] + changed
                    + content[middle + 1 :]):  # fmt: skip
        file.write_bytes(damaged)
        assert "does not open" in refused(new, "import-escrow", str(file), "--key", key)
    bank.fill(tar, receive_key(old), file)
    assert "receiving key" in refused(new, "import-escrow", str(file), "--key", key)
    bank.fill(tar, bank.public, file)
    assert "receiving key" in refused(new, "import-escrow", str(file), "--key", key)
    assert "not signed" in refused(new, "import-escrow", str(filled), "--key", public_key(new))
    assert new.events() == ["provisioned"]
    new.here("import-escrow", str(filled), "--key", key)


def test_a_second_import_changes_nothing(old: Cli, new: Cli, filled: Path) -> None:
    words = ("import-escrow", str(filled), "--key", public_key(old), "--json")
    new.here(*words)
    new.here("provision", "--accounts", str(new.folder / "accounts.csv"))
    before = new.events()
    result = new(*words)
    assert (result.returncode, json.loads(result.stdout)) == (1, {"taken_over": 0, "refused": 1})
    assert new.events() == before


def test_an_older_file_brings_back_nobody_who_was_forgotten(
    old: Cli, new: Cli, filled: Path
) -> None:
    words = ("import-escrow", str(filled), "--key", public_key(old))
    new.here(*words)
    assert new("forget", "--yes", typed=f"{CARD}\n").returncode == 0
    assert new(*words).returncode == 1
    assert json.loads(new.here("customers", "--json"))[0]["enrolled"] is False


def test_accounts_come_after_the_import(old: Cli, new: Cli, filled: Path) -> None:
    new.here("provision", "--accounts", str(new.folder / "accounts.csv"))
    said = refused(new, "import-escrow", str(filled), "--key", public_key(old))
    assert said == "accounts were loaded into this unit already"


def test_forgetting_deletes_the_banks_copy_from_the_disk(old: Cli) -> None:
    with open_unit(old.config, development=True) as unit:
        box = bytes(unit.store.rows("SELECT box FROM escrow")[0][0])
        entry = unit.journal.entries(last=1)[0]
        assert (entry.event, entry.detail["consent"]) == ("enrolled", True)
    pieces = [box[start : start + 32] for start in range(0, len(box) - 32, 32)]

    def left() -> int:
        files = [str(path) for path in old.database.parent.iterdir() if path.is_file()]
        found = subprocess.run(["cat", *files], capture_output=True, check=True).stdout
        return sum(piece in found for piece in pieces)

    assert left() > 0
    assert old("forget", "--yes", typed=f"{CARD}\n").returncode == 0
    assert left() == 0
    assert refused(old, "export-escrow", str(old.folder / "none.tar")).startswith("this unit holds")
    with open_unit(old.config, development=True) as unit:
        gone = unit.journal.entries(last=1)[0]
        unit.journal.verify()
    assert (gone.event, gone.detail["customer"]) == ("forgotten", entry.detail["customer"])
