"""The board's camera module: asked what it is, and read with the sensor's time."""

import sys
import types
from types import MappingProxyType, SimpleNamespace

import numpy as np
import pytest

from edge_atm.device import camera_module
from edge_atm.device.camera_identity import Identity
from edge_atm.device.camera_module import Picamera2Source
from edge_atm.errors import CameraFault
from edge_atm.records import Pixels
from tests.unit.sysfs import MODULE_NUMBERS

MODULE = Identity("unicam", "imx708", "/base/soc/i2c0mux/i2c@1/imx708@1a", "none")
OTHER = Identity("unicam", "imx219", "/base/soc/i2c0mux/i2c@1/imx219@10", "none")


class Request:
    """What picamera2 answers for one frame, as its manual says."""

    held = 0

    def __init__(self) -> None:
        Request.held += 1

    def get_metadata(self) -> dict[str, object]:
        return {"SensorTimestamp": 1_234_567_891_000}

    def make_array(self, name: str) -> Pixels:
        assert name == "main"
        return np.zeros((480, 640, 3), dtype=np.uint8)

    def release(self) -> None:
        Request.held -= 1


class ModuleCamera:
    """What picamera2's class answers; the real one needs the board."""

    fails: type[Exception] | None = None
    opened = 0
    camera = SimpleNamespace(id=MODULE.path)
    camera_properties = MappingProxyType({"Model": "imx708", "SystemDevices": MODULE_NUMBERS})

    def __init__(self) -> None:
        if self.fails:
            raise self.fails("Camera in Running state trying acquire()")
        ModuleCamera.opened += 1
        self.started = False

    def create_video_configuration(self, main: dict[str, object]) -> dict[str, object]:
        return main

    def configure(self, main: dict[str, object]) -> None:
        # By picamera2's naming this is the format whose array is R, G, B.
        assert main == {"size": (640, 480), "format": "BGR888"}

    def start(self) -> None:
        self.started = True

    def capture_request(self) -> Request:
        assert self.started
        return Request()

    def close(self) -> None:
        ModuleCamera.opened -= 1


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("picamera2")
    module.Picamera2 = ModuleCamera  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "picamera2", module)
    monkeypatch.setattr(camera_module, "identify_module", lambda camera_id, _: MODULE)


def test_the_board_camera_is_asked_for_rgb_and_the_sensors_time(board: None) -> None:
    source = Picamera2Source(640, 480, MODULE)
    pixels, taken_at = source.read()
    assert (pixels.shape, taken_at) == ((480, 640, 3), 1234.567891)
    assert Request.held == 0
    source.close()
    assert ModuleCamera.opened == 0


def test_another_module_or_one_that_fails_is_let_go(
    board: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CameraFault, match="not the pinned one"):
        Picamera2Source(640, 480, OTHER)
    assert ModuleCamera.opened == 0
    monkeypatch.setattr(ModuleCamera, "fails", RuntimeError)
    with pytest.raises(CameraFault, match="cannot be opened"):
        Picamera2Source(640, 480)


def test_a_missing_library_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "picamera2", None)
    with pytest.raises(CameraFault, match="picamera2 is not installed") as fault:
        Picamera2Source(640, 480)
    assert "apt install" in fault.value.hint
