"""docs/templates.md against the code: the columns, the commands, the sizes, the names of keys."""

import re
from pathlib import Path

import click

from edge_atm.cli.main import cli
from edge_atm.store import Store
from edge_atm.vault import masters, rotation, rows
from edge_atm.vault.templates import PARTS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "templates.md").read_text(encoding="utf-8")
SERVICE = (ROOT / "systemd" / "README.md").read_text(encoding="utf-8")


def test_the_page_lists_every_column(tmp_path: Path) -> None:
    store = Store(tmp_path / "unit.sqlite")
    columns = [row["name"] for row in store.rows("PRAGMA table_info(templates)")]
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)[: len(columns)] == columns


def test_the_page_lists_every_command_and_switch() -> None:
    listed = re.findall(r"^\| `([a-z-]+)(?: (--[a-z]+))?` \|", PAGE, re.MULTILINE)
    given = [(verb, switch) for verb, switch in listed if verb not in ("box", "policy", "version")]
    assert {verb for verb, _ in given} >= {"reissue", "rotate-keys", "revoke"}
    for verb, switch in given:
        command = cli.get_command(click.Context(cli), verb)
        if verb in ("rows", "lasting"):
            continue
        assert command is not None, verb
        assert not switch or switch in {name for p in command.params for name in p.opts}


def test_sizes_and_names_are_the_codes() -> None:
    assert f"{PARTS * rotation.SIZE:,} bytes sealed" in PAGE
    assert f"Its {rotation.ROUNDS * rotation.SIZE:,} signs" in PAGE
    assert f"{rows.BATCH} at a time" in PAGE
    assert f"for name in {masters.NEXT} master_key" in SERVICE
    assert f"`{masters.NEXT_FILE}`" in PAGE
