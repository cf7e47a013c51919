"""The rig's cameras: one plays clips by its own clock, the others are broken in known ways."""

import itertools
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from edge_atm.records import Frame, Pixels
from tests.rig import clips
from tests.rig.head import HEIGHT, WIDTH
from tests.rig.scene import Sensor, room

LEAP_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Clip:
    """One rendered clip: JPEG pictures in named segments."""

    name: str
    pictures: dict[str, tuple[bytes, ...]]

    @classmethod
    def load(cls, name: str) -> "Clip":
        """Return the clip, rendering it first if that has not been done."""
        return cls(name, _read(clips.build(name)))

    def segment(self, name: str) -> list[Pixels]:
        """Return a segment's frames, uint8 [480, 640, 3] RGB."""
        return [decoded(picture) for picture in self.pictures[name]]


class RecordedCamera:
    """Plays a clip's segments once when told to, else idles on `front`, to and fro.

    Time is its own: every frame takes 1/fps, however long the reader takes over it.
    """

    def __init__(self, clip: Clip, fps: float = 15.0) -> None:
        self._clip = clip
        self._frame_seconds = 1 / fps
        self._shown = 0
        self._waited_seconds = 0.0
        self._coming: Iterator[bytes] = iter(())
        self._idle = _to_and_fro(clip.pictures["front"])

    def play(self, segment: str) -> None:
        """Show this segment next, from its first frame, once what was asked for before is over."""
        self._coming = itertools.chain(self._coming, self._clip.pictures[segment])

    def change(self, clip: Clip) -> None:
        """Let somebody else stand before the camera from the next frame on."""
        self._clip = clip
        self._coming = iter(())
        self._idle = _to_and_fro(clip.pictures["front"])

    def now(self) -> float:
        """Return the camera's clock in seconds."""
        return self._shown * self._frame_seconds + self._waited_seconds

    def sleep(self, seconds: float) -> None:
        """Let the clock run on without a frame."""
        self._waited_seconds += seconds

    def frames(self) -> Iterator[Frame]:
        """Yield frames without end; a second call goes on where the first one stopped."""
        while True:
            picture = next(self._coming, None) or next(self._idle)
            self._shown += 1
            yield Frame(decoded(picture), self.now(), self._shown)


class ScriptedCamera:
    """Shows given frames over and over; what it does after `stop_after` of them is `then`.

    "end": no more frames. "hang": `frames` blocks until `close`. "leap": the clock runs on by a
    minute without a frame, and only then the frames go on.
    """

    def __init__(
        self,
        frames: list[Pixels],
        fps: float = 15.0,
        stop_after: int | None = None,
        then: Literal["end", "hang", "leap"] = "end",
    ) -> None:
        self._frames = frames
        self._frame_seconds = 1 / fps
        self._stop_after, self._then = stop_after, then
        self._shown = 0
        self._leapt_seconds = 0.0
        self._closed = threading.Event()

    def now(self) -> float:
        """Return the camera's clock in seconds."""
        return self._shown * self._frame_seconds + self._leapt_seconds

    def close(self) -> None:
        """End `frames`, even while it hangs."""
        self._closed.set()

    def frames(self) -> Iterator[Frame]:
        """Yield the frames until they stop or the camera is closed."""
        while not self._closed.is_set():
            if self._shown == self._stop_after and not self._stopped():
                return
            pixels = self._frames[self._shown % len(self._frames)]
            self._shown += 1
            yield Frame(pixels, self.now(), self._shown)

    def _stopped(self) -> bool:
        # Whether frames come after the stop.
        if self._then == "hang":
            self._closed.wait()
        if self._then == "leap":
            self._leapt_seconds += LEAP_SECONDS
        return self._then == "leap"


def dark(frames: list[Pixels]) -> list[Pixels]:
    """Return the frames as if the light were off."""
    return [np.asarray(frame // 16, dtype=np.uint8) for frame in frames]


def blown_out(frames: list[Pixels]) -> list[Pixels]:
    """Return the frames as if the sun stood behind the customer and the lens."""
    return [cv2.addWeighted(frame, 1.0, frame, 1.0, 120.0).astype(np.uint8) for frame in frames]


def empty_room(frames: int = 8) -> list[Pixels]:
    """Return frames in which nobody stands."""
    sensor = Sensor(np.random.default_rng(clips.SEED))
    return [sensor.taken(room()) for _ in range(frames)]


def two_faces(left: list[Pixels], right: list[Pixels]) -> list[Pixels]:
    """Return frames with the middle of `left` and of `right` side by side."""
    middle = slice(WIDTH // 4, WIDTH - WIDTH // 4)
    return [np.hstack([a[:, middle], b[:, middle]]) for a, b in zip(left, right, strict=True)]


def decoded(jpeg: bytes) -> Pixels:
    """Return one picture's pixels, RGB."""
    bgr = cv2.imdecode(np.frombuffer(jpeg, dtype=np.uint8), cv2.IMREAD_COLOR)
    assert bgr is not None
    assert bgr.shape == (HEIGHT, WIDTH, 3)
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def _read(path: Path) -> dict[str, tuple[bytes, ...]]:
    pictures = {}
    with np.load(path, allow_pickle=False) as stored:
        for segment in (key.removesuffix("_sizes") for key in stored if key.endswith("_sizes")):
            ends = np.cumsum(stored[f"{segment}_sizes"])
            whole = stored[f"{segment}_bytes"].tobytes()
            starts = [0, *ends[:-1]]
            pictures[segment] = tuple(whole[a:b] for a, b in zip(starts, ends, strict=True))
    return pictures


def _to_and_fro(pictures: tuple[bytes, ...]) -> Iterator[bytes]:
    # The two ends are shown once each: a repeated frame would look like a frozen camera.
    while True:
        yield from pictures[:-1]
        yield from pictures[:0:-1]
