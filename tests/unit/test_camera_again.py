"""One look after the other: never two hands on one camera."""

import threading

import numpy as np
import pytest

from edge_atm.device import camera as camera_module
from edge_atm.device.camera import Camera, Source, V4l2Source
from edge_atm.errors import CameraFault
from edge_atm.records import Pixels
from tests.unit.test_camera import Pictures, fail


@pytest.fixture(autouse=True)
def short_deadlines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera_module, "FIRST_FRAME_SECONDS_MAX", 0.3)
    monkeypatch.setattr(camera_module, "FRAME_SECONDS_MAX", 0.2)


@pytest.mark.parametrize("where", ["opening", "reading"])
def test_a_camera_that_still_hangs_is_not_asked_again(where: str) -> None:
    release = threading.Event()
    sources: list[Pictures] = []

    def open_source() -> Source:
        sources.append(Pictures(1 if not sources else 10**9, release.wait))
        if where == "opening":
            release.wait()
        return sources[-1]

    camera = Camera(open_source)
    with pytest.raises(CameraFault, match="no picture in"):
        for _ in camera.frames():
            pass
    for _ in range(3):
        # Each customer would leave one more thread and one more hold on the device behind.
        with pytest.raises(CameraFault, match="still hangs") as fault:
            next(camera.frames())
        assert "Unplug" in fault.value.hint
    assert len(sources) == 1
    release.set()
    assert camera._pump_thread is not None
    camera._pump_thread.join(5)
    assert sources[0].closed.is_set()
    # It answers again at last: the next customer is looked at.
    frames = camera.frames()
    next(frames)
    frames.close()
    assert len(sources) == 2


def test_one_look_after_the_other_uses_one_camera_at_a_time() -> None:
    sources: list[Pictures] = []

    def open_source() -> Source:
        assert all(source.closed.is_set() for source in sources)
        sources.append(Pictures(10**9, fail))
        return sources[-1]

    camera = Camera(open_source)
    for _ in range(3):
        frames = camera.frames()
        next(frames)
        frames.close()
    assert len(sources) == 3


class Capture:
    """What OpenCV's capture does: fills the picture it is given, if it fits."""

    def __init__(self) -> None:
        self.given = 0

    def read(self, image: Pixels | None) -> tuple[bool, Pixels]:
        image = np.empty((4, 6, 3), np.uint8) if image is None else image
        self.given += 1
        image[:] = (1, 2, self.given)
        return True, image


def test_a_picture_that_was_handed_out_stays_as_it_is() -> None:
    source = V4l2Source.__new__(V4l2Source)
    source._capture, source._bgr = Capture(), None  # type: ignore[assignment]
    first, second = source.read(), source.read()
    assert first[0, 0].tolist() == [1, 2, 1]
    assert second[0, 0].tolist() == [2, 2, 1]
