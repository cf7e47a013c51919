"""The bank's computer, and units that seal to it, for the tests of what goes there and back."""

import json
import re
import shutil
import subprocess
import textwrap
from functools import cache
from pathlib import Path

import click
import numpy as np
import pytest

from edge_atm.cli.opening import open_unit
from edge_atm.errors import EdgeError
from edge_atm.records import Embedding, Floats
from edge_atm.vault.rotation import to_int8
from tests.cli.conftest import CARD, Cli, _key_and_models
from tests.unit.vaulted import unit_vector

needs_age = pytest.mark.skipif(shutil.which("age") is None, reason="Debian's `age` is missing")
PAGE = (Path(__file__).resolve().parents[2] / "docs/bank.md").read_text(encoding="utf-8")
NAME = "Ada Lovelace"
FACE = unit_vector(1)
# A second key and its models: making them anew for each test takes most of a second.
another_unit = cache(_key_and_models.__wrapped__)


class Bank:
    """The bank's computer: Debian's age, and the private key in a file."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.key = folder, folder / "bank.key"
        folder.mkdir()
        subprocess.run(["age-keygen", "-o", self.key], check=True, capture_output=True)
        lines = self.key.read_text().splitlines()
        self.public = next(line.split()[-1] for line in lines if "public key" in line)

    def run(self, part: str, unit: str, given: Path, name: str, made: str, into: Path) -> Path:
        """Run the commands of one part of docs/bank.md, to the letter."""
        (script,) = re.findall(rf"^## {part}.*?^ *```sh\n(.*?)```", PAGE, re.MULTILINE | re.DOTALL)
        shutil.copy(given, self.folder / name)
        command = ["bash", "-euo", "pipefail", "-c", textwrap.dedent(script)]
        environment = {"PATH": "/usr/bin:/bin", "UNIT": unit}
        subprocess.run(command, cwd=self.folder, env=environment, check=True, timeout=60)
        return (self.folder / made).rename(into)

    def fill(self, tar: Path, receive_key: str, into: Path) -> Path:
        return self.run("Escrow", receive_key, tar, "escrow.tar", "fill.age", into)

    def seal_again(self, backup: Path, receive_key: str, into: Path) -> Path:
        return self.run("Backup", receive_key, backup, "backup.age", "restore.age", into)


def with_bank(cli: Cli, bank: Bank) -> Cli:
    text = cli.config.read_text()
    cli.config.write_text(f'{text}\n[bank]\npublic_keys = ["{bank.public}"]\nescrow = true\n')
    return cli


def enrol(cli: Cli, face: Floats) -> int:
    with open_unit(cli.config, development=True) as unit:
        customer = unit.customers.claim(CARD).customer_id
        return unit.registry().enrol(customer, NAME, Embedding(face, unit.models.embedding_id))


def receive_key(cli: Cli) -> str:
    return str(json.loads(cli.here("receive-key", "--json"))["receive_key"])


def public_key(cli: Cli) -> str:
    return str(json.loads(cli.here("journal", "verify", "--json"))["public_key"])


def cosine(cli: Cli) -> float:
    with open_unit(cli.config, development=True) as unit:
        customer = unit.customers.claim(CARD).customer_id
        assert unit.customers.holder_name(customer) == NAME
        with unit.faces.opened(customer) as embedding:
            return float(embedding.vector @ FACE)


def exported(cli: Cli, name: str = "escrow.tar") -> Path:
    cli.here("export-escrow", str(cli.folder / name))
    return cli.folder / name


def plain_left(*folders: Path) -> list[str]:
    """Return which secrets of the old unit lie open in the folders' files."""
    old_unit = folders[0].parent
    with open_unit(old_unit / "edge-atm.toml", development=True) as unit:
        secrets = {
            "card key": unit.ring.lasting.derive("card"),
            "lasting": unit.ring.lasting.exposed(),
            "rows": unit.ring.rows.exposed(),
            "face": to_int8(FACE[np.newaxis]).tobytes()[:64],
            "float face": FACE.tobytes()[:64],
            "name": NAME.encode(),
        }
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    content = b"\0".join(path.read_bytes() for path in files)
    spelled = {f"{name} in hex": value.hex().encode() for name, value in secrets.items()}
    return [name for name, value in (secrets | spelled).items() if value in content]


def refused(cli: Cli, *words: str) -> str:
    """Return the one sentence that a command ends with."""
    with pytest.raises((EdgeError, click.ClickException)) as caught:
        cli.here(*words)
    assert "\n" not in str(caught.value)
    return str(caught.value)
