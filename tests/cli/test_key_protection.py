"""What the configuration claims of the key's protection is true, or nothing is served."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from edge_atm.cli import doctor_vault
from edge_atm.cli.opening import open_unit
from edge_atm.cli.unit import Unit
from edge_atm.errors import EdgeError
from edge_atm.vault.nv_counter import DEVICE
from tests.cli.conftest import CARD, Cli

pytestmark = pytest.mark.slow

HOST, TPM = 'key_protection = "host"', 'key_protection = "tpm"'


@pytest.fixture
def keyed(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """A unit whose key comes from the service manager."""
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / "master_key").write_bytes(os.urandom(32))
    (folder / "master_key").chmod(0o400)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    return cli


@pytest.mark.skipif(DEVICE.exists(), reason="this computer has a TPM, which is left alone")
def test_tpm_is_never_taken_for_host(keyed: Cli) -> None:
    keyed.change(HOST, TPM)
    words = ["provision", "--accounts", str(keyed.folder / "accounts.csv"), "--notes", "50,50,50,0"]
    refused = keyed(*words, development=False)
    assert refused.returncode == 3
    assert f'key_protection is "tpm", but there is no {DEVICE}' in refused.stderr
    assert "systemd/README.md" in refused.stderr
    keyed.change(TPM, HOST)
    made = keyed(*words, development=False)
    assert made.returncode == 0, made.stderr
    assert "whoever copies the whole disk has the key" in doctors_word(keyed, doctor_vault.key)
    assert "whole disk put back is not noticed" in doctors_word(keyed, doctor_vault.anchor)
    keyed.change(HOST, TPM)
    for part in (doctor_vault.key, doctor_vault.anchor):
        with pytest.raises(EdgeError):
            doctors_word(keyed, part)
    served = keyed("withdraw", development=False, typed=f"{CARD}\n20\n")
    assert served.returncode == 3
    assert "Card number" not in served.stderr


def doctors_word(cli: Cli, part: Callable[[Unit], str]) -> str:
    with open_unit(cli.config, development=False, unchecked=True) as unit:
        return part(unit)


def test_a_development_key_is_on_every_screen_and_receipt(cli: Cli) -> None:
    result = cli.provisioned()("run", typed=f"{CARD}\n20\n123\n")
    assert result.stderr.count("Refused - ") == 3
    # Receipts, and the screen that says why the second card was refused; questions end no line.
    for line in result.stderr.splitlines():
        assert "DEVELOPMENT KEY" in line, result.stderr
    receipt = json.loads(cli("withdraw", "--json", typed=f"{CARD}\n20\n").stdout)
    assert receipt["development_key"] is True
