"""The frontal frames of one look: those good enough are kept to be matched."""

from collections import Counter

import numpy as np

from edge_atm.records import Face, Floats, Frame, Hint
from edge_atm.vision.deny import Denies
from edge_atm.vision.pose import nose_part, yaw_proxy
from edge_atm.vision.quality import HINTS, MATCHING, quality_of
from edge_atm.vision.samples import Embeds, Samples


class Portraits:
    """Keeps the good frontal frames of one face, and counts what the others lacked.

    `changed` says that another face came, "face_changed". `poor` counts on when it starts over.
    """

    def __init__(self, embedder: Embeds, denies: Denies) -> None:
        self._embedder, self._denies = embedder, denies
        self.poor: Counter[str] = Counter()
        self.last_was_poor = False
        self.samples = Samples(embedder)
        self.start_over()

    def start_over(self) -> None:
        """Forget every frame; what was kept is overwritten."""
        self.samples.erase()
        self.samples = Samples(self._embedder)
        self.landmarks: list[Floats] = []
        self._denied = 0
        self.changed: str | None = None

    @property
    def count(self) -> int:
        """How many frames are kept."""
        return len(self.landmarks)

    @property
    def front(self) -> tuple[float, float]:
        """The own front: medians of yaw proxy and nose part over the kept frames."""
        kept = np.array(self.landmarks)
        return float(np.median(yaw_proxy(kept))), float(np.median(nose_part(kept)))

    @property
    def denied(self) -> bool:
        """Whether the cues deny most of the kept frames."""
        return not 2 * self._denied <= self.count

    def see(self, frame: Frame, face: Face) -> Hint | None:
        """Keep this frame if it is good enough; else return what the customer should do."""
        quality = quality_of(frame.pixels, face)
        failing = quality.failing(MATCHING)
        self.last_was_poor = failing is not None
        if failing is not None:
            self.poor[failing] += 1
            return HINTS[failing]
        self.changed = self.samples.take(frame, face, quality)
        if self.changed is None:
            self.landmarks.append(face.landmarks)
            self._denied += self._denies(frame.pixels, face) is not None
        return None
