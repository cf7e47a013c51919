"""One simulated look: the unit's own rules, fed with a model's landmarks instead of pictures."""

import math
from dataclasses import dataclass, replace
from itertools import takewhile

import numpy as np

from edge_atm.policy.decision import is_live
from edge_atm.policy.match import AGREEMENT_MIN
from edge_atm.records import Challenge, Floats, Liveness, Turn
from edge_atm.vision.challenge import STRAIGHT_LIFT, Turns
from edge_atm.vision.midline import SEEDS, YAW_MAX, deviation_of
from edge_atm.vision.motion import Motion
from edge_atm.vision.pose import FRONTAL_YAW, LEVEL_PITCH, NOSE, upright
from edge_atm.vision.quality import MATCHING
from edge_atm.vision.samples import SAME_FACE_MIN
from edge_atm.vision.turn import measure
from edge_atm.vision.turning import OWN_YAW_MAX, SIDES, SPACING_SECONDS
from edge_atm.vision.watch import (
    FRONTAL_COUNT,
    HIDDEN_FRAMES_MAX,
    PORTRAIT_SECONDS,
    RETURNED_COUNT,
)
from tests.rig.attack_cues import FRAMES_DISAGREE, cue_of, refusing
from tests.rig.attack_shapes import Array

# When a session's own course is hopeless: no turn is waited for any longer.
GIVEN_UP_SECONDS = 8.0
INF = math.inf


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What one frame shows: landmarks px [5, 2], middle line px [K, 2], `cosine` to the portraits.

    `yaw`, `part`: the proxies of `vision/pose.py`. `visible`: whether there was a face at all.
    """

    at_seconds: float
    yaw: float
    part: float
    marks: Floats
    middle: Array
    cosine: float
    visible: bool = True


class Session:
    """Judges a course frame by frame. It does not stop at a fault: each cue is asked for its own.

    `asked`: the turn the screen asks for. `lit`: the frames of the fields were not over yet.
    """

    def __init__(self, challenge: Challenge, lit_seconds: float) -> None:
        self._challenge, self._lit_seconds = challenge, lit_seconds
        self._motion = Motion()
        self._turns: Turns | None = None
        self._front_marks: list[Floats] = []
        self._matched: list[float] = []
        self._trace: list[Floats] = []
        self._fronts: list[tuple[float, float]] = []
        self._sides: list[tuple[float, list[Glimpse]]] = []
        self._looked_at, self._hidden, self._returned = -INF, 0, 0
        self._changed_at = 0.0
        self.times: list[float] = []
        self.faults: list[str] = []
        self.asked: Turn | None = None
        self.done = False

    @property
    def lit(self) -> bool:
        """Whether the fields are being shown."""
        return self._turns is None

    @property
    def turned_all(self) -> bool:
        """Whether every turn was made, and only straight frames are missing."""
        return self._turns is not None and self._turns.done

    def see(self, glimpse: Glimpse) -> None:
        """Take in the next frame."""
        self._changed_at = max(self._changed_at, glimpse.at_seconds if not self.times else 0.0)
        if glimpse.at_seconds - self._changed_at > GIVEN_UP_SECONDS + self._lit_seconds:
            self.faults.append("not_finished")
            self.done = True
            return
        hidden: str | None = "track_lost"
        if glimpse.visible:
            hidden = self._motion.follow(glimpse.yaw, glimpse.at_seconds)
        if hidden is not None:
            self._hidden += 1
            self._note(None if self._hidden <= HIDDEN_FRAMES_MAX else hidden)
            return
        if self._turns is None:
            self._see_lit(glimpse)
        elif not self._turns.done:
            self._see_turning(self._turns, glimpse)
        else:
            self._see_returned(glimpse)

    def liveness(self, light: tuple[float, float]) -> tuple[Liveness, frozenset[str]]:
        """Return what was seen, with the first fault, and which of CUES refuse it."""
        geometry = measure(self._front_marks, self._trace)
        sides = [_deviation(*side) for side in self._sides]
        midline = float(np.min(sides)) if len(sides) == len(SIDES) else math.nan
        faults = self.faults
        # To the first one's portraits, not pair by pair: which is lower is left to chance here.
        if not min(self._matched, default=INF) >= AGREEMENT_MIN:
            faults = [*faults, FRAMES_DISAGREE]
        fault = faults[0] if faults else None
        whole = Liveness(*geometry, midline, *light, fault)
        # A real look ends with its first fault; here each of them is counted.
        refuse = refusing(replace(whole, fault=None)) | {cue_of(word) for word in faults}
        assert is_live(whole) == (not refuse)
        return whole, refuse

    def _note(self, fault: str | None) -> None:
        if fault is not None:
            self.faults.append(fault)

    def _portrait(self, glimpse: Glimpse) -> bool:
        spaced = glimpse.at_seconds - self._looked_at >= PORTRAIT_SECONDS
        # Unlike the gate's, this part is of the way to the mouth: the same but for a tenth.
        level = abs(upright(glimpse.marks)[NOSE, 0]) <= MATCHING.yaw_max
        level &= glimpse.part >= LEVEL_PITCH[0] + 0.05
        if not (spaced and level):
            return False
        self._check_face(glimpse)
        self._front_marks.append(glimpse.marks)
        self._matched.append(glimpse.cosine)
        return True

    def _check_face(self, glimpse: Glimpse) -> None:
        self._looked_at = glimpse.at_seconds
        self._note(None if glimpse.cosine >= SAME_FACE_MIN else "face_changed")

    def _see_lit(self, glimpse: Glimpse) -> None:
        self.times.append(glimpse.at_seconds)
        if self._portrait(glimpse):
            self._fronts.append((glimpse.yaw, glimpse.part))
        over = glimpse.at_seconds - self.times[0] >= self._lit_seconds
        if over and len(self._fronts) >= FRONTAL_COUNT:
            yaw, self._front_part = (float(m) for m in np.median(np.array(self._fronts), axis=0))
            self._front_yaw = float(np.clip(yaw, -OWN_YAW_MAX, OWN_YAW_MAX))
            self._turns = Turns(self._challenge, yaw)
            self._changed_at = glimpse.at_seconds

    def _see_turning(self, turns: Turns, glimpse: Glimpse) -> None:
        lift = self._front_part - glimpse.part
        turned = not abs(glimpse.yaw - self._front_yaw) <= FRONTAL_YAW
        due = glimpse.at_seconds - self._looked_at >= SPACING_SECONDS
        if turned or due or not lift <= STRAIGHT_LIFT:
            self._check_face(glimpse)
        before, asked = turns.begun, turns.asked
        self._note(turns.follow(glimpse.yaw, lift, glimpse.at_seconds))
        if turns.asked is not asked:
            self.asked, self._changed_at = turns.asked, glimpse.at_seconds
        self._follow_middle(before, turns.begun, glimpse)
        if turned and Turn.UP not in (before, turns.begun):
            self._trace.append(glimpse.marks)

    def _follow_middle(self, before: Turn | None, now: Turn | None, glimpse: Glimpse) -> None:
        if now in SIDES:
            if before is None:
                self._sides.append((SIDES[now], []))
            self._sides[-1][1].append(glimpse)

    def _see_returned(self, glimpse: Glimpse) -> None:
        if self._front_part - glimpse.part <= STRAIGHT_LIFT and self._portrait(glimpse):
            self._returned += 1
            self.done = self._returned >= RETURNED_COUNT


def _deviation(side: float, seen: list[Glimpse]) -> float:
    """Return what `vision.midline.Midline` would of the frames of one turn to a side."""
    near = list(takewhile(lambda glimpse: abs(glimpse.yaw) <= YAW_MAX, seen))
    if not near:
        return math.nan
    left, right, _, *mouth = near[0].marks
    length = np.hypot(*(np.mean(mouth, axis=0) - (left + right) / 2))
    points = np.array([glimpse.middle for glimpse in near], np.float32)
    yaws = np.array([glimpse.yaw for glimpse in near])
    grid = points.reshape(len(near), *SEEDS.shape)
    return deviation_of(grid, yaws, side) * float(length / np.hypot(*(right - left)))
