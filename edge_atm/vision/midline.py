"""Tells a head from a flat or upright bent picture: its nose leaves the line from eyes to mouth.

A line on paper that is flat, or bent or creased along that line, stays straight however it is
turned. What is tracked for it is texture (Lucas and Kanade 1981; forward and backward as in Kalal,
Mikolajczyk and Matas 2010): a detector of landmarks knows too well what a head looks like.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_atm.records import Face, Floats, Pixels
from edge_atm.vision.pose import (
    LEFT_EYE,
    LEFT_MOUTH,
    RIGHT_EYE,
    RIGHT_MOUTH,
    eye_distance_px,
    yaw_proxy,
)

# Each frame is cut out upright, the middles of eyes and mouth so many px apart: every camera costs
# the same, and what is left to move between two frames is the turn alone.
LENGTH_PX = 64
VIEW_PX = (112, 128)
EYES_AT = np.array([56.0, 36.0])
# Where points are seeded, in parts of that length. A nose has so little texture that no point can
# be relied on: columns beside the line stay straight on such paper as well.
COLUMNS = np.array([-0.16, -0.08, 0.0, 0.08, 0.16])
EYES, NOSE, MOUTH = (np.array(rows) / 8 for rows in ((-1, 0, 1), (3, 4, 5, 6), (7, 8, 9)))
ROWS = np.concatenate([EYES, NOSE, MOUTH])
SEEDS = np.stack(np.meshgrid(COLUMNS, ROWS), axis=-1) * LENGTH_PX + EYES_AT
# Broad light and shade is taken away before: a faint highlight that glides over a glossy print took
# the points of a smooth nose with it. A bright sharp one still may.
SHADE_PX, SHARPENED = (13, 13), 2.0
WINDOW_PX = (15, 15)
# Halved twice. With one, noses that moved .2 eye distances from one frame to the next were lost (in
# 1 simulated look of 100), and one of 57 sides of simulated creased prints had .086, now .020.
LEVELS = 2
STOP = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 6, 0.05)
# A point that is not led back to where it came from has slid along, or was hidden.
BACK_PX_MAX = 1.5
# So many points must be left of each row, and rows of the nose; of each end of a column, one: what
# lies below the mouth hides first.
LEFT_MIN, END_MIN = 2, 1
# Further round the nose hides the line's other side, and points cling to its edge.
YAW_MAX = 0.5
# Of the frames with enough points left those count that are nearly as far round as their furthest,
# and their second where that is alone. Less than KNOWN_PART of the way proves nothing of a turn.
FURTHEST_PART, KNOWN_PART = 0.6, 0.4


class Midline:
    """Follows one face through one turn: `start` at a frontal frame, `follow` those that come next.

    Until `start` is called again a lost point stays lost, and after a frame beyond YAW_MAX nothing
    more is followed. For faces of 60 px between the eyes and 10 frames a second or more.
    """

    def __init__(self) -> None:
        self._begin(None)

    def start(self, pixels: Pixels, face: Face) -> None:
        """Begin a turn at a frontal frame; `pixels` uint8 [height, width, 3] RGB."""
        self._begin(_upright_view(pixels, face.landmarks))
        if self._view is not None:
            eyes, mouth = _ends(face.landmarks)
            eye_distance = max(eye_distance_px(face.landmarks), 1.0)
            self._eye_distances = float(np.hypot(*(mouth - eyes))) / eye_distance

    def _begin(self, view: NDArray[np.uint8] | None) -> None:
        self._view = view
        self._points = SEEDS.reshape(-1, 2).astype(np.float32)
        self._kept = np.ones(len(self._points), dtype=bool)
        self._trace: list[Floats] = []
        self._yaws: list[float] = []
        self._eye_distances = float("nan")

    def follow(self, pixels: Pixels, face: Face) -> None:
        """Take in the next frame of the turn; `pixels` as for `start`."""
        yaw = float(yaw_proxy(face.landmarks))
        before, self._view = self._view, None
        if before is None or not abs(yaw) <= YAW_MAX:
            return
        self._view = _upright_view(pixels, face.landmarks)
        if self._view is None:
            return
        self._points, held = _tracked(before, self._view, self._points)
        self._kept &= held
        points = np.where(self._kept[:, np.newaxis], self._points, np.float32(np.nan))
        self._trace.append(points.reshape(SEEDS.shape))
        self._yaws.append(yaw)

    def deviation(self, side: float) -> float:
        """How far the nose left the line towards `side`: the picture's right, 1, or its left, -1.

        Of the furthest frames so far that can be judged, in eye distances; NaN where they are too
        few, or the track broke long before the furthest one.
        """
        points, yaws = np.array(self._trace), np.array(self._yaws)
        return self._eye_distances * deviation_of(points, yaws, side)


def deviation_of(points: Floats, yaws: NDArray[np.float64], side: float) -> float:
    """Return how far the nose's points are off their columns' lines, in parts of a line's length.

    `points` [N, rows, columns, 2] in any unit, NaN what was lost, seeded at ROWS and COLUMNS, of
    frames with these `yaws` [N]. The line of a column leads from the median of its points between
    the eyes to that at the mouth. A row is off by the median of its columns, a frame by the mean of
    the two rows of the nose that are furthest off towards `side`, and the result is the median of
    the frames that count; those turned to the other side never do. NaN when fewer than two do.
    """
    off, ways = _off(points.reshape(-1, *SEEDS.shape), side), side * yaws
    judged = np.isfinite(off) & (ways >= 0)
    reached = KNOWN_PART * np.max(ways, initial=0.0)
    off, ways = off[judged], ways[judged]
    *_, second, first = [np.nan, np.nan, *np.sort(ways)]
    if not (first >= reached and second >= KNOWN_PART * first):
        return float("nan")
    return float(np.median(off[ways >= min(FURTHEST_PART * first, second)]))


def _off(points: Floats, side: float) -> NDArray[np.float64]:
    # Of each frame [N]; NaN when too few points are left.
    seen = np.moveaxis(points.astype(np.float64), (1, 2), (0, 1))
    seen[~np.isfinite(seen).all(axis=-1)] = np.nan
    eyes, nose, mouth = np.split(seen, [len(EYES), len(EYES) + len(NOSE)])
    first = _median(eyes, END_MIN)
    line, beside = _median(mouth, END_MIN) - first, nose - first
    across = beside[..., 0] * line[..., 1] - beside[..., 1] * line[..., 0]
    with np.errstate(all="ignore"):
        off = across / np.sum(line**2, axis=-1)
    # NaN comes last: of the rows that are left the two furthest.
    rows = -np.sort(-side * _median(np.moveaxis(off, 1, 0), LEFT_MIN), axis=0)
    return np.asarray(rows[:LEFT_MIN].mean(axis=0))


def _median(values: NDArray[np.float64], least: int) -> NDArray[np.float64]:
    # Over the first axis, of what is a number; NaN where that is less than `least`.
    count = np.isfinite(values).sum(axis=0)
    middle = np.stack([(count - 1) // 2, count // 2])
    # NaN and infinity come last.
    ordered = np.sort(np.where(np.isfinite(values), values, np.inf), axis=0)
    found = np.take_along_axis(ordered, np.maximum(middle, 0), axis=0).mean(axis=0)
    return np.asarray(np.where(count >= least, found, np.nan))


def _tracked(
    before: NDArray[np.uint8], now: NDArray[np.uint8], points: Floats
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return where the points are now, and which of them are led back to where they were."""

    def led(one: NDArray[np.uint8], two: NDArray[np.uint8], at: Floats) -> tuple[Floats, Floats]:
        there, found, _ = cv2.calcOpticalFlowPyrLK(
            one, two, at, np.empty_like(at), winSize=WINDOW_PX, maxLevel=LEVELS, criteria=STOP
        )
        return np.asarray(there, np.float32), np.asarray(found, np.float32)[:, 0]

    there, found = led(before, now, points)
    back, found_back = led(now, before, there)
    off = np.hypot(*(back - points).T)
    return there, (found > 0) & (found_back > 0) & (off <= BACK_PX_MAX)


def _ends(landmarks: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    points = landmarks.astype(np.float64)
    eyes, mouth = points[[LEFT_EYE, RIGHT_EYE]], points[[LEFT_MOUTH, RIGHT_MOUTH]]
    return eyes.mean(axis=0), mouth.mean(axis=0)


def _upright_view(pixels: Pixels, landmarks: Floats) -> NDArray[np.uint8] | None:
    """Return the face in grey, eyes and mouth at their places; None where it is not in view."""
    if not np.isfinite(landmarks).all():
        return None
    eyes, mouth = _ends(landmarks)
    down = mouth - eyes
    length = float(np.hypot(*down))
    if not 1 <= length < max(pixels.shape):
        return None
    # From the view to the picture: turned and scaled by the vector from the eyes to the mouth.
    turn = np.array([[down[1], down[0]], [-down[0], down[1]]]) / LENGTH_PX
    place = np.column_stack([turn, eyes - turn @ EYES_AT])
    corners = np.array([[0, 0, 1], [VIEW_PX[0], 0, 1], [0, VIEW_PX[1], 1], [*VIEW_PX, 1]])
    seen = corners @ place.T
    height, width = pixels.shape[:2]
    left, top = np.clip(np.floor(seen.min(axis=0)) - 2, 0, (width, height)).astype(int).tolist()
    right, bottom = np.clip(np.ceil(seen.max(axis=0)) + 2, 0, (width, height)).astype(int).tolist()
    if not (right - left >= LENGTH_PX / 2 and bottom - top >= LENGTH_PX / 2):
        return None
    grey = cv2.cvtColor(pixels[top:bottom, left:right], cv2.COLOR_RGB2GRAY)
    place[:, 2] -= (left, top)
    # What is made much smaller is averaged first, or its noise and edges would flicker.
    part = min(1.0, LENGTH_PX / length)
    if part < 0.6:
        grey = cv2.resize(grey, None, fx=part, fy=part, interpolation=cv2.INTER_AREA)
        place *= part
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    view = cv2.warpAffine(grey, place, VIEW_PX, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    shade = cv2.blur(view, SHADE_PX)
    return np.asarray(cv2.addWeighted(view, SHARPENED, shade, -SHARPENED, 128), np.uint8)
