"""Embeddings of one track, taken a while apart, and the check that the face stays the same."""

from dataclasses import replace
from typing import Protocol

import numpy as np

from edge_atm.records import Embedding, Face, Frame, Pixels
from edge_atm.vision.quality import Quality

# Cosine of an uncentred embedding to the mean of those before it. Turned frames of three public
# clips stay above .72, those of the rig's heads above .45, nodding deeply above .46: there is no
# room for .5. Of the pairs of two people in LFW .8 % reach .4.
SAME_FACE_MIN = 0.4


class Embeds(Protocol):
    """What a watch needs of an embedder."""

    def embed(self, pixels: Pixels, face: Face) -> Embedding: ...


class Samples:
    """The embeddings kept so far, oldest first. What is not kept is overwritten at once."""

    def __init__(self, embedder: Embeds) -> None:
        self._embedder = embedder
        self._taken_at = float("-inf")
        self.kept: list[Embedding] = []

    def due(self, frame: Frame, spacing_seconds: float) -> bool:
        """Whether at least this time has passed since the last embedding was computed."""
        return frame.at_seconds - self._taken_at >= spacing_seconds

    def take(self, frame: Frame, face: Face, quality: Quality | None = None) -> str | None:
        """Embed `face`; return "face_changed" for another face.

        Kept, with its weight, when `quality` is given; without it only looked at.
        """
        self._taken_at = frame.at_seconds
        taken = self._embedder.embed(frame.pixels, face)
        same = not self.kept or self._likeness(taken) >= SAME_FACE_MIN
        if same and quality is not None:
            self.kept.append(replace(taken, quality=quality.weight))
        else:
            taken.vector.fill(0)
        return None if same else "face_changed"

    def erase(self) -> None:
        """Overwrite what was kept, also where somebody was lent it."""
        for embedding in self.kept:
            embedding.vector.fill(0)

    def _likeness(self, taken: Embedding) -> float:
        mean = np.mean([embedding.vector for embedding in self.kept], axis=0)
        return float(mean @ taken.vector / np.linalg.norm(mean))
