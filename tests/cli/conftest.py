"""The command as a process: its folder, its configuration, its simulated dispenser."""

import io
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from edge_atm.cli.main import cli as command_line
from edge_atm.cli.opening import open_unit
from edge_atm.models import Models
from edge_atm.prepared import FOLDER, Prepared
from edge_atm.vault.keys import Keys
from tests.rig.bench import CONFIG
from tests.rig.customer import made_up_card
from tests.rig.dispenser import SimulatedDispenser

CARD = made_up_card(7)
ACCOUNTS = f"card_number,balance_cents,pin\n{CARD},50000,4711\n"


@cache
def _key_and_models() -> TemporaryDirectory[str]:
    """A state folder with a key and the models prepared with it: that takes most of a second."""
    folder = TemporaryDirectory()
    path = Path(folder.name)
    key = Keys.from_development_file(path, create=True).derive("prepared-models")
    assert len(list(Models(prepared=Prepared(path / FOLDER, key)).prepare())) == 4
    return folder


class Cli:
    """Runs the command against one folder's configuration."""

    def __init__(self, folder: Path, port: str) -> None:
        self.folder, self.port = folder, port
        self.config = folder / "edge-atm.toml"
        text = CONFIG.format(state_dir=folder / "state", port=port)
        self.config.write_text(text.replace("/dev/null", "/dev/video77"))
        (folder / "accounts.csv").write_text(ACCOUNTS)

    def command(self, *words: str, development: bool = True) -> list[str]:
        """Return the whole command line."""
        options = ["--config", str(self.config), *(["--development"] if development else [])]
        return [sys.executable, "-m", "edge_atm", *options, *words]

    def __call__(
        self, *words: str, typed: str | bytes = "", development: bool = True
    ) -> subprocess.CompletedProcess[str]:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("EDGE_ATM")}
        # As on a unit's UTF-8 console; in the C locale Python would let any byte through.
        environment["PYTHONIOENCODING"] = "utf-8:strict"
        raw = subprocess.run(
            self.command(*words, development=development),
            input=typed.encode() if isinstance(typed, str) else typed,
            capture_output=True, timeout=60, check=False, env=environment,
        )  # fmt: skip
        result = subprocess.CompletedProcess(
            raw.args, raw.returncode, raw.stdout.decode(), raw.stderr.decode()
        )
        assert "Traceback" not in result.stderr
        assert CARD not in result.stdout + result.stderr
        return result

    @property
    def database(self) -> Path:
        """Where the unit keeps its state."""
        return self.folder / "state" / "edge-atm.sqlite"

    def tamper(self, *statements: str) -> None:
        """Change the database as somebody does who has no key, and leave no trace in its schema."""
        with closing(sqlite3.connect(self.database, isolation_level=None)) as connection:
            query = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
            triggers = connection.execute(query).fetchall()
            for name, _ in triggers:
                connection.execute(f"DROP TRIGGER {name}")
            for statement in statements:
                assert connection.execute(statement).rowcount != 0, statement
            for _, text in triggers:
                connection.execute(text)

    def change(self, before: str, after: str) -> None:
        """Change the configuration."""
        text = self.config.read_text()
        assert before in text
        self.config.write_text(text.replace(before, after))

    def events(self) -> list[str]:
        """Return what the journal says, oldest first, after checking its chain."""
        with open_unit(self.config, development=True) as unit:
            unit.journal.verify()
            return [entry.event for entry in unit.journal.entries()]

    def provisioned(self) -> "Cli":
        """Load accounts and notes."""
        accounts = str(self.folder / "accounts.csv")
        if not self.database.parent.exists():
            shutil.copytree(_key_and_models().name, self.database.parent)
        self.here("provision", "--accounts", accounts, "--notes", "50,50,50,0")
        return self

    def here(self, *words: str) -> str:
        """Run a command in this process, which is quicker; return its standard output."""
        options = ["--config", str(self.config), "--development"]
        with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()):
            command_line.main([*options, *words], standalone_mode=False)
        return out.getvalue()


@pytest.fixture
def sim(tmp_path: Path) -> Iterator[SimulatedDispenser]:
    with SimulatedDispenser(tmp_path / "lcdm.json", notes=(50, 50, 50, 0)) as sim:
        yield sim


@pytest.fixture
def cli(tmp_path: Path, sim: SimulatedDispenser) -> Cli:
    return Cli(tmp_path, sim.port)
