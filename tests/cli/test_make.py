"""The commands that messages name and that `make` offers."""

import re
import subprocess
from pathlib import Path

import pytest

import edge_atm.__main__  # noqa: F401 - registers the commands
from edge_atm.cli.main import cli as command_line

pytestmark = pytest.mark.slow
CHECKOUT = Path(__file__).resolve().parents[2]
TARGETS = set(re.findall(r"^([a-z-]+):", (CHECKOUT / "Makefile").read_text(), re.M))


def made(*words: str) -> "subprocess.CompletedProcess[str]":
    # Whether the environment is up to date is not asked here.
    return subprocess.run(
        ["make", "-o", ".venv/.ready", *words],
        cwd=CHECKOUT, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_every_command_that_a_message_names_exists() -> None:
    for path in (CHECKOUT / "edge_atm").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        named = set(re.findall(r"`edge-atm ([a-z-]+)", text))
        assert named <= command_line.commands.keys(), path
        assert set(re.findall(r"`make ([a-z-]+)", text)) <= TARGETS, path


@pytest.mark.parametrize("target", ["replenish", "cash-count", "settle"])
def test_make_says_what_it_needs(target: str) -> None:
    result = made(target)
    assert result.returncode == 2
    assert f"make {target} " in result.stderr.splitlines()[0]


def test_make_hands_on_what_it_was_told() -> None:
    said = made("-n", "cash-count", "NOTES=1,2,3,0", "TRAY=0,0,1,0", "UNIT=--development").stdout
    assert 'edge-atm --development cash-count --notes "1,2,3,0" --tray "0,0,1,0"' in said
    said = made("-n", "settle", "PRESENTED=1,0,0,0").stdout
    assert re.search(r'settle --presented "1,0,0,0" *$', said.rstrip())


def test_help_names_every_target() -> None:
    listed = set(re.findall(r"^([a-z-]+)  ", made("help").stdout, re.M))
    assert listed == TARGETS
