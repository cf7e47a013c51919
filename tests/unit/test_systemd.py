"""What systemd/ hands to the service manager: units that it takes whole, and the shell function."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "systemd"
# systemd's own scale from 0 to 10, times ten; it calls what is below 2.0 safe.
EXPOSURE_MAX = 10
ANALYZE = shutil.which("systemd-analyze")


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The service with each drop-in of the folder, and a program that is there."""
    text = (FOLDER / "edge-atm.service").read_text()
    path = tmp_path / "edge-atm.service"
    path.write_text(text.replace("/opt/edge-atm/.venv/bin/edge-atm", "/bin/true"))
    drop_ins = tmp_path / "edge-atm.service.d"
    drop_ins.mkdir()
    for drop_in in FOLDER.glob("*.conf"):
        shutil.copy(drop_in, drop_ins)
    return path


def analyzed(*words: str) -> tuple[int, str]:
    done = subprocess.run(
        ["systemd-analyze", "--no-pager", *words],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is needed")
def test_systemd_takes_the_service_and_its_drop_ins_without_a_word(unit: Path) -> None:
    assert analyzed("verify", str(unit)) == (0, "")
    # A key that it does not know is a word, and no fault.
    (unit.parent / "edge-atm.service.d" / "tpm.conf").write_text("[Service]\nDeviceAlow=x\n")
    assert "DeviceAlow" in analyzed("verify", str(unit))[1]


@pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is needed")
def test_the_service_is_exposed_to_little(unit: Path) -> None:
    limit = f"--threshold={EXPOSURE_MAX}"
    assert analyzed("security", "--offline=true", limit, str(unit))[0] == 0
    assert analyzed("security", "--offline=true", "--threshold=1", str(unit))[0] == 1


@pytest.mark.parametrize("rotating", [False, True])
def test_atm_runs_a_command_as_the_service_with_its_keys(tmp_path: Path, rotating: bool) -> None:
    (function,) = re.findall(
        r"^atm\(\) \($.*?^\)$", (FOLDER / "README.md").read_text(), re.M | re.S
    )
    (tmp_path / "systemd-run").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (tmp_path / "systemd-run").chmod(0o700)
    function = function.replace("/etc/edge-atm", str(tmp_path))
    if rotating:
        (tmp_path / "next_master_key.cred").touch()
    done = subprocess.run(
        ["sh", "-c", f"{function}\natm journal show --last '3 4'"],
        capture_output=True, text=True, timeout=10, check=True, env={"PATH": f"{tmp_path}:/bin"},
    )  # fmt: skip
    words = done.stdout.splitlines()
    program = words.index("/opt/edge-atm/.venv/bin/edge-atm")
    assert words[program + 1 :] == ["journal", "show", "--last", "3 4"]
    assert "--uid=edge-atm" in words[:program]
    keys = [word.split("=")[1] for word in words if word.startswith("LoadCredentialEncrypted=")]
    names = ["master_key", "next_master_key"] if rotating else ["master_key"]
    assert keys == [f"{name}:{tmp_path}/{name}.cred" for name in names]
