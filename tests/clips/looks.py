"""Looks at the rig's people, and at what a thief shows, through the real detector and net."""

from collections.abc import Callable
from functools import cache
from itertools import islice

import numpy as np

from edge_atm.models import Models
from edge_atm.policy.challenge import draw_challenge
from edge_atm.records import Face, Frame, Hint, Look, Pixels, Turn
from edge_atm.vision.detector import Detector
from edge_atm.vision.embedder import Embedder
from edge_atm.vision.pose import nose_part, yaw_proxy
from edge_atm.vision.watch import TurnWatch
from tests.rig.bench import nonce_for
from tests.rig.camera import Clip, RecordedCamera
from tests.rig.clips import FPS
from tests.rig.customer import SEGMENTS as PLAYED
from tests.rig.customer import Customer
from tests.rig.stills import STILLS

HEADS = tuple(STILLS)
SEGMENTS = {hint: PLAYED[hint] for hint in (Hint.TURN_LEFT, Hint.TURN_RIGHT)}
FRAMES_MAX = 300
BOTH = [(Turn.LEFT, Turn.RIGHT), (Turn.RIGHT, Turn.LEFT)]


@cache
def detector() -> Detector:
    return Detector(Models())


@cache
def embedder() -> Embedder:
    return Embedder(Models())


def watch_for(turns: tuple[Turn, ...]) -> TurnWatch:
    return TurnWatch(detector(), embedder(), draw_challenge(nonce_for(*turns)))


def look(clip: str, turns: tuple[Turn, ...]) -> Look:
    camera = RecordedCamera(Clip.load(clip))
    customer, watch = Customer(camera), watch_for(turns)
    for frame in islice(camera.frames(), FRAMES_MAX):
        customer.guide(watch.see(frame), frame, watch.face, watch.colour)
        if watch.done:
            break
    return watch.look()


def staged(show: Callable[[Hint | None, int], Pixels], turns: tuple[Turn, ...] = BOTH[0]) -> Look:
    """A look at whatever the thief shows for a hint, and so many frames after it was given."""
    watch, hint, since = watch_for(turns), None, 0
    for number in range(1, FRAMES_MAX):
        told = watch.see(Frame(show(hint, since), number / FPS, number))
        hint, since = told, since + 1 if told is hint else 0
        if watch.done:
            break
    return watch.look()


@cache
def seen(clip: str, segment: str) -> list[tuple[Pixels, Face]]:
    """Return the segment's frames that show a face, with it."""
    frames = Clip.load(clip).segment(segment)
    return [(pixels, faces[0]) for pixels in frames if (faces := detector().detect(pixels))]


def yaws(clip: str, segment: str) -> list[float]:
    return [float(yaw_proxy(face.landmarks)) for _, face in seen(clip, segment)]


def furthest(clip: str, segment: str) -> Pixels:
    return seen(clip, segment)[int(np.argmax(np.abs(yaws(clip, segment))))][0]


def lift(clip: str) -> float:
    """Return how far the nose's part falls when the clip looks up."""
    front, up = ([float(nose_part(f.landmarks)) for _, f in seen(clip, s)] for s in ("front", "up"))
    return float(np.median(front)) - min(up)
