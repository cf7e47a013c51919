"""The camera is named by the doctor, pinned in the configuration, and no other one is served."""

import itertools
import json
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from edge_atm.cli import unit as unit_module
from edge_atm.cli.doctor import Finding
from edge_atm.cli.main import cli as command_line
from edge_atm.cli.unit import camera_of
from edge_atm.config import read_config
from edge_atm.device import frame_clock
from edge_atm.device.camera_identity import Identity, pin_lines, refuse_other
from edge_atm.errors import ConfigError
from edge_atm.records import Pixels
from tests.cli.conftest import CARD, Cli

pytestmark = pytest.mark.slow

CAMERA = Identity("uvcvideo", "046d:0825", "usb-0000:01:00.0-1.2:1.0", "A1B2C3D0")


class Source:
    """Stands for the USB camera: the real one needs the hardware."""

    identity = CAMERA
    alike = False
    pause_seconds = 0.02

    def __init__(self, device: Path, width: int, height: int, pinned: Identity | None) -> None:
        assert (device, width, height) == (Path("/dev/video77"), 640, 480)
        self._shown = itertools.count()
        if pinned is not None:
            refuse_other(self.identity, pinned)

    def read(self) -> tuple[Pixels, float]:
        time.sleep(self.pause_seconds)
        shown = 0 if self.alike else next(self._shown)
        row = np.arange(shown, shown + 640 * 3).astype(np.uint8).reshape(1, 640, 3)
        return np.tile(row, (480, 1, 1)), time.monotonic()

    def close(self) -> None:
        pass


@pytest.fixture(autouse=True)
def plugged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unit_module, "V4l2Source", Source)
    monkeypatch.setattr(frame_clock, "FPS_SECONDS", 0.1)


def doctor(cli: Cli, *options: str, words: tuple[str, ...] = ("--json",)) -> str:
    return (
        CliRunner()
        .invoke(command_line, ["--config", str(cli.config), *options, "doctor", *words])
        .stdout
    )


def camera(cli: Cli, *options: str) -> Finding:
    found = [Finding(**finding) for finding in json.loads(doctor(cli, *options))]
    return next(finding for finding in found if finding.part == "camera")


def pin(cli: Cli, identity: Identity) -> None:
    with cli.config.open("a") as file:
        file.write(f"\n{pin_lines(identity)}\n")


def test_the_doctors_lines_pin_the_camera(cli: Cli) -> None:
    found = camera(cli)
    assert (found.ok, "is not pinned" in found.text) == (False, True)
    for told in asdict(CAMERA).values():
        assert told in found.text
    assert found.action.endswith("\n" + pin_lines(CAMERA))
    # As they are on the technician's screen, to be copied.
    shown = doctor(cli, words=())
    lines = shown[shown.index("[camera.pin]") :].splitlines()[:5]
    with cli.config.open("a") as file:
        file.write("\n".join(lines))
    found = camera(cli)
    assert (found.ok, found.action) == (True, "")
    assert found.text.startswith("the pinned uvcvideo camera 046d:0825 at usb-")
    assert "gives 640 x 480 px, " in found.text


def test_a_desk_does_without_and_is_told(cli: Cli) -> None:
    found = camera(cli, "--development")
    assert found.ok is True
    assert "not pinned, as a unit must be" in found.text
    assert pin_lines(CAMERA) in found.text


@pytest.mark.parametrize("options", [(), ("--development",)])
def test_another_camera_is_refused_on_a_desk_too(cli: Cli, options: tuple[str, ...]) -> None:
    pin(cli, replace(CAMERA, serial="none"))
    found = camera(cli, *options)
    assert found.ok is False
    assert found.text.endswith("serial is 'A1B2C3D0', pinned is 'none'")
    assert "Put the pinned camera back" in found.action
    # It may have been exchanged on purpose.
    assert found.action.endswith(pin_lines(CAMERA))


def test_pictures_that_are_fed_in_are_told(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    pin(cli, CAMERA)
    monkeypatch.setattr(Source, "alike", True)
    found = camera(cli)
    assert (found.ok, "frames are doubled" in found.text) == (False, True)


def test_a_slow_camera_is_told(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    pin(cli, CAMERA)
    monkeypatch.setattr(Source, "pause_seconds", 0.2)
    found = camera(cli)
    assert (found.ok, "pictures a second" in found.text) == (False, True)
    assert "light" in found.action


def test_an_unpinned_unit_serves_nobody_and_a_half_pinned_one_is_no_configuration(
    cli: Cli,
) -> None:
    with pytest.raises(ConfigError, match="not pinned") as fault:
        camera_of(read_config(cli.config), unpinned=False)
    assert "doctor" in fault.value.hint
    with cli.config.open("a") as file:
        file.write('[camera.pin]\ndriver = "uvcvideo"\n')
    with pytest.raises(ConfigError, match=r"camera\.pin\.serial: missing key"):
        read_config(cli.config)


def test_an_unpinned_unit_does_not_open(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "master_key").write_bytes(bytes(range(32)))
    (tmp_path / "credentials" / "master_key").chmod(0o400)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    words = ["provision", "--accounts", str(cli.folder / "accounts.csv"), "--notes", "50,50,50,0"]
    assert cli(*words, development=False).returncode == 0
    for command in ("withdraw", "run"):
        refused = cli(command, development=False, typed=f"{CARD}\n20\n")
        assert refused.returncode in (2, 3)
        assert "the camera is not pinned" in refused.stderr
        assert "Card number" not in refused.stderr
