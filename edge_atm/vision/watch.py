"""Watches one customer's face through a challenge: proof of a living head, frames to match."""

import math

from edge_atm.records import Challenge, Colour, Face, Frame, Hint, Liveness, Look
from edge_atm.vision.contained import contained
from edge_atm.vision.deny import SHIPPED, Denies, deny_by
from edge_atm.vision.light import LightCheck
from edge_atm.vision.motion import Motion
from edge_atm.vision.portraits import Portraits
from edge_atm.vision.pose import yaw_proxy
from edge_atm.vision.quality import in_view
from edge_atm.vision.samples import Embeds
from edge_atm.vision.track import Detects, Track
from edge_atm.vision.turn import measure
from edge_atm.vision.turning import IN_VIEW_MIN, Turning

# The fields begin once so many good frames were seen; from then on it never starts over: what they
# are would be known the second time.
STEADY_COUNT, FRONTAL_COUNT, RETURNED_COUNT = 2, 5, 3
PORTRAIT_SECONDS = 0.15
# In the light of the fields, once in each.
LIT_SECONDS = 0.4
NO_FACE_SECONDS = 10.0
# From the first field until the end. No frame of the public clips of turning heads (800) or of the
# rig's (240) hid the face; whoever swaps stills by hand hides it more often. Landmarks where no
# head gets so soon, as a detector errs now and then, hide it too: nothing is measured in them.
HIDDEN_FRAMES_MAX = 2
# With fewer frames kept than this there is nothing to lose yet: the look starts over.
FORGIVEN_BELOW = {
    "two_faces": 1,
    "track_lost": STEADY_COUNT,
    "face_changed": STEADY_COUNT,
    "face_jumped": STEADY_COUNT,
}
FAULT_HINTS = {"two_faces": Hint.ONE_PERSON_ONLY, "track_lost": Hint.STEP_INTO_VIEW}


class TurnWatch:
    """A look into the camera: straight in the light of the fields, the turns, straight again.

    `done` says that the look has ended, well or not.
    """

    def __init__(
        self,
        detector: Detects,
        embedder: Embeds,
        challenge: Challenge,
        denies: Denies | None = None,
    ) -> None:
        self._challenge = challenge
        self._track = Track(detector)
        self._portraits = Portraits(embedder, denies or deny_by(SHIPPED))
        self._began_at: float | None = None
        self._fault: str | None = "not_finished"
        self.done = False
        self._start_over()

    @property
    def face(self) -> Face | None:
        """The face as last seen, for drawing."""
        return self._track.face

    @property
    def colour(self) -> Colour | None:
        """What the screen has to be filled with from now on; None for its own picture."""
        return None if self.done or not self._lit else self._light.colour

    @contained
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

    @contained
    def look(self) -> Look:
        """Return what was seen. Without a fault the look is whole; with one it has no embeddings.

        Embeddings are of frontal frames before and after the turns. Faults: "no_face", "two_faces",
        "track_lost", "face_changed", "face_jumped", "frame_clock", those of `Turns.follow`,
        "denied" when a deny cue holds for most of the matched frames, "not_finished", and
        "not_acquired" when it was not finished for want of a good picture: a failure to acquire in
        the sense of ISO/IEC 19795-1.
        """
        waited_in_vain = self._fault == "not_finished" and self._portraits.last_was_poor
        fault = "not_acquired" if waited_in_vain else self._fault
        embeddings = () if fault else tuple(self._portraits.samples.kept)
        liveness = Liveness(
            *measure(self._portraits.landmarks, self._turning.trace if self._turning else ()),
            self._turning.midline if self._turning else math.nan,
            *self._light.measure(),
            fault,
        )
        poor = tuple(self._portraits.poor.most_common())
        return Look(liveness, embeddings, self._track.frames_seen, poor)

    def erase(self) -> None:
        """Overwrite every embedding of this look, also those that `look` has returned."""
        self._portraits.samples.erase()

    def _start_over(self) -> None:
        self._track.restart()
        self._motion = Motion()
        self._light = LightCheck(self._challenge.fields)
        self._turning: Turning | None = None
        self._advice = Hint.LOOK_STRAIGHT
        self._hidden = 0
        self._portraits.start_over()

    @property
    def _lit(self) -> bool:
        return self._portraits.count >= STEADY_COUNT

    def _end(self, fault: str | None) -> None:
        self._fault, self.done = fault, True

    def _broken(self, fault: str) -> Hint:
        if self._portraits.count < FORGIVEN_BELOW.get(fault, 0):
            self._start_over()
        else:
            self._end(fault)
        return FAULT_HINTS.get(fault, Hint.LOOK_STRAIGHT)

    def _see_nobody(self, frame: Frame) -> Hint:
        if self._lit:
            return self._see_hidden(frame, "track_lost")
        self._began_at = frame.at_seconds if self._began_at is None else self._began_at
        if self.face is None and not frame.at_seconds - self._began_at < NO_FACE_SECONDS:
            self._end("no_face")
        return Hint.STEP_INTO_VIEW

    def _see_hidden(self, frame: Frame, fault: str) -> Hint:
        self._light.see(frame, None)
        self._hidden += 1
        if not self._hidden <= HIDDEN_FRAMES_MAX:
            return self._broken(fault)
        return FAULT_HINTS.get(fault, self._turning.hint if self._turning else self._advice)

    def _see_face(self, frame: Frame, face: Face) -> Hint:
        jumped = self._motion.follow(float(yaw_proxy(face.landmarks)), frame.at_seconds)
        if jumped is not None:
            return self._see_hidden(frame, jumped) if self._lit else self._broken(jumped)
        if self._turning is None:
            return self._see_front(frame, face)
        if not self._turning.over(face):
            return self._see_turning(frame, face, self._turning)
        return self._see_portrait(frame, face, PORTRAIT_SECONDS)

    def _see_front(self, frame: Frame, face: Face) -> Hint:
        if not self._lit:
            return self._see_portrait(frame, face, PORTRAIT_SECONDS)
        self._light.see(frame, face)
        hint = self._see_lit(frame, face)
        if self._light.done and self._portraits.count >= FRONTAL_COUNT and not self.done:
            self._turning = Turning(
                self._challenge, self._portraits.samples, *self._portraits.front
            )
        return hint

    def _see_lit(self, frame: Frame, face: Face) -> Hint:
        samples = self._portraits.samples
        if not samples.due(frame, LIT_SECONDS):
            return self._advice
        self._advice = Hint.LOOK_STRAIGHT
        if self._portraits.count < FRONTAL_COUNT:
            self._advice = self._see_portrait(frame, face, LIT_SECONDS)
        # A face that is not worth keeping must be the same one, too: it is lit.
        if not self.done and samples.due(frame, LIT_SECONDS):
            changed = samples.take(frame, face)
            if changed is not None:
                return self._broken(changed)
        return self._advice

    def _see_portrait(self, frame: Frame, face: Face, spacing_seconds: float) -> Hint:
        if not self._portraits.samples.due(frame, spacing_seconds):
            return Hint.LOOK_STRAIGHT
        hint = self._portraits.see(frame, face)
        if hint is not None:
            return hint
        if self._portraits.changed is not None:
            return self._broken(self._portraits.changed)
        if self._portraits.count < FRONTAL_COUNT + RETURNED_COUNT:
            return Hint.LOOK_STRAIGHT
        self._end("denied" if self._portraits.denied else None)
        return Hint.DONE

    def _see_turning(self, frame: Frame, face: Face, turning: Turning) -> Hint:
        if not in_view(frame.pixels, face) >= IN_VIEW_MIN:
            return Hint.STEP_INTO_VIEW
        fault = turning.see(frame, face)
        return turning.hint if fault is None else self._broken(fault)
