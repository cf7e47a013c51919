"""Cameras as a stream of frames with a deadline: a camera that hangs must not hang the unit."""

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Generator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edge_atm.device.camera_identity import Identity
from edge_atm.device.frame_clock import FrameClock
from edge_atm.errors import CameraFault
from edge_atm.records import Frame, Pixels

FIRST_FRAME_SECONDS_MAX = 5.0
FRAME_SECONDS_MAX = 1.0
# No camera that the configuration allows gives more; a larger picture would only cost memory.
SIDE_PX_MAX = 4096
REPLUG = "Unplug the camera and plug it in again, then restart the service."
OTHER_CAMERA = "Use a colour camera that gives the configured size, then run `edge-atm doctor`."


class Source(Protocol):
    """Something that blocks until it has the next picture, which is then nobody else's.

    uint8 [height, width, 3] RGB, and when the driver says it was taken, in monotonic seconds; what
    a driver gives instead ends the look. `identity`: what was opened.
    """

    @property
    def identity(self) -> Identity: ...
    def read(self) -> tuple[NDArray[Any], float]: ...
    def close(self) -> None: ...


class Camera:
    """Reads a source in a thread of its own and hands out only the newest picture.

    The thread is a daemon: a driver that blocks for ever (OpenCV does, on a camera in use) is
    left behind, and the customer is refused instead of waiting. Of the newest look: `identity`,
    the camera that was opened, and `clock`, which judged its frames.
    """

    def __init__(self, open_source: Callable[[], Source]) -> None:
        self._open_source = open_source
        self._pump_thread: threading.Thread | None = None
        self.identity: Identity | None = None
        self.clock = FrameClock()

    def frames(self) -> Generator[Frame, None, None]:
        """Yield frames with growing numbers and growing monotonic times, as the driver tells them.

        Where times or pictures are not a camera's (`FrameClock`) the time is NaN from then on, and
        whoever follows a face gives up. Raises CameraFault when the camera cannot be opened,
        fails, gives something else than colour pictures of 8 bits, gives them late or too few, or
        none within FIRST_FRAME_SECONDS_MAX at first and FRAME_SECONDS_MAX later.
        """
        newest: queue.Queue[Frame | CameraFault] = queue.Queue(maxsize=1)
        stop = threading.Event()
        if self._pump_thread is not None and self._pump_thread.is_alive():
            raise CameraFault("the camera still hangs since the last look", REPLUG)
        pump = threading.Thread(target=self._pump, args=(newest, stop), daemon=True)
        self._pump_thread, self.identity, self.clock = pump, None, FrameClock()
        pump.start()
        seconds_max = FIRST_FRAME_SECONDS_MAX
        try:
            while True:
                try:
                    item = newest.get(timeout=seconds_max)
                except queue.Empty:
                    raise CameraFault(f"the camera gave no picture in {seconds_max} s") from None
                if isinstance(item, CameraFault):
                    raise item
                yield item
                seconds_max = FRAME_SECONDS_MAX
        finally:
            stop.set()
            # The next session may want the device at once; a hung driver is not waited for.
            pump.join(FRAME_SECONDS_MAX)

    def _pump(self, newest: "queue.Queue[Frame | CameraFault]", stop: threading.Event) -> None:
        try:
            source = self._open_source()
        except CameraFault as fault:
            newest.put(fault)
            return
        self.identity, clock, number = source.identity, self.clock, 0
        try:
            while not stop.is_set():
                given, taken_at = source.read()
                pixels = _checked(given)
                at_seconds = clock.see(taken_at, time.monotonic(), pixels)
                _replace(newest, Frame(pixels, at_seconds, number))
                number += 1
        except CameraFault as fault:
            _replace(newest, fault)
        finally:
            source.close()


def _replace(newest: "queue.Queue[Frame | CameraFault]", item: Frame | CameraFault) -> None:
    # A frame nobody took in time is dropped rather than queued: the customer has moved on.
    with contextlib.suppress(queue.Empty):
        newest.get_nowait()
    newest.put(item)


def _checked(pixels: NDArray[Any]) -> Pixels:
    # Whatever the driver was asked for, this is what it gave.
    shape, kind = pixels.shape, pixels.dtype
    if kind != np.uint8 or len(shape) != 3 or shape[2] != 3:
        raise CameraFault(f"the camera gave {kind} {shape}, no colour picture", OTHER_CAMERA)
    if not (min(shape) >= 1 and max(shape) <= SIDE_PX_MAX):
        raise CameraFault(f"the camera gave a picture of {shape[1]}x{shape[0]} px", OTHER_CAMERA)
    return pixels
