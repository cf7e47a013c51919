"""A camera that is missing, fails or hangs ends the look; the newest picture wins."""

import sys
import threading
import time
import types
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from edge_atm.device import camera as camera_module
from edge_atm.device.camera import Camera, Picamera2Source, Source, V4l2Source
from edge_atm.errors import CameraFault
from edge_atm.records import Pixels


class Pictures:
    """Gives numbered pictures, then does something else."""

    def __init__(self, count: int, then: Callable[[], object]) -> None:
        self.left, self.then = count, then
        self.given = 0
        self.closed = threading.Event()

    def read(self) -> Pixels:
        if self.given == self.left:
            self.then()
        self.given += 1
        return np.full((4, 4, 3), self.given % 256, dtype=np.uint8)

    def close(self) -> None:
        self.closed.set()


def fail() -> None:
    raise CameraFault("the cable came off")


@pytest.fixture(autouse=True)
def short_deadlines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera_module, "FIRST_FRAME_SECONDS_MAX", 0.3)
    monkeypatch.setattr(camera_module, "FRAME_SECONDS_MAX", 0.2)


def opened(source: Source) -> Camera:
    return Camera(lambda: source)


def test_frames_come_with_growing_times_and_the_source_is_closed() -> None:
    source = Pictures(10**9, fail)
    frames = opened(source).frames()
    seen = [next(frames) for _ in range(3)]
    frames.close()
    assert source.closed.wait(5)
    assert sorted({frame.number for frame in seen}) == [frame.number for frame in seen]
    assert all(a.at_seconds < b.at_seconds for a, b in pairwise(seen))


def test_a_camera_that_cannot_be_opened_is_a_fault() -> None:
    def refuse() -> Source:
        raise CameraFault("no such camera")

    with pytest.raises(CameraFault, match="no such camera"):
        next(Camera(refuse).frames())


@pytest.mark.parametrize("pictures", [0, 2])
def test_a_camera_that_hangs_meets_the_deadline(pictures: int) -> None:
    release = threading.Event()
    source = Pictures(pictures, release.wait)
    with pytest.raises(CameraFault, match="no picture in"):
        for _ in opened(source).frames():
            pass
    release.set()
    assert source.closed.wait(5)


def test_a_camera_that_hangs_while_opening_meets_the_deadline() -> None:
    release = threading.Event()

    def stuck() -> Source:
        release.wait()
        raise CameraFault("too late")

    with pytest.raises(CameraFault, match="no picture in"):
        next(Camera(stuck).frames())
    release.set()


def test_a_failure_between_frames_is_passed_on() -> None:
    with pytest.raises(CameraFault, match="cable"):
        for _ in opened(Pictures(2, fail)).frames():
            pass


def test_old_frames_are_dropped_rather_than_queued() -> None:
    source = Pictures(10**9, fail)
    frames = opened(source).frames()
    first = next(frames)
    while source.given < first.number + 50:
        time.sleep(0.001)
    assert next(frames).number > first.number + 1
    frames.close()


@pytest.mark.parametrize(
    "given",
    [
        np.zeros((480, 640), np.uint8),
        np.zeros((480, 640, 4), np.uint8),
        np.zeros((480, 640, 3), np.uint16),
        np.full((480, 640, 3), np.nan, np.float32),
        np.zeros((0, 640, 3), np.uint8),
        np.broadcast_to(np.uint8(0), (4320, 7680, 3)),
    ],
    ids=lambda given: f"{given.shape} {given.dtype}",
)
def test_what_is_no_picture_ends_the_look(given: Pixels) -> None:
    source = Pictures(1, fail)
    source.read = lambda: given  # type: ignore[method-assign]
    with pytest.raises(CameraFault, match="the camera gave") as fault:
        next(opened(source).frames())
    assert "Use a colour camera" in fault.value.hint
    assert source.closed.wait(5)


def test_a_missing_device_and_a_missing_library_are_sentences(tmp_path: Path) -> None:
    with pytest.raises(CameraFault, match="there is no camera"):
        V4l2Source(tmp_path / "video0", 640, 480)
    with pytest.raises(CameraFault, match="cannot be opened"):
        V4l2Source(Path("/dev/null"), 640, 480)
    try:
        import picamera2  # noqa: F401
    except ImportError:
        with pytest.raises(CameraFault, match="picamera2 is not installed") as fault:
            Picamera2Source(640, 480)
        assert "apt install" in fault.value.hint


class ModuleCamera:
    """What picamera2's class answers, as its manual says; the real one needs the board."""

    fails: type[Exception] | None = None

    def __init__(self) -> None:
        if self.fails:
            raise self.fails("Camera in Running state trying acquire()")
        self.calls: list[str] = []

    def create_video_configuration(self, main: dict[str, object]) -> dict[str, object]:
        return main

    def configure(self, main: dict[str, object]) -> None:
        # By picamera2's naming this is the format whose array is R, G, B.
        assert main == {"size": (640, 480), "format": "BGR888"}

    def start(self) -> None:
        self.calls.append("start")

    def capture_array(self, name: str) -> Pixels:
        assert name == "main"
        return np.zeros((480, 640, 3), dtype=np.uint8)

    def close(self) -> None:
        self.calls.append("close")


def test_the_board_camera_is_asked_for_rgb(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("picamera2")
    module.Picamera2 = ModuleCamera  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "picamera2", module)
    source = Picamera2Source(640, 480)
    assert source.read().shape == (480, 640, 3)
    source.close()
    monkeypatch.setattr(ModuleCamera, "fails", RuntimeError)
    with pytest.raises(CameraFault, match="cannot be started"):
        Picamera2Source(640, 480)
