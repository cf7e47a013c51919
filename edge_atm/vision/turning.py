"""The part of a look in which the head turns: what it is asked for, and what proves its depth."""

import math

import numpy as np

from edge_atm.records import Challenge, Face, Floats, Frame, Hint, Turn
from edge_atm.vision.challenge import STRAIGHT_LIFT, TURNED_YAW, Turns
from edge_atm.vision.midline import Midline
from edge_atm.vision.pose import FRONTAL_YAW, nose_part, yaw_proxy
from edge_atm.vision.samples import Samples

# While the head turns each turned frame is checked for the same face, those between this often.
SPACING_SECONDS = 0.3
# Part of a turned face's box that must be in the picture: heads leave it sideways as they turn.
IN_VIEW_MIN = 0.5
# A head further back is too little like its front to be known for the same one (cosines of .45 to
# .6 where SAME_FACE_MIN is .4): those frames are passed over, and prove nothing.
LIFT_KNOWN_MAX = 0.25
# A front further round than this is held for turned: what reaches a mark never counts as straight.
OWN_YAW_MAX = TURNED_YAW - FRONTAL_YAW - 0.01
# Where each turn to a side goes in the picture.
SIDES = {Turn.LEFT: 1.0, Turn.RIGHT: -1.0}
HINTS = {Turn.LEFT: Hint.TURN_LEFT, Turn.RIGHT: Hint.TURN_RIGHT, Turn.UP: Hint.TURN_UP}


class Turning:
    """Follows one head through its turns; `trace` has the landmarks of those to the sides."""

    def __init__(
        self, challenge: Challenge, samples: Samples, front_yaw: float, front_nose: float
    ) -> None:
        self._samples, self._front_nose = samples, front_nose
        self._turns = Turns(challenge, front_yaw)
        self._front_yaw = float(np.clip(front_yaw, -OWN_YAW_MAX, OWN_YAW_MAX))
        self._midline = Midline()
        self._deviations: list[float] = []
        self.trace: list[Floats] = []

    def over(self, face: Face) -> bool:
        """Whether every turn was made, and the face looks up no longer: that would match badly."""
        lift = self._front_nose - float(nose_part(face.landmarks))
        return self._turns.done and lift <= STRAIGHT_LIFT

    @property
    def hint(self) -> Hint:
        """What the customer should do now."""
        asked = self._turns.asked
        return Hint.LOOK_STRAIGHT if asked is None else HINTS[asked]

    @property
    def midline(self) -> float:
        """The smaller of both sides' deviations of the midline; NaN unless both are known.

        One that is not known refuses: a bright light that glides over a glossy print has taken the
        points along, more often on one side alone than on both (docs/liveness.md).
        """
        return float(np.min(self._deviations)) if len(self._deviations) == len(SIDES) else math.nan

    def see(self, frame: Frame, face: Face) -> str | None:
        """Take in the next frame; return the word for what ends the look."""
        yaw, part = float(yaw_proxy(face.landmarks)), float(nose_part(face.landmarks))
        lift = self._front_nose - part
        if lift > LIFT_KNOWN_MAX:
            return None
        turned = not abs(yaw - self._front_yaw) <= FRONTAL_YAW
        # Nothing counts as turned before its face is known to be the one that will be matched.
        if turned or not lift <= STRAIGHT_LIFT or self._samples.due(frame, SPACING_SECONDS):
            changed = self._samples.take(frame, face)
            if changed is not None:
                return changed
        asked, begun, done = self._turns.asked, self._turns.begun, self._turns.done
        fault = self._turns.follow(yaw, lift, frame.at_seconds)
        self._follow_midline(asked, frame, face)
        # Frames of waiting would drown the few that show the furthest turn, and a lifted nose is
        # no sign of depth to the sides.
        if turned and not done and Turn.UP not in (begun, self._turns.begun):
            self.trace.append(face.landmarks)
        return fault

    def _follow_midline(self, asked: Turn | None, frame: Frame, face: Face) -> None:
        now = self._turns.asked
        if asked in SIDES and now is None:
            self._deviations.append(self._midline.deviation(SIDES[asked]))
        # A turn is asked of a head at rest. From a frame in which it has begun to move a part of
        # its turn, and of the deviation, would be taken for straight.
        if asked is None and now in SIDES:
            self._midline.start(frame.pixels, face)
        elif now in SIDES:
            self._midline.follow(frame.pixels, face)
