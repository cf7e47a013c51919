"""A USB camera: opened once, asked what it is, and read with the driver's time."""

import os
import stat
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from edge_atm.device import camera_usb
from edge_atm.device.camera_identity import Identity, capability_of
from edge_atm.device.camera_usb import V4l2Source
from edge_atm.errors import CameraFault
from edge_atm.records import Pixels
from tests.unit.sysfs import QUERYCAP

USB = Identity("uvcvideo", "046d:0825", "usb-0000:01:00.0-1.2:1.0", "A1B2C3D0")
OTHER = Identity("uvcvideo", "046d:0825", "usb-0000:01:00.0-1.2:1.0", "another")


def handles() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


class Capture:
    """What OpenCV's capture does: fills the picture it is given, if it fits."""

    opens = True

    def __init__(self, path: str, backend: int) -> None:
        # The node that was asked what it is, and none that took its name meanwhile.
        assert Path(path).samefile("/dev/null")
        assert path.startswith("/proc/self/fd/")
        self.given = 0

    def isOpened(self) -> bool:  # noqa: N802
        return self.opens

    def set(self, key: int, value: float) -> bool:
        return True

    def read(self, image: Pixels | None) -> tuple[bool, Pixels]:
        image = np.empty((4, 6, 3), np.uint8) if image is None else image
        self.given += 1
        image[:] = (1, 2, self.given)
        return True, image

    def get(self, key: int) -> float:
        # A driver's stamp is to the microsecond, and OpenCV tells milliseconds.
        assert key == cv2.CAP_PROP_POS_MSEC
        return 1234567.891 + self.given

    def release(self) -> None:
        pass


@pytest.fixture
def usb(monkeypatch: pytest.MonkeyPatch) -> None:
    # /dev/null stands for the node: it can be opened on any computer.
    monkeypatch.setattr(camera_usb, "VIDEO_MAJOR", os.major(Path("/dev/null").stat().st_rdev))
    monkeypatch.setattr(camera_usb, "ask_node", lambda handle: capability_of(QUERYCAP))
    monkeypatch.setattr(camera_usb, "identify_node", lambda number, said: USB)
    monkeypatch.setattr(cv2, "VideoCapture", Capture)


def test_a_usb_camera_is_read_with_the_drivers_time(usb: None) -> None:
    before = handles()
    source = V4l2Source(Path("/dev/null"), 640, 480, USB)
    assert source.identity == USB
    first, first_at = source.read()
    second, second_at = source.read()
    # What was handed out stays as it is.
    assert first[0, 0].tolist() == [1, 2, 1]
    assert second[0, 0].tolist() == [2, 2, 1]
    assert (first_at, second_at) == pytest.approx((1234.568891, 1234.569891), abs=1e-9)
    source.close()
    assert handles() == before


def test_a_camera_that_is_not_the_pinned_one_gives_no_picture(
    usb: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Capture, "__init__", lambda *_: pytest.fail("it was opened"))
    before = handles()
    with pytest.raises(CameraFault, match="not the pinned one: serial is 'A1B2C3D0'"):
        V4l2Source(Path("/dev/null"), 640, 480, OTHER)
    assert handles() == before


def test_a_camera_in_use_leaves_nothing_open(usb: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Capture, "opens", False)
    before = handles()
    with pytest.raises(CameraFault, match="another program may use it"):
        V4l2Source(Path("/dev/null"), 640, 480)
    assert handles() == before


def test_what_is_no_camera_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CameraFault, match=r"no camera at .*video0: No such file") as fault:
        V4l2Source(tmp_path / "video0", 640, 480)
    assert "cable" in fault.value.hint
    with pytest.raises(CameraFault, match="/dev/null is no camera"):
        V4l2Source(Path("/dev/null"), 640, 480)
    (tmp_path / "file").touch()
    with pytest.raises(CameraFault, match="is no camera"):
        V4l2Source(tmp_path / "file", 640, 480)

    def refuse(*_: object) -> int:
        raise PermissionError

    node = SimpleNamespace(st_mode=stat.S_IFCHR, st_rdev=os.makedev(81, 0))
    monkeypatch.setattr(Path, "stat", lambda _: node)
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(CameraFault, match="may not be opened") as fault:
        V4l2Source(Path("/dev/video0"), 640, 480)
    assert "group `video`" in fault.value.hint
