"""Reads clips that anybody may have filmed, as frames with their times."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from edge_atm.assurance.pictures import Unusable
from edge_atm.records import Frame

SUFFIXES = (".mp4", ".avi", ".gif", ".webm", ".mov", ".mkv")
# Cameras of the unit give about half of that; more frames only take longer.
FPS_MAX = 30.0
# As large as a frame needs to be for a face at arm's length.
SIDE_PX_MAX = 960
# A clip that does not say how fast it runs.
FPS_UNKNOWN = 15.0
FRAMES_MAX = 3000


def clips_in(folder: Path) -> list[Path]:
    """Return the clips in a folder and those below it. Raises ValueError when there is none."""
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not found:
        raise ValueError(f"{folder} holds no clip ({', '.join(SUFFIXES)})")
    return found


def is_attack(path: Path) -> bool:
    """Whether a clip lies in a folder whose name begins with attack: a replay of a head."""
    return any(part.startswith("attack") for part in path.parts[:-1])


def frames_of(path: Path) -> Iterator[Frame]:
    """Yield a clip's frames, at most FPS_MAX a second and FRAMES_MAX in all.

    Raises Unusable: "not_a_clip" when no frame can be decoded.
    """
    clip = cv2.VideoCapture(str(path))
    fps = clip.get(cv2.CAP_PROP_FPS)
    fps = fps if 1 <= fps <= 1000 else FPS_UNKNOWN
    step = max(1, round(fps / FPS_MAX))
    number = 0
    while number < FRAMES_MAX * step and clip.grab():
        number += 1
        if (number - 1) % step == 0:
            good, pixels = clip.retrieve()
            if good:
                yield _frame(pixels, number, fps)
    clip.release()
    if not number:
        raise Unusable("not_a_clip")


def _frame(pixels: cv2.typing.MatLike, number: int, fps: float) -> Frame:
    part = SIDE_PX_MAX / max(pixels.shape[:2])
    if part < 1:
        pixels = cv2.resize(pixels, None, fx=part, fy=part, interpolation=cv2.INTER_AREA)
    rgb = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), dtype=np.uint8)
    return Frame(rgb, number / fps, number)
