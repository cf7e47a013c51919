"""The rig's cameras: one plays clips by its own clock, the others are broken in known ways."""

import itertools
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from edge_atm.records import Colour, Frame, Pixels
from tests.rig import clips, optics
from tests.rig.clips import Shot
from tests.rig.head import HEIGHT, WIDTH
from tests.rig.scene import Sensor, room

LEAP_SECONDS = 60.0
EXPOSURE_SECONDS = 1 / 30


@dataclass(frozen=True, slots=True)
class Clip:
    """One rendered clip: shots in named segments."""

    name: str
    shots: dict[str, tuple[Shot, ...]]

    @classmethod
    def load(cls, name: str) -> "Clip":
        """Return the clip, rendering it first if that has not been done."""
        return cls(name, _read(clips.build(name)))

    def segment(self, name: str) -> list[Pixels]:
        """Return a segment's frames, uint8 [480, 640, 3] RGB."""
        return [decoded(shot.picture) for shot in self.shots[name]]


class RecordedCamera:
    """Plays a clip's segments once when told to, else idles on `front`, to and fro.

    Time is its own: every frame takes 1/fps, however long the reader takes over it. The light of
    the unit's screen reaches the frames `latency_seconds` after it was commanded, beside `lux`.
    """

    def __init__(
        self,
        clip: Clip,
        fps: float = 15.0,
        latency_seconds: float = 0.12,
        lux: float = optics.LOBBY_LUX,
    ) -> None:
        self._clip = clip
        self._frame_seconds = 1 / fps
        self._shown = 0
        self._waited_seconds = 0.0
        self._latency_seconds, self._lux = latency_seconds, lux
        self._random = np.random.default_rng(clips.SEED)
        self._commands: list[tuple[float, tuple[float, ...] | None]] = []
        self._coming: Iterator[Shot] = iter(())
        self._idle = _to_and_fro(clip.shots["front"])

    def light(self, colour: Colour | None) -> None:
        """Let the unit's screen show this colour from now on, or its own picture."""
        value = None if colour is None else colour.value
        if value != (self._commands[-1][1] if self._commands else None):
            self._commands.append((self.now(), value))

    def play(self, segment: str) -> None:
        """Show this segment next, from its first frame, once what was asked for before is over."""
        self._coming = itertools.chain(self._coming, self._clip.shots[segment])

    def change(self, clip: Clip) -> None:
        """Let somebody else stand before the camera from the next frame on."""
        self._clip = clip
        self._coming = iter(())
        self._idle = _to_and_fro(clip.shots["front"])

    def now(self) -> float:
        """Return the camera's clock in seconds."""
        return self._shown * self._frame_seconds + self._waited_seconds

    def sleep(self, seconds: float) -> None:
        """Let the clock run on without a frame."""
        self._waited_seconds += seconds

    def frames(self) -> Iterator[Frame]:
        """Yield frames without end; a second call goes on where the first one stopped."""
        while True:
            shot = next(self._coming, None) or next(self._idle)
            self._shown += 1
            yield Frame(self._taken(shot), self.now(), self._shown)

    def _taken(self, shot: Shot) -> Pixels:
        pixels = decoded(shot.picture)
        # Clips are in the light of the screen's own picture.
        if all(colour is None for _, colour in self._commands):
            return pixels
        lit = cv2.imdecode(np.frombuffer(shot.lit, dtype=np.uint8), cv2.IMREAD_GRAYSCALE)
        assert lit is not None
        now, latency = np.array([self.now()]), self._latency_seconds
        screen = optics.shown(now, self._commands, latency, EXPOSURE_SECONDS)[0]
        return optics.in_light(pixels, np.float32(1 / 255) * lit, screen, self._lux, self._random)


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


def _read(path: Path) -> dict[str, tuple[Shot, ...]]:
    shots = {}
    with np.load(path, allow_pickle=False) as stored:
        for segment in (key.removesuffix("_sizes") for key in stored if key.endswith("_sizes")):
            ends = np.cumsum(stored[f"{segment}_sizes"])
            whole = stored[f"{segment}_bytes"].tobytes()
            files = [whole[a:b] for a, b in zip([0, *ends[:-1]], ends, strict=True)]
            shots[segment] = tuple(map(Shot, files[::2], files[1::2]))
    return shots


def _to_and_fro(shots: tuple[Shot, ...]) -> Iterator[Shot]:
    # The two ends are shown once each: a repeated frame would look like a frozen camera.
    while True:
        yield from shots[:-1]
        yield from shots[:0:-1]
