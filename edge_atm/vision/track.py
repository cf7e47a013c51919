"""Follows one face from frame to frame, and says when it is no longer that face alone."""

from typing import Protocol

from edge_atm.records import Face, Frame, Pixels
from edge_atm.vision.boxes import overlaps
from edge_atm.vision.pose import FRONTAL_YAW, yaw_proxy

OVERLAP_MIN = 0.3
UNSEEN_SECONDS_MAX = 0.4
# So long a followed face's surroundings may go unwatched: no hand swaps two faces in that time
# (`motion.py`), and of the frames that are matched none is farther from one that was searched.
UNSEARCHED_SECONDS_MAX = 0.15
SECOND_FACE_WIDTH_MIN = 0.5
# Below it the last net takes a chin or a collar for a face (.70 to .73 on simulated people); of 40
# true second faces in two public clips of several people two are less sure, none of the pair's.
SECOND_FACE_CONFIDENCE_MIN = 0.8
# Nor is it one with so much of itself within the followed face: heads are not transparent. Mouth,
# chin and collar of a lifted head were taken for a face two frames long, .67 of it within the head.
SECOND_FACE_WITHIN_MAX = 0.6


class Detects(Protocol):
    """What a track needs of a detector."""

    def detect(self, pixels: Pixels) -> list[Face]: ...
    def follow(self, pixels: Pixels, face: Face) -> Face | None: ...


class Track:
    """One face, kept by the overlap of its boxes.

    `face` is the face as last seen, `visible` whether the last frame showed it, `at_seconds` that
    frame's time.
    """

    def __init__(self, detector: Detects) -> None:
        self._detector = detector
        self.frames_seen = 0
        self.at_seconds = float("-inf")
        # Whether a second face was in the last frame searched; nobody leaves for a new track.
        self._joined = False
        self.restart()

    def restart(self) -> None:
        """Forget the face, not the clock."""
        self.face: Face | None = None
        self._seen_at = self._searched_at = float("nan")
        self.visible = False

    def follow(self, frame: Frame) -> str | None:
        """Look at the next frame; return the word for what broke the track, or None.

        "frame_clock": time did not move on. "track_lost": the face was unseen for too long, or is
        not where it was. "two_faces": a second one, sure, at least half as wide and not within it,
        in two frames one after the other: a door may look like one for a moment. The track then
        stays as it was until restarted.
        """
        self.frames_seen += 1
        was_visible, self.visible = self.visible, False
        if not self.at_seconds < frame.at_seconds < float("inf"):
            return "frame_clock"
        self.at_seconds = frame.at_seconds
        faces = self._faces(frame, was_visible)
        same = self._same(faces)
        known = same or self.face
        there = [f for f in faces if known and (f is same or _is_second(f, known))]
        joined, self._joined = self._joined, len(there) > 1
        if joined and self._joined:
            return "two_faces"
        # A gap in the frames counts like a hidden face: nobody knows what happened in it.
        if self.face and not self.at_seconds - self._seen_at <= UNSEEN_SECONDS_MAX:
            return "track_lost"
        # Nothing is taken from a frame with two: it counts as one that hid the face.
        if same and not self._joined:
            self.face, self._seen_at, self.visible = same, self.at_seconds, True
        return None

    def _faces(self, frame: Frame, was_visible: bool) -> list[Face]:
        """Return the followed face alone; all faces when it is lost or turned, and every so often.

        A turned face is what proves a head, so it is searched for: follow a turned print, and each
        box leans on the one before; the noses of bent ones ran ahead to a yaw of .4 to 1.1, where a
        search finds .17 to .27.
        """
        unwatched_seconds = self.at_seconds - self._searched_at
        watched = unwatched_seconds < UNSEARCHED_SECONDS_MAX and not self._joined
        if self.face is not None and was_visible and watched and _is_frontal(self.face):
            followed = self._detector.follow(frame.pixels, self.face)
            if followed is not None and _is_frontal(followed):
                return [followed]
        self._searched_at = self.at_seconds
        return self._detector.detect(frame.pixels)

    def _same(self, faces: list[Face]) -> Face | None:
        if self.face is None:
            return faces[0] if faces else None
        shared = [float(overlaps(self.face.box, f.box[None])[0]) for f in faces]
        nearest = max(range(len(faces)), key=shared.__getitem__, default=None)
        if nearest is None or not shared[nearest] >= OVERLAP_MIN:
            return None
        return faces[nearest]


def _is_second(face: Face, known: Face) -> bool:
    sure = face.confidence >= SECOND_FACE_CONFIDENCE_MIN
    wide = _width(face) >= SECOND_FACE_WIDTH_MIN * _width(known)
    shared = float(overlaps(known.box, face.box[None], of_smaller=True)[0])
    own_chin = _width(face) < _width(known) and shared > SECOND_FACE_WITHIN_MAX
    return sure and wide and not own_chin


def _width(face: Face) -> float:
    return float(face.box[2] - face.box[0])


def _is_frontal(face: Face) -> bool:
    return bool(abs(yaw_proxy(face.landmarks)) <= FRONTAL_YAW)
