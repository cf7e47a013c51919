"""One look after the other: never two hands on one camera."""

import threading

import pytest

from edge_atm.device import camera as camera_module
from edge_atm.device.camera import Camera, Source
from edge_atm.errors import CameraFault
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
