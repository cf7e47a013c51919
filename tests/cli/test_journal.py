"""`edge-atm journal`: what a technician shows, and what the bank checks without the unit."""

import json
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from tests.cli.conftest import CARD, Cli

pytestmark = pytest.mark.slow
KNOWN = ["loaded", "provisioned"]


@pytest.fixture
def unit(cli: Cli) -> Cli:
    return cli.provisioned()


def check(file: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Check as the bank does: no configuration, no key, no database."""
    command = [sys.executable, "-m", "edge_atm", "--config", "/nowhere", "journal", "check"]
    return subprocess.run(
        [*command, str(file), *words], capture_output=True, text=True, timeout=60, check=False
    )


def key_of(unit: Cli) -> str:
    return str(json.loads(unit.here("journal", "verify", "--json"))["public_key"])


def test_show_prints_the_newest_one_line_each(unit: Cli) -> None:
    lines = unit.here("journal", "show").splitlines()
    assert [line.split()[4] for line in lines] == KNOWN
    assert re.fullmatch(r" +2  20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC  provisioned .*", lines[-1])
    assert "notes=50,50,50,0" in lines[-1]
    assert unit.here("journal", "show", "--last", "1").splitlines() == lines[-1:]
    assert unit.here("journal", "show", "--all").splitlines() == lines
    for words in ([], ["--all"]):
        entries = json.loads(unit.here("journal", "show", "--json", *words))["entries"]
        assert [entry["event"] for entry in entries] == KNOWN


def test_export_is_journalled_and_checks_without_the_unit(unit: Cli) -> None:
    file = unit.folder / "export.jsonl"
    head = json.loads(unit.here("journal", "verify", "--json"))["head"]
    said = json.loads(unit.here("journal", "export", str(file), "--json"))
    assert unit.events() == [*KNOWN, "exported"]
    last = json.loads(file.read_text().splitlines()[-2])
    assert last["detail"] == {"count": 2, "head": head}
    assert said["public_key"] == key_of(unit)
    result = check(file, "--key", key_of(unit), "--json")
    assert (result.returncode, json.loads(result.stdout)) == (0, {"ok": True, **said})
    assert CARD not in file.read_text()


def test_export_shows_the_key_to_note(unit: Cli) -> None:
    file = unit.folder / "export.jsonl"
    result = unit("journal", "export", str(file))
    assert result.returncode == 0, result.stderr
    assert "3 entries" in result.stdout
    assert f"Public key {key_of(unit)}." in result.stdout
    # A bar is for eyes: nothing of it reaches a pipe.
    assert "exporting" not in result.stderr + result.stdout
    assert f"public key is {key_of(unit)}" in unit("journal", "verify").stdout


def test_a_file_that_is_there_is_replaced_only_with_force(unit: Cli) -> None:
    file = unit.folder / "export.jsonl"
    file.write_text("kept")
    result = unit("journal", "export", str(file))
    assert (result.returncode, file.read_text()) == (2, "kept")
    assert "--force" in result.stderr
    # Refused before anything was written down.
    assert unit.events() == KNOWN
    unit.here("journal", "export", str(file), "--force")
    assert check(file, "--key", key_of(unit)).returncode == 0


def test_what_cannot_be_written_is_not_journalled(unit: Cli) -> None:
    with pytest.raises(click.BadParameter, match="there is no folder"):
        unit.here("journal", "export", str(unit.folder / "missing" / "export.jsonl"))
    assert unit.events() == KNOWN


def test_show_shortens_what_is_nested(unit: Cli) -> None:
    unit.here("replenish", "--notes", "60,50,50,0", "--yes")
    line = unit.here("journal", "show", "--last", "1")
    assert "before={…} notes=60,50,50,0 removed=0,0,0,0" in line
    entry = json.loads(unit.here("journal", "show", "--last", "1", "--json"))["entries"][0]
    assert entry["before"][0]["initial"] == 50
    assert "T" in entry["at"]


def test_a_broken_chain_is_neither_verified_nor_exported(unit: Cli) -> None:
    unit.tamper("UPDATE journal SET at = '2020' WHERE sequence = 1")
    file = unit.folder / "export.jsonl"
    for words in (["verify"], ["export", str(file)]):
        result = unit("journal", *words)
        assert result.returncode == 3
        assert "changed at or before entry 1" in result.stderr
    assert not file.exists()
    assert len(unit.here("journal", "show", "--all").splitlines()) == 2


def test_a_changed_file_and_a_wrong_key_fail_the_check(unit: Cli) -> None:
    file = unit.folder / "export.jsonl"
    unit.here("journal", "export", str(file))
    result = check(file, "--key", "00" * 32)
    assert result.returncode == 1
    assert "another unit's key" in result.stderr
    assert "Ask for the file again" in result.stderr
    file.write_text(file.read_text().replace("50000", "90000"))
    result = check(file, "--key", key_of(unit), "--json")
    said = {"ok": False, "reason": "export.jsonl is damaged or was changed"}
    assert (result.returncode, json.loads(result.stdout)) == (1, said)
    for wrong in ("", "xy", key_of(unit)[1:], key_of(unit).upper()):
        assert check(file, "--key", wrong).returncode == 2


def test_the_next_export_shows_a_cut_between(unit: Cli) -> None:
    key, older = key_of(unit), unit.folder / "older.jsonl"
    unit.here("journal", "export", str(older))
    disk = [unit.database, unit.database.with_name("anchor")]
    saved = [file.read_bytes() for file in disk]
    newer, cut = unit.folder / "newer.jsonl", unit.folder / "cut.jsonl"
    unit.here("journal", "export", str(newer))
    assert check(newer, "--key", key, "--after", str(older)).returncode == 0
    # With the anchor: no counter on this computer tells an older disk.
    for file, content in zip(disk, saved, strict=True):
        file.write_bytes(content)
    unit.here("journal", "export", str(cut))
    assert check(cut, "--key", key, "--after", str(cut)).returncode == 2
    result = check(cut, "--key", key, "--after", str(newer))
    assert result.returncode == 1
    assert "cut.jsonl does not continue newer.jsonl" in result.stderr
    # As the page admits: against what the bank held before, nothing is missing.
    assert check(cut, "--key", key, "--after", str(older)).returncode == 0
