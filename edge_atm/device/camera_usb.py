"""A USB camera, read with OpenCV."""

import os
import stat
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_atm.device.camera_identity import (
    REAL_CAMERA,
    VIDEO_MAJOR,
    Identity,
    ask_node,
    identify_node,
    refuse_other,
)
from edge_atm.errors import CameraFault

GROUP = "Run as a user of the group `video`; the service does (systemd/edge-atm.service)."


class V4l2Source:
    """The USB camera at `device`; with `pinned`, that one and no other."""

    def __init__(
        self, device: Path, width_px: int, height_px: int, pinned: Identity | None = None
    ) -> None:
        self._handle = _opened(device)
        try:
            number = os.fstat(self._handle).st_rdev
            self.identity = identify_node(number, ask_node(self._handle))
            if pinned is not None:
                refuse_other(self.identity, pinned)
            # By this handle and not by its name: a name may lead to another camera by now, and
            # while it is held the kernel gives the node's number to no other device.
            self._capture = cv2.VideoCapture(f"/proc/self/fd/{self._handle}", cv2.CAP_V4L2)
            if not self._capture.isOpened():
                raise CameraFault(
                    f"the camera at {device} cannot be opened; another program may use it"
                )
        except CameraFault:
            os.close(self._handle)
            raise
        self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, width_px)
        self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height_px)
        self._bgr: NDArray[Any] | None = None

    def read(self) -> tuple[NDArray[Any], float]:
        """Return the next picture as RGB, and the driver's time of it. Raises CameraFault."""
        try:
            # Only the picture that is handed out is new: whoever has the last one may still look.
            ok, self._bgr = self._capture.read(self._bgr)
            if ok:
                # The buffer's own stamp: uvcvideo takes it from CLOCK_MONOTONIC, as Python does.
                taken_at = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
                return np.asarray(cv2.cvtColor(self._bgr, cv2.COLOR_BGR2RGB)), taken_at
        except cv2.error:
            pass
        raise CameraFault("the camera stopped giving pictures")

    def close(self) -> None:
        self._capture.release()
        os.close(self._handle)


def _opened(device: Path) -> int:
    try:
        found = device.stat()
        # Opening alone does something to some devices, such as a watchdog.
        if not (stat.S_ISCHR(found.st_mode) and os.major(found.st_rdev) == VIDEO_MAJOR):
            raise CameraFault(f"{device} is no camera", REAL_CAMERA)
        return os.open(device, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except PermissionError:
        raise CameraFault(f"{device} may not be opened by this user", GROUP) from None
    except OSError as error:
        raise CameraFault(f"there is no camera at {device}: {error.strerror}") from None
