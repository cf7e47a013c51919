"""A stage for the watches: a solid head that turns, a flat one, and whoever is in the picture."""

from collections.abc import Callable

import numpy as np
import pytest

from edge_atm.records import (
    Challenge,
    Colour,
    Embedding,
    Face,
    Floats,
    Frame,
    Hint,
    Pixels,
    Turn,
)
from edge_atm.vision import light, turning
from edge_atm.vision.boxes import overlaps
from edge_atm.vision.detector import FOLLOW_OVERLAP_MIN
from edge_atm.vision.embedder import face_crop
from edge_atm.vision.enrol_watch import EnrolWatch
from edge_atm.vision.turning import HINTS
from edge_atm.vision.watch import TurnWatch

# Eyes, nose, mouth corners in eye distances: to the right, down, away from the camera.
HEAD = np.array([[-0.5, 0, 0], [0.5, 0, 0], [0, 0.6, -0.5], [-0.4, 1.1, 0], [0.4, 1.1, 0]])
PHOTO = HEAD * [1, 1, 0]
CAMERA_DISTANCE = 8.0
EYES_PX = 90
# Exact in binary, so that sums of frames are too.
SECONDS_PER_FRAME = 1 / 16
FRAMES_MAX = 200
DELAY_SECONDS = 0.5
FIELDS = (Colour.GREEN, Colour.BLUE, Colour.CYAN)
NOISE: Pixels = np.random.default_rng(7).integers(90, 160, (480, 640, 3), dtype=np.uint8)


def landmarks(degrees: float, head: Floats = HEAD, x_px: float = 320, up: float = 0) -> Floats:
    """Return px [5, 2] of a head turned to its own left, or up, at 640x480."""
    (sy, cy), (sp, cp) = ((np.sin(a), np.cos(a)) for a in np.radians([degrees, up]))
    turned = head @ np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]]).T
    turned = turned @ np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    scale = EYES_PX * CAMERA_DISTANCE / (CAMERA_DISTANCE + turned[:, 2:])
    return np.asarray(turned[:, :2] * scale + [x_px, 200], dtype=np.float32)


def face(degrees: float = 0, x_px: float = 320, width_px: float = 200, up: float = 0) -> Face:
    box = np.array([x_px - width_px / 2, 120, x_px + width_px / 2, 380], np.float32)
    return Face(box, landmarks(degrees, x_px=x_px, up=up), 0.999)


def challenge(*turns: Turn, delay_seconds: float = DELAY_SECONDS) -> Challenge:
    """Return these turns, each after the same delay."""
    return Challenge(turns, (delay_seconds,) * len(turns), FIELDS)


def both(first: Turn = Turn.LEFT) -> Challenge:
    """Return a challenge of both sides that begins with this one."""
    return challenge(first, Turn.RIGHT if first is Turn.LEFT else Turn.LEFT)


class Unmeasured:
    """In place of a midline where pictures of noise would only be tracked in vain."""

    def deviation(self, side: float) -> float:
        return float("nan")

    def start(self, pixels: Pixels, face: Face) -> None: ...
    def follow(self, pixels: Pixels, face: Face) -> None: ...


def unmeasured(patch: pytest.MonkeyPatch) -> "Stage":
    """Return a stage without what costs most and noise cannot show: midline and light."""
    nothing = np.full((len(light.PATCHES), 3), np.nan)
    patch.setattr(turning, "Midline", Unmeasured)
    patch.setattr(light, "patches", lambda *_: nothing)
    return Stage()


class Stage:
    """Detector, embedder and clock in one: shows `faces`, who all are `person`.

    Persons 0 and 1 have nothing in common; those between are like both.
    """

    def __init__(self) -> None:
        self.faces: list[Face] = []
        self.person = 0.0
        self.pixels = NOISE
        self.at_seconds = 100.0
        self.embedded_at: list[float] = []
        self.searches = 0
        # What a deny cue says of the frames that are matched, and how often it was asked.
        self.cue: str | None = None
        self.asked_to_deny = 0

    def detect(self, pixels: Pixels) -> list[Face]:
        self.searches += 1
        return self.faces

    def follow(self, pixels: Pixels, face: Face) -> Face | None:
        same = [f for f in self.faces if overlaps(face.box, f.box[None])[0] >= FOLLOW_OVERLAP_MIN]
        return same[0] if same else None

    def embed(self, pixels: Pixels, face: Face) -> Embedding:
        self.embedded_at.append(self.at_seconds)
        face_crop(pixels, face.box)
        angle = self.person * np.pi / 2
        vector = np.zeros(512, np.float32)
        vector[:2] = np.cos(angle), np.sin(angle)
        return Embedding(vector, "stage")

    def watch(self, asks: Challenge | None = None) -> TurnWatch:
        """Return a watch that has seen nothing yet; it asks for both sides, the left one first."""
        return TurnWatch(self, self, asks or both(), denies=self.denies)

    def denies(self, pixels: Pixels, face: Face) -> str | None:
        self.asked_to_deny += 1
        return self.cue

    def asked_to_turn(self, first: Turn = Turn.LEFT) -> TurnWatch:
        """Return a watch that has seen the customer look straight, and asks for the turn."""
        watch = self.watch(both(first))
        self.wait(watch, HINTS[first])
        return watch

    def wait(self, watch: TurnWatch, hint: Hint) -> None:
        """Look straight until the watch says so."""
        for _ in range(FRAMES_MAX):
            if self.show(watch, face()) is hint:
                return
        raise AssertionError(f"never {hint}: {watch.look().liveness.fault}")

    def show(self, watch: TurnWatch | EnrolWatch, *faces: Face, seconds: float = 0.0) -> Hint:
        """Let the watch see these faces for one frame, or for a while."""
        self.faces = list(faces)
        for _ in range(max(1, round(seconds / SECONDS_PER_FRAME))):
            self.at_seconds += SECONDS_PER_FRAME
            hint = watch.see(Frame(self.pixels, self.at_seconds, 0))
            if watch.done:
                break
        return hint

    def turn(self, watch: TurnWatch | EnrolWatch, start: float, end: float) -> Hint:
        """Turn the head evenly at 60 degrees per second."""
        return self._move(watch, start, end, face)

    def lift(self, watch: TurnWatch, start: float, end: float) -> Hint:
        """Look up, or down again, as evenly."""
        return self._move(watch, start, end, lambda degrees: face(up=degrees))

    def _move(
        self,
        watch: TurnWatch | EnrolWatch,
        start: float,
        end: float,
        shown: Callable[[float], Face],
    ) -> Hint:
        steps = round(abs(end - start) / 60 / SECONDS_PER_FRAME)
        for degrees in np.linspace(start, end, steps):
            hint = self.show(watch, shown(float(degrees)))
            if watch.done:
                break
        return hint

    def whole(self, watch: TurnWatch, asks: Challenge) -> None:
        """Do everything that is asked, until the watch is done."""
        for turn in asks.turns:
            self.wait(watch, HINTS[turn])
            move, degrees = {
                Turn.LEFT: (self.turn, 33.0),
                Turn.RIGHT: (self.turn, -33.0),
                Turn.UP: (self.lift, 30.0),
            }[turn]
            move(watch, 0, degrees)
            move(watch, degrees, 0)
        self.wait(watch, Hint.DONE)
