"""Shows presentations to the unit's own detector, quality gate and deny cues."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edge_atm.assurance.liveness_labels import Presentation
from edge_atm.assurance.pictures import SIDE_PX_MAX, Unusable, decoded, read_bytes
from edge_atm.assurance.rates import Scores
from edge_atm.models import Models
from edge_atm.records import Face, Pixels
from edge_atm.vision.deny import Cue
from edge_atm.vision.detector import Detector
from edge_atm.vision.quality import MATCHING, quality_of

# About as many as a look keeps to match.
FRAMES_PER_CLIP = 9


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What one presentation gave. Scores: float64 [frames, cues], above a cue's limit it denies.

    `lost`: why there is no face in it at all, or None. `failing`: the component of quality that
    most of its faces failed, None when one at least passed the gate. `faces`: the scores of every
    frame with a face, `passed`: of those that passed the gate; `halved`: of faces at half the size.
    """

    presentation: Presentation
    lost: str | None
    failing: str | None
    faces: Scores
    passed: Scores
    halved: Scores


class Showing:
    """Looks at presentations with `cues`. For one thread."""

    def __init__(self, models: Models, cues: Sequence[Cue]) -> None:
        self._detector, self._cues = Detector(models), cues

    def shown(self, presentation: Presentation) -> Shown:
        """Return what a presentation gave; of several faces the largest counts, as at the unit."""
        faces, passed, halved = list[Scores](), list[Scores](), list[Scores]()
        failing, lost = Counter[str](), "no_face"
        try:
            for pixels in _frames(presentation):
                found = self._detector.detect(pixels)
                if not found:
                    continue
                scores = self._scores(pixels, found[0])
                faces.append(scores)
                component = quality_of(pixels, found[0]).failing(MATCHING)
                if component is None:
                    passed.append(scores)
                else:
                    failing[component] += 1
                if presentation.species is None:
                    halved.append(self._scores(*_half(pixels, found[0])))
        except Unusable as error:
            lost = error.reason
        return Shown(
            presentation,
            None if faces else lost,
            failing.most_common(1)[0][0] if failing and not passed else None,
            *(np.array(part).reshape(-1, len(self._cues)) for part in (faces, passed, halved)),
        )

    def _scores(self, pixels: Pixels, face: Face) -> Scores:
        return np.array([cue.of(pixels, face) for cue in self._cues], dtype=np.float64)


def _half(pixels: Pixels, face: Face) -> tuple[Pixels, Face]:
    half = np.float32(0.5)
    size = max(1, pixels.shape[1] // 2), max(1, pixels.shape[0] // 2)
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return small, Face(face.box * half, face.landmarks * half, face.confidence)


def _frames(presentation: Presentation) -> Iterator[Pixels]:
    """Yield the picture, or frames spread evenly over the clip. Raises Unusable."""
    if presentation.is_still:
        yield decoded(read_bytes(presentation.path))
        return
    count = _count(presentation.path)
    spread = (np.arange(FRAMES_PER_CLIP) + 0.5) * count / FRAMES_PER_CLIP
    wanted = set(spread.astype(int).tolist())
    clip = cv2.VideoCapture(str(presentation.path))
    for number in range(count):
        if not clip.grab():
            break
        if number in wanted:
            good, pixels = clip.retrieve()
            if good:
                yield _fitting(pixels)
    clip.release()


def _count(path: Path) -> int:
    # What a clip states of itself is often wrong.
    clip, count = cv2.VideoCapture(str(path)), 0
    while clip.grab():
        count += 1
    clip.release()
    if not count:
        raise Unusable("not_a_clip")
    return count


def _fitting(pixels: Any) -> Pixels:
    scale = SIDE_PX_MAX / max(pixels.shape[:2])
    if scale < 1:
        pixels = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), dtype=np.uint8)
