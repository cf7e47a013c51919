"""Watches one customer's face through the head turn: proof of a head, frames to match."""

from collections import Counter

import numpy as np

from edge_atm.records import Face, Floats, Frame, Hint, Liveness, Look, Side
from edge_atm.vision.challenge import HeadTurn
from edge_atm.vision.motion import Motion
from edge_atm.vision.pose import FRONTAL_YAW, yaw_proxy
from edge_atm.vision.quality import HINTS, MATCHING, in_view, quality_of
from edge_atm.vision.samples import Embeds, Samples
from edge_atm.vision.track import Detects, Track
from edge_atm.vision.turn import measure

FRONTAL_COUNT, RETURNED_COUNT = 5, 3
SPACING_SECONDS = 0.15
# While the head turns each turned frame is checked for the same face, those between this often.
TURNING_SPACING_SECONDS = 0.3
# Part of a turned face's box that must be in the picture: heads leave it sideways as they turn.
TURNED_IN_VIEW_MIN = 0.5
NO_FACE_SECONDS = 10.0
# From the first hint to turn until the end. No frame of the public clips of turning heads (800) or
# of the rig's (240) hid the face; whoever swaps stills by hand hides it more often.
HIDDEN_FRAMES_MAX = 2
# With fewer frames kept than this there is nothing to lose yet: the look starts over.
FORGIVEN_BELOW = {
    "two_faces": 1,
    "track_lost": FRONTAL_COUNT,
    "face_changed": FRONTAL_COUNT,
    "face_jumped": FRONTAL_COUNT,
}
FAULT_HINTS = {"two_faces": Hint.ONE_PERSON_ONLY, "track_lost": Hint.STEP_INTO_VIEW}
TURN_HINTS = {Side.LEFT: Hint.TURN_LEFT, Side.RIGHT: Hint.TURN_RIGHT}


class TurnWatch:
    """A look into the camera: straight, turned to side `first`, to the other one, straight again.

    `done` says that the look has ended, well or not.
    """

    def __init__(self, detector: Detects, embedder: Embeds, first: Side) -> None:
        self._embedder, self._first = embedder, first
        self._track = Track(detector)
        self._samples = Samples(embedder)
        self._began_at: float | None = None
        self._fault: str | None = "not_finished"
        self._poor: Counter[str] = Counter()
        self._last_was_poor = False
        self.done = False
        self._start_over()

    @property
    def face(self) -> Face | None:
        """The face as last seen, for drawing."""
        return self._track.face

    def see(self, frame: Frame) -> Hint:
        """Take in the next frame; return what the customer should do now."""
        if self.done:
            return Hint.DONE
        broken = self._track.follow(frame)
        if broken is not None:
            return self._broken(broken)
        if self._track.face is None or not self._track.visible:
            return self._see_nobody(frame)
        return self._see_face(frame, self._track.face)

    def look(self) -> Look:
        """Return what was seen. Without a fault the look is whole; with one it has no embeddings.

        Embeddings are of frontal frames before and after the turn. Faults: "no_face", "two_faces",
        "track_lost", "face_changed", "face_jumped", "wrong_side_first", "frame_clock",
        "not_finished", and "not_acquired" when it was not finished for want of a good picture: a
        failure to acquire in the sense of ISO/IEC 19795-1.
        """
        turn_range, nose_residual = measure(np.array(self._trace, np.float32).reshape(-1, 5, 2))
        waited_in_vain = self._fault == "not_finished" and self._last_was_poor
        fault = "not_acquired" if waited_in_vain else self._fault
        embeddings = () if fault else tuple(self._samples.kept)
        liveness, poor = Liveness(turn_range, nose_residual, fault), self._poor.most_common()
        return Look(liveness, embeddings, self._track.frames_seen, tuple(poor))

    def erase(self) -> None:
        """Overwrite every embedding of this look, also those that `look` has returned."""
        self._samples.erase()

    def _start_over(self) -> None:
        self._track.restart()
        self._motion = Motion()
        self._turn = HeadTurn(self._first)
        self._hidden = 0
        self._samples.erase()
        self._samples = Samples(self._embedder)
        self._trace: list[Floats] = []

    def _end(self, fault: str | None) -> None:
        self._fault, self.done = fault, True

    def _broken(self, fault: str) -> Hint:
        if len(self._samples.kept) < FORGIVEN_BELOW.get(fault, 0):
            self._start_over()
        else:
            self._end(fault)
        return FAULT_HINTS.get(fault, Hint.LOOK_STRAIGHT)

    def _see_nobody(self, frame: Frame) -> Hint:
        if len(self._samples.kept) >= FRONTAL_COUNT:
            self._hidden += 1
            if not self._hidden <= HIDDEN_FRAMES_MAX:
                return self._broken("track_lost")
        self._began_at = frame.at_seconds if self._began_at is None else self._began_at
        if self.face is None and not frame.at_seconds - self._began_at < NO_FACE_SECONDS:
            self._end("no_face")
        return Hint.STEP_INTO_VIEW

    def _see_face(self, frame: Frame, face: Face) -> Hint:
        yaw = float(yaw_proxy(face.landmarks))
        jumped = self._motion.follow(yaw, frame.at_seconds)
        if jumped is not None:
            return self._broken(jumped)
        if len(self._samples.kept) >= FRONTAL_COUNT and self._turn.asked is not None:
            return self._see_turn(frame, face, yaw, TURN_HINTS[self._turn.asked])
        return self._see_straight(frame, face)

    def _see_straight(self, frame: Frame, face: Face) -> Hint:
        if not self._samples.due(frame, SPACING_SECONDS):
            return Hint.LOOK_STRAIGHT
        quality = quality_of(frame.pixels, face)
        failing = quality.failing(MATCHING)
        self._last_was_poor = failing is not None
        if failing is not None:
            self._poor[failing] += 1
            return HINTS[failing]
        changed = self._samples.take(frame, face, quality)
        if changed is not None:
            return self._broken(changed)
        self._trace.append(face.landmarks)
        if len(self._samples.kept) < FRONTAL_COUNT + RETURNED_COUNT:
            return Hint.LOOK_STRAIGHT
        self._end(None)
        return Hint.DONE

    def _see_turn(self, frame: Frame, face: Face, yaw: float, hint: Hint) -> Hint:
        if not in_view(frame.pixels, face) >= TURNED_IN_VIEW_MIN:
            return Hint.STEP_INTO_VIEW
        turned = not abs(yaw) <= FRONTAL_YAW
        # Nothing counts as turned before its face is known to be the one that will be matched.
        if turned or self._samples.due(frame, TURNING_SPACING_SECONDS):
            changed = self._samples.take(frame, face)
            if changed is not None:
                return self._broken(changed)
        # Frames of waiting would drown the few that show the furthest turn.
        if turned:
            self._trace.append(face.landmarks)
        fault = self._turn.follow(yaw, frame.at_seconds)
        return hint if fault is None else self._broken(fault)
