"""The Raspberry Pi's camera module, read with picamera2."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_atm.device.camera_identity import Identity, identify_module, refuse_other
from edge_atm.errors import CameraFault


class Picamera2Source:
    """The board's first camera module; with `pinned`, that one and no other."""

    def __init__(self, width_px: int, height_px: int, pinned: Identity | None = None) -> None:
        try:
            from picamera2 import Picamera2
        except ImportError:
            raise CameraFault(
                "picamera2 is not installed",
                "On Raspberry Pi OS: sudo apt install python3-picamera2, then make setup.",
            ) from None
        try:
            self._camera = Picamera2()
        except (RuntimeError, IndexError, OSError) as error:
            raise CameraFault(f"the camera module cannot be opened: {error}") from None
        try:
            self._start(width_px, height_px, pinned)
        except CameraFault:
            self._camera.close()
            raise

    def _start(self, width_px: int, height_px: int, pinned: Identity | None) -> None:
        try:
            # libcamera holds the camera from here on: nobody else gets it, nor exchanges it.
            self.identity = identify_module(self._camera.camera.id, self._camera.camera_properties)
            if pinned is not None:
                refuse_other(self.identity, pinned)
            # picamera2 names formats by memory order from the highest byte: BGR888 is R, G, B.
            self._camera.configure(
                self._camera.create_video_configuration(
                    main={"size": (width_px, height_px), "format": "BGR888"}
                )
            )
            self._camera.start()
        except (RuntimeError, IndexError, OSError) as error:
            raise CameraFault(f"the camera module cannot be started: {error}") from None

    def read(self) -> tuple[NDArray[Any], float]:
        """Return the next picture as RGB, and the sensor's time of it. Raises CameraFault."""
        try:
            request = self._camera.capture_request()
            try:
                # In ns, of the frame's first line. By libcamera's book CLOCK_BOOTTIME; it passes
                # on the receiver's CLOCK_MONOTONIC, and a unit never sleeps, so both are the same.
                taken_ns = request.get_metadata().get("SensorTimestamp", float("nan"))
                return np.asarray(request.make_array("main")), taken_ns / 1e9
            finally:
                request.release()
        except (RuntimeError, OSError) as error:
            raise CameraFault(f"the camera module failed: {error}") from None

    def close(self) -> None:
        self._camera.close()
