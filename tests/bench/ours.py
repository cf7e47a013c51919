"""The product's own work on one of the rig's clips, as both benchmarks time it."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2

from edge_atm.models import Models
from edge_atm.records import Embedding, Face, Frame
from edge_atm.vision.detector import Detector
from edge_atm.vision.embedder import Embedder
from edge_atm.vision.quality import quality_of
from edge_atm.vision.track import Track
from tests.rig.camera import Clip
from tests.rig.clips import SEGMENTS as LENGTHS

CLIP = "a1"
SEGMENTS = ("front", "left", "right")
MIN_FACE_PX = 80
# What a unit's camera gives. A searched frame falls due by time, so the rate decides how many are
# only followed; the clip was rendered for half of it, so its head moves twice as fast here.
CAMERA_FPS = 30


def clip() -> list[Frame]:
    """Return one customer's look: 640 x 480, one face, straight and turned to both sides."""
    cv2.setNumThreads(1)
    pixels = [picture for s in SEGMENTS for picture in Clip.load(CLIP).segment(s)]
    return [Frame(p, number / CAMERA_FPS, number) for number, p in enumerate(pixels)]


@dataclass(frozen=True, slots=True)
class Ours:
    """The product's detector and embedder, and the frames they work on."""

    frames: list[Frame]
    detector: Detector
    embedder: Embedder

    @classmethod
    def opened(cls, models: Models) -> "Ours":
        """Open the released models, and the clip."""
        return cls(clip(), Detector(models, MIN_FACE_PX), Embedder(models))

    @property
    def straight(self) -> list[Frame]:
        """The frames of the head that looks into the camera; a turned one is always searched."""
        return self.frames[: LENGTHS[SEGMENTS[0]]]

    def faces(self, every: int) -> list[tuple[Frame, Face]]:
        """Return each n-th frame with its face."""
        return [(frame, self.detector.detect(frame.pixels)[0]) for frame in self.frames[::every]]

    def follow(self, frames: Sequence[Frame]) -> Track:
        """Follow the face through `frames`, full detections in between included."""
        track = Track(self.detector)
        for frame in frames:
            broken = track.follow(frame)
            # Else it would be the time of something else.
            assert broken is None, broken
        return track

    def follow_and_embed(self, frames: Sequence[Frame]) -> list[Embedding]:
        """Do on every one of `frames` all that the product does on some: follow, judge, embed."""
        track, embedded = Track(self.detector), []
        for frame in frames:
            broken = track.follow(frame)
            assert broken is None, broken
            if track.face is not None and track.visible:
                quality_of(frame.pixels, track.face)
                embedded.append(self.embedder.embed(frame.pixels, track.face))
        # A face that is often lost would be cheap.
        assert len(embedded) >= 0.95 * len(frames), len(embedded)
        return embedded
