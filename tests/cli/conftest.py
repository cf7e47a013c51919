"""The command as a process: its folder, its configuration, its simulated dispenser."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rig.bench import CONFIG
from tests.rig.customer import made_up_card
from tests.rig.dispenser import SimulatedDispenser

CARD = made_up_card(7)
ACCOUNTS = f"card_number,balance_cents,pin\n{CARD},50000,4711\n"


class Cli:
    """Runs the command against one folder's configuration."""

    def __init__(self, folder: Path, port: str) -> None:
        self.folder = folder
        self.config = folder / "edge-atm.toml"
        text = CONFIG.format(state_dir=folder / "state", port=port)
        self.config.write_text(text.replace("/dev/null", "/dev/video77"))
        (folder / "accounts.csv").write_text(ACCOUNTS)

    def __call__(
        self, *words: str, typed: str = "", development: bool = True
    ) -> subprocess.CompletedProcess[str]:
        options = ["--config", str(self.config), *(["--development"] if development else [])]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("EDGE_ATM")}
        result = subprocess.run(
            [sys.executable, "-m", "edge_atm", *options, *words],
            input=typed, capture_output=True, text=True, timeout=60, check=False,
            env=environment,
        )  # fmt: skip
        assert "Traceback" not in result.stderr
        assert CARD not in result.stdout + result.stderr
        return result

    def provisioned(self) -> "Cli":
        words = ("provision", "--accounts", str(self.folder / "accounts.csv"))
        result = self(*words, "--notes", "50,50,50,0")
        assert result.returncode == 0, result.stderr
        return self


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[Cli]:
    with SimulatedDispenser(tmp_path / "lcdm.json", notes=(50, 50, 50, 0)) as sim:
        yield Cli(tmp_path, sim.port)
