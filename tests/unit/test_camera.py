"""A camera that is missing, fails or hangs ends the look; the newest picture wins."""

import math
import threading
import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from edge_atm.device import camera as camera_module
from edge_atm.device.camera import Camera, Source
from edge_atm.device.camera_identity import Identity
from edge_atm.errors import CameraFault
from edge_atm.records import Pixels


class Pictures:
    """Gives numbered pictures, then does something else."""

    identity = Identity("uvcvideo", "046d:0825", "usb-1:1.0", "none")

    def __init__(self, count: int, then: Callable[[], object]) -> None:
        self.left, self.then = count, then
        self.given = 0
        self.closed = threading.Event()

    def read(self) -> tuple[Pixels, float]:
        if self.given == self.left:
            self.then()
        self.given += 1
        # As quick as a camera may be.
        time.sleep(0.008)
        pixels = np.full((4, 4, 3), self.given % 256, dtype=np.uint8)
        pixels[0, 0] = (self.given // 256, 0, 255)
        return pixels, self.taken_at()

    def taken_at(self) -> float:
        return time.monotonic()

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
    while source.given < first.number + 10:
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
    source.read = lambda: (given, time.monotonic())  # type: ignore[method-assign]
    with pytest.raises(CameraFault, match="the camera gave") as fault:
        next(opened(source).frames())
    assert "Use a colour camera" in fault.value.hint
    assert source.closed.wait(5)


def test_the_drivers_time_is_the_frames_and_the_camera_is_named() -> None:
    source = Pictures(10**9, fail)
    told = [time.monotonic() - 0.5 + number / 64 for number in range(30)]
    source.taken_at = lambda: told[source.given]  # type: ignore[method-assign]
    camera = opened(source)
    frames = camera.frames()
    assert next(frames).at_seconds in told
    assert camera.identity == source.identity
    frames.close()


def test_once_a_picture_comes_again_no_frame_has_a_time() -> None:
    source = Pictures(10**9, fail)
    shown = source.read
    known, _ = shown()
    source.read = lambda: shown() if source.given < 4 else (known, time.monotonic())  # type: ignore[method-assign]
    camera = opened(source)
    frames = camera.frames()
    timed = [not math.isnan(next(frames).at_seconds) for _ in range(20)]
    frames.close()
    assert timed == sorted(timed, reverse=True)
    assert not timed[-1]
    assert camera.clock.broken == "doubled"


def test_a_camera_without_a_clock_is_a_fault() -> None:
    source = Pictures(10**9, fail)
    source.taken_at = lambda: math.nan  # type: ignore[method-assign]
    with pytest.raises(CameraFault, match="frame times are not of this computer's"):
        next(opened(source).frames())
    assert source.closed.wait(5)
