"""Measures head turns of clips, and what photos of the same faces show when they are turned."""

import math
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from edge_atm.assurance.pictures import Unusable
from edge_atm.assurance.twins import FRONT_FRAMES, SIDE_FRAMES, Print, portrait, turned
from edge_atm.records import Face, Floats, Frame, Pixels
from edge_atm.vision.detector import Detector
from edge_atm.vision.midline import Midline
from edge_atm.vision.pose import FRONTAL_YAW, eye_distance_px, yaw_proxy
from edge_atm.vision.quality import MATCHING
from edge_atm.vision.track import Track
from edge_atm.vision.turn import apart, measure

NAN = float("nan")
# A head's own front is where it was of late; so near to it is at rest. A line that is followed only
# from the moment a head has moved (.06) misses a third of what the nose does.
FRONT_FRAMES_KEPT = 30
REST_YAW = 0.03


@dataclass(slots=True)
class Side:
    """The furthest turn to one side: the yaw proxy it reached, and the midline's deviation."""

    reached: float = 0.0
    midline: float = NAN


@dataclass(slots=True, eq=False)
class Seen:
    """What one face showed: its landmarks in all frames, its furthest turns, what broke its track.

    `photo`: the straightest frame that is large enough to match, and the face there. `lost`: why
    the clip gave no frame, or None.
    """

    trace: list[Floats] = field(default_factory=list)
    left: Side = field(default_factory=Side)
    right: Side = field(default_factory=Side)
    photo: tuple[Pixels, Face] | None = None
    lost: str | None = None
    breaks: Counter[str] = field(default_factory=Counter)

    @property
    def turn_range(self) -> float:
        """The range of the yaw proxy, as the unit takes it."""
        return self._measured[0]

    @property
    def nose_residual(self) -> float:
        """D as the unit takes it; NaN when it did not turn to both sides."""
        return self._measured[1]

    @property
    def nose_depth(self) -> float:
        """D by the angles; NaN where D is."""
        return self._measured[2]

    @property
    def midline(self) -> float:
        """The smaller deviation of both sides; NaN when one is not known."""
        return float(np.min([self.left.midline, self.right.midline]))

    @property
    def eye_distance_px(self) -> float:
        """The median distance of the eyes."""
        return float(np.median([eye_distance_px(points) for points in self.trace]))

    @property
    def _measured(self) -> tuple[float, float, float]:
        return measure(*apart(np.array(self.trace, np.float32).reshape(-1, 5, 2)))


class Watched:
    """Follows the face of one clip: each way out from its own front and back is one turn."""

    def __init__(self) -> None:
        self.seen = Seen()
        self._fronts: deque[float] = deque(maxlen=FRONT_FRAMES_KEPT)
        self._straightest = math.inf
        self.interrupt()

    def interrupt(self) -> None:
        """Forget the turn that is going on: nobody knows what happened in between."""
        self._midline, self._furthest = Midline(), 0.0

    def see(self, pixels: Pixels, face: Face) -> None:
        """Take in the next frame."""
        yaw = float(yaw_proxy(face.landmarks))
        self.seen.trace.append(face.landmarks)
        if abs(yaw) <= FRONTAL_YAW:
            self._fronts.append(yaw)
            self._keep(pixels, face, abs(yaw))
        turned = yaw - (float(np.median(self._fronts)) if self._fronts else 0.0)
        if self._fronts and abs(turned) <= REST_YAW:
            self.close()
            self._midline.start(pixels, face)
        else:
            self._midline.follow(pixels, face)
            self._furthest = max(self._furthest, turned, key=abs)

    def close(self) -> None:
        """End the turn that is going on."""
        side = self.seen.left if self._furthest > 0 else self.seen.right
        if abs(self._furthest) > side.reached:
            side.reached = abs(self._furthest)
            side.midline = self._midline.deviation(math.copysign(1.0, self._furthest))
        self._furthest = 0.0

    def _keep(self, pixels: Pixels, face: Face, off: float) -> None:
        large = eye_distance_px(face.landmarks) >= MATCHING.eye_distance_px_min
        if large and off < self._straightest:
            self._straightest, self.seen.photo = off, (pixels, face)


def watched(frames: Iterable[Frame], detector: Detector) -> Seen:
    """Return what the face of a clip showed; of several the largest, while the track holds it."""
    track, watch = Track(detector), Watched()
    try:
        for frame in frames:
            broken = track.follow(frame)
            if broken is not None:
                watch.seen.breaks[broken] += 1
                watch.interrupt()
                track.restart()
            elif track.face is not None and track.visible:
                watch.see(frame.pixels, track.face)
    except Unusable as error:
        watch.seen.lost = error.reason
    watch.close()
    return watch.seen


def shown_print(photo: Pixels, face: Face, held: Print, detector: Detector) -> Seen:
    """Return what a print of `face` shows, turned to both sides and found anew in each frame.

    Where it is turned is known here, and not left to the yaw proxy: a flat one hardly has any.
    """
    seen, midline = Seen(), Midline()
    sides = seen.left, seen.right
    frontal: tuple[Pixels, Face] | None = None
    picture, landmarks = portrait(photo, face.landmarks)
    for number, pixels in enumerate(turned(picture, landmarks, held, seed=1)):
        faces = detector.detect(pixels)
        if not faces:
            continue
        seen.trace.append(faces[0].landmarks)
        if number < FRONT_FRAMES:
            frontal = pixels, faces[0]
            continue
        which, since = divmod(number - FRONT_FRAMES, SIDE_FRAMES)
        if since == 0 and frontal is not None:
            midline.start(*frontal)
        midline.follow(pixels, faces[0])
        yaw = abs(float(yaw_proxy(faces[0].landmarks)))
        sides[which].reached = max(sides[which].reached, yaw)
        sides[which].midline = midline.deviation((1.0, -1.0)[which])
    return seen
