"""The newest three seconds of a look, as JPEG pictures in memory, for whoever keeps them."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from edge_atm.errors import EdgeError
from edge_atm.records import Frame, Pixels, Recording
from edge_atm.vision.avi import avi

SECONDS_MAX = 3.0
FRAMES_MAX = 15
# Five a second from cameras of 10, 15, 25 and 30, whose pictures come a little early or late.
SPACING_SECONDS = 0.18
# Picture by picture less than two grey levels of mean difference, in a third of the bytes of 95.
QUALITY = 80
# Of a larger picture: a bound for the time, the memory and the disk that a clip takes.
SIDE_PX_MAX = 640


class Safe(Protocol):
    """Who keeps a recording, or writes down that there is none; neither ends the session."""

    def keep(self, session_id: str, customer_id: str, recording: Recording) -> None: ...
    def failed(self, error: Exception, session_id: str, customer_id: str) -> None: ...


@dataclass(frozen=True, slots=True)
class _Shot:
    jpeg: bytes
    width_px: int
    height_px: int
    at_seconds: float
    seen: str


class LookRecorder:
    """Is shown every frame of a look, and hands the newest over when it has ended."""

    def __init__(self, safe: Safe, stamp: Callable[[], str]) -> None:
        """`stamp` returns the present moment, ISO 8601 UTC."""
        self._safe = safe
        self._stamp = stamp
        # Bytes, not arrays: a noisy picture of 640 by 480 takes a fifth of a megabyte.
        self._shots: deque[_Shot] = deque(maxlen=FRAMES_MAX)
        self._fault: EdgeError | None = None

    def see(self, frame: Frame) -> None:
        """Keep every frame that is due; one that cannot be encoded is told of in the end."""
        if self._shots and not frame.at_seconds - self._shots[-1].at_seconds >= SPACING_SECONDS:
            return
        try:
            shot = _shot(frame, self._stamp())
        except EdgeError as fault:
            self._fault = fault
            return
        self._shots.append(shot)
        while shot.at_seconds - self._shots[0].at_seconds > SECONDS_MAX:
            self._shots.popleft()

    def keep(self, session_id: str, customer_id: str) -> None:
        """Hand over what was seen since the last call, if anything was, and forget it."""
        shots, fault = tuple(self._shots), self._fault
        # First of all: the next customer's clip must hold nothing of this one's.
        self._shots.clear()
        self._fault = None
        if shots:
            self._safe.keep(session_id, customer_id, _recording(shots))
        if fault is not None:
            self._safe.failed(fault, session_id, customer_id)


def _shot(frame: Frame, seen: str) -> _Shot:
    try:
        pixels = cv2.cvtColor(_bounded(frame.pixels), cv2.COLOR_RGB2BGR)
        encoded, picture = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    except cv2.error as error:
        raise EdgeError(f"a picture was not encoded: {error}") from None
    if not encoded:
        raise EdgeError("a picture was not encoded")
    height_px, width_px, _ = pixels.shape
    return _Shot(picture.tobytes(), width_px, height_px, frame.at_seconds, seen)


def _bounded(pixels: Pixels) -> Pixels:
    height_px, width_px, _ = pixels.shape
    scale = SIDE_PX_MAX / max(height_px, width_px, 1)
    if scale >= 1:
        return pixels
    size = (max(1, round(width_px * scale)), max(1, round(height_px * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _recording(shots: tuple[_Shot, ...]) -> Recording:
    first, last = shots[0], shots[-1]
    steps = len(shots) - 1
    spacing = (last.at_seconds - first.at_seconds) / steps if steps else 1.0
    content = avi([shot.jpeg for shot in shots], last.width_px, last.height_px, spacing)
    return Recording(content, len(shots), first.seen, last.seen)
