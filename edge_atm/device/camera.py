"""Cameras as a stream of frames with a deadline: a camera that hangs must not hang the unit."""

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

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

    uint8 [height, width, 3] RGB; what a driver gives instead ends the look.
    """

    def read(self) -> NDArray[Any]: ...
    def close(self) -> None: ...


class Camera:
    """Reads a source in a thread of its own and hands out only the newest picture.

    The thread is a daemon: a driver that blocks for ever (OpenCV does, on a camera in use) is
    left behind, and the customer is refused instead of waiting.
    """

    def __init__(self, open_source: Callable[[], Source]) -> None:
        self._open_source = open_source
        self._pump_thread: threading.Thread | None = None

    def frames(self) -> Generator[Frame, None, None]:
        """Yield frames with growing numbers and monotonic times.

        Raises CameraFault when the camera cannot be opened, fails, gives something else than
        colour pictures of 8 bits, or none within FIRST_FRAME_SECONDS_MAX at first and
        FRAME_SECONDS_MAX later.
        """
        newest: queue.Queue[Frame | CameraFault] = queue.Queue(maxsize=1)
        stop = threading.Event()
        if self._pump_thread is not None and self._pump_thread.is_alive():
            raise CameraFault("the camera still hangs since the last look", REPLUG)
        pump = threading.Thread(target=self._pump, args=(newest, stop), daemon=True)
        self._pump_thread = pump
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
        number = 0
        try:
            while not stop.is_set():
                pixels = _checked(source.read())
                _replace(newest, Frame(pixels, time.monotonic(), number))
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


class V4l2Source:
    """A desk's USB camera."""

    def __init__(self, device: Path, width_px: int, height_px: int) -> None:
        if not device.is_char_device():
            raise CameraFault(f"there is no camera at {device}")
        self._capture = cv2.VideoCapture(str(device), cv2.CAP_V4L2)
        if not self._capture.isOpened():
            raise CameraFault(
                f"the camera at {device} cannot be opened; another program may use it"
            )
        self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, width_px)
        self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height_px)
        self._bgr: NDArray[Any] | None = None

    def read(self) -> NDArray[Any]:
        """Return the next picture as RGB. Raises CameraFault."""
        try:
            # Only the picture that is handed out is new: whoever has the last one may still look.
            ok, self._bgr = self._capture.read(self._bgr)
            if ok:
                return np.asarray(cv2.cvtColor(self._bgr, cv2.COLOR_BGR2RGB))
        except cv2.error:
            pass
        raise CameraFault("the camera stopped giving pictures")

    def close(self) -> None:
        self._capture.release()


class Picamera2Source:
    """The Raspberry Pi's camera module."""

    def __init__(self, width_px: int, height_px: int) -> None:
        try:
            from picamera2 import Picamera2
        except ImportError:
            raise CameraFault(
                "picamera2 is not installed",
                "On Raspberry Pi OS: sudo apt install python3-picamera2, then make setup.",
            ) from None
        try:
            self._camera = Picamera2()
            # picamera2 names formats by memory order from the highest byte: BGR888 is R, G, B.
            self._camera.configure(
                self._camera.create_video_configuration(
                    main={"size": (width_px, height_px), "format": "BGR888"}
                )
            )
            self._camera.start()
        except (RuntimeError, IndexError, OSError) as error:
            raise CameraFault(f"the camera module cannot be started: {error}") from None

    def read(self) -> NDArray[Any]:
        """Return the next picture as RGB. Raises CameraFault."""
        try:
            return np.asarray(self._camera.capture_array("main"))
        except (RuntimeError, OSError) as error:
            raise CameraFault(f"the camera module failed: {error}") from None

    def close(self) -> None:
        self._camera.close()
