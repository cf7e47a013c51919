"""Watches one customer's face while it is enrolled: good frames of different poses."""

from collections import Counter

import numpy as np

from edge_atm.records import Embedding, Face, Floats, Frame, Hint
from edge_atm.vision.quality import ENROLMENT, HINTS, quality_of
from edge_atm.vision.samples import Embeds, Samples
from edge_atm.vision.track import Detects, Track

KEPT_MIN, KEPT_MAX = 5, 8
SECONDS_MAX = 3.0
# A new pose is worth a frame soon; the same one only a while later.
SPACING_SECONDS, SAME_POSE_SPACING_SECONDS = 0.15, 0.3
POSE_STEP = 0.03
YAW_SPREAD_MIN = 0.06
FAULT_HINTS = {"two_faces": Hint.ONE_PERSON_ONLY, "track_lost": Hint.STEP_INTO_VIEW}


class EnrolWatch:
    """Collects the embeddings that a template is made of.

    `done` says that it has ended; then `fault` is None, or the word that ended it: "two_faces",
    "track_lost", "face_changed" or "frame_clock".
    """

    def __init__(self, detector: Detects, embedder: Embeds) -> None:
        self._track = Track(detector)
        self._samples = Samples(embedder)
        # Yaw and pitch proxies of the kept frames.
        self._poses: list[Floats] = []
        self._began_at = float("nan")
        self._poor: Counter[str] = Counter()
        self.fault: str | None = None
        self.done = False

    @property
    def face(self) -> Face | None:
        """The face as last seen, for drawing."""
        return self._track.face

    @property
    def embeddings(self) -> tuple[Embedding, ...]:
        """The kept embeddings, 5 to 8; none before it is done and none after a fault."""
        return tuple(self._samples.kept) if self.done and self.fault is None else ()

    @property
    def poor_frames(self) -> tuple[tuple[str, int], ...]:
        """Each component of quality that refused pictures and how many, most first."""
        return tuple(self._poor.most_common())

    def see(self, frame: Frame) -> Hint:
        """Take in the next frame; return what the customer should do now."""
        if self.done:
            return Hint.DONE
        broken = self._track.follow(frame)
        if broken is not None:
            return self._broken(broken)
        if self._track.face is None or not self._track.visible:
            return Hint.STEP_INTO_VIEW
        return self._see_face(frame, self._track.face)

    def _broken(self, fault: str) -> Hint:
        if self._poses or fault == "frame_clock":
            self.fault, self.done = fault, True
        else:
            self._track.restart()
        return FAULT_HINTS.get(fault, Hint.LOOK_STRAIGHT)

    def _see_face(self, frame: Frame, face: Face) -> Hint:
        if not self._samples.due(frame, SPACING_SECONDS):
            return self._end_or(Hint.MOVE_SLOWLY)
        quality = quality_of(frame.pixels, face)
        failing = quality.failing(ENROLMENT)
        if failing is not None:
            self._poor[failing] += 1
            return HINTS[failing]
        pose = np.array([quality.yaw, quality.pitch], np.float32)
        if not self._wanted(frame, pose):
            return self._end_or(Hint.MOVE_SLOWLY)
        changed = self._samples.take(frame, face, quality)
        if changed is not None:
            return self._broken(changed)
        self._keep(frame, pose)
        return self._end_or(Hint.MOVE_SLOWLY)

    def _wanted(self, frame: Frame, pose: Floats) -> bool:
        new = all(float(np.abs(pose - kept).max()) >= POSE_STEP for kept in self._poses)
        # Full, yet all alike: only another pose helps.
        old_helps = len(self._poses) < KEPT_MAX
        return new or (old_helps and self._samples.due(frame, SAME_POSE_SPACING_SECONDS))

    def _keep(self, frame: Frame, pose: Floats) -> None:
        if not self._poses:
            self._began_at = frame.at_seconds
        self._poses.append(pose)
        if len(self._poses) > KEPT_MAX:
            del self._poses[0], self._samples.kept[0]

    def _end_or(self, hint: Hint) -> Hint:
        count = len(self._poses)
        long_enough = self._track.at_seconds - self._began_at >= SECONDS_MAX
        if count >= KEPT_MAX or (count >= KEPT_MIN and long_enough):
            yaws = [float(pose[0]) for pose in self._poses]
            self.done = max(yaws) - min(yaws) >= YAW_SPREAD_MIN
        return Hint.DONE if self.done else hint
