"""A stage for the watches: a solid head that turns, a flat one, and whoever is in the picture."""

import numpy as np

from edge_atm.records import Embedding, Face, Floats, Frame, Hint, Pixels, Side
from edge_atm.vision.boxes import overlaps
from edge_atm.vision.detector import FOLLOW_OVERLAP_MIN
from edge_atm.vision.embedder import face_crop
from edge_atm.vision.enrol_watch import EnrolWatch
from edge_atm.vision.watch import TurnWatch

# Eyes, nose, mouth corners in eye distances: to the right, down, away from the camera.
HEAD = np.array([[-0.5, 0, 0], [0.5, 0, 0], [0, 0.6, -0.5], [-0.4, 1.1, 0], [0.4, 1.1, 0]])
PHOTO = HEAD * [1, 1, 0]
CAMERA_DISTANCE = 8.0
EYES_PX = 90
# Exact in binary, so that sums of frames are too.
SECONDS_PER_FRAME = 1 / 16
NOISE: Pixels = np.random.default_rng(7).integers(90, 160, (480, 640, 3), dtype=np.uint8)


def landmarks(degrees: float, head: Floats = HEAD, x_px: float = 320) -> Floats:
    """Return px [5, 2] of a head turned to its own left, at 640x480."""
    angle = np.radians(degrees)
    turned = head @ np.array(
        [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
    )
    scale = EYES_PX * CAMERA_DISTANCE / (CAMERA_DISTANCE + turned[:, 2:])
    return np.asarray(turned[:, :2] * scale + [x_px, 200], dtype=np.float32)


def face(degrees: float = 0, x_px: float = 320, width_px: float = 200) -> Face:
    box = np.array([x_px - width_px / 2, 120, x_px + width_px / 2, 380], np.float32)
    return Face(box, landmarks(degrees, x_px=x_px), 0.999)


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

    def asked_to_turn(self, side: Side = Side.LEFT) -> TurnWatch:
        """Return a watch that has seen the customer look straight, and asks for the turn."""
        watch = TurnWatch(self, self, side)
        hint = self.show(watch, face(), seconds=0.85)
        assert hint is (Hint.TURN_LEFT if side is Side.LEFT else Hint.TURN_RIGHT)
        return watch

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
        steps = round(abs(end - start) / 60 / SECONDS_PER_FRAME)
        for degrees in np.linspace(start, end, steps):
            hint = self.show(watch, face(float(degrees)))
            if watch.done:
                break
        return hint
