"""The commands that messages name and that `make` offers."""

import re
import subprocess
from pathlib import Path

import pytest

from edge_atm.cli.main import COMMANDS

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
        assert named <= COMMANDS.keys(), path
        assert set(re.findall(r"`make ([a-z-]+)", text)) <= TARGETS, path


@pytest.mark.parametrize(
    "target",
    [
        *("replenish", "cash-count", "settle"),
        *("export-escrow", "import-escrow", "backup", "restore"),
    ],
)
def test_make_says_what_it_needs(target: str) -> None:
    result = made(target)
    assert result.returncode == 2
    assert f"make {target} " in result.stderr.splitlines()[0]


def test_make_hands_on_what_it_was_told() -> None:
    said = made("-n", "cash-count", "NOTES=1,2,3,0", "TRAY=0,0,1,0", "UNIT=--development").stdout
    assert 'edge-atm --development cash-count --notes "1,2,3,0" --tray "0,0,1,0"' in said
    said = made("-n", "journal-export", "OUT=f", "FORCE=1").stdout
    assert 'journal export "f" --force' in said
    assert 'journal show --last "3"' in made("-n", "journal-show", "LAST=3").stdout
    said = made("-n", "settle", "NOTES=9,8,7,0", "TRAY=1,0,0,0").stdout
    assert 'settle --notes "9,8,7,0" --tray "1,0,0,0"' in said
    for target, given in (("backup", "OUT=f"), ("export-escrow", "OUT=f")):
        assert f'{target} "f" --force' in made("-n", target, given, "FORCE=1").stdout
    for target in ("restore", "import-escrow"):
        assert f'{target} "f" --key "k"' in made("-n", target, "IN=f", "KEY=k").stdout
    assert 'tests.bench --json "f"' in made("-n", "bench", "BENCH_JSON=f").stdout
    said = made("-n", "-o", ".venv-peers/.ready", "bench-peers", "PEERS_JSON=f").stdout
    assert 'tests.bench.peers --json "f"' in said
    said = made(
        "-n", "-o", ".venv-train/.ready", "touch-train", "DATA=d", "OUT=f", "MODELS=m"
    ).stdout
    assert 'export.touch --data d/touch --out "f"' in said
    assert '--only "m"' in said
    said = made("-n", "trials-touch", "DATA=d").stdout
    assert "trials touch --data d/touch" in said
    assert "--models" not in said
    assert '--models "f"' in made("-n", "trials-touch", "NETS=f").stdout


def test_training_asks_where_to() -> None:
    result = made("-o", ".venv-train/.ready", "touch-train")
    assert result.returncode == 2
    assert "make touch-train OUT=FOLDER" in result.stderr


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("replenish", "NOTES=1,1,1,0", "ADD=0"), "ADD"),
        (("replenish", "NOTES=1,1,1,0", "SWAP=no"), "SWAP"),
        (("journal-export", "OUT=f", "FORCE=yes"), "FORCE"),
    ],
)
def test_make_takes_a_switch_as_1_alone(words: tuple[str, ...], name: str) -> None:
    result = made(*words)
    assert (result.returncode, result.stderr.splitlines()[0]) == (2, f"{name} is 1 or left out")


def test_help_names_every_target() -> None:
    listed = set(re.findall(r"^([a-z-]+)  ", made("help").stdout, re.M))
    assert listed == TARGETS
