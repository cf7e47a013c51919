"""The shape of a head, fitted to one still's outline and landmarks, in eye distances of 63 mm."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_atm.records import Floats
from tests.rig.stills import Points, Still

ROWS, COLUMNS = 440, 620
NECK_BEHIND_EYES = 1.45
# With the curve of the face below it, this puts the nose's tip 29 mm before the eyes.
NOSE_RELIEF = 0.3
# Depths before the eyes against the way from the top (-1) over the eyes (0) to the chin (1): the
# profile down the middle, the still's outline, and how much further back the head goes on.
PROFILE = (
    *((-1.0, -1.25), (-0.95, -0.85), (-0.82, -0.4), (-0.6, 0.0), (-0.4, 0.14), (-0.2, 0.2)),
    *((0.0, 0.16), (0.2, 0.17), (0.4, 0.2), (0.55, 0.2), (0.7, 0.12), (0.88, 0.1), (1.0, -0.2)),
)
RIM = ((-1.0, -1.35), (-0.5, -1.5), (0.3, -1.5), (0.55, -1.15), (0.8, -0.75), (1.0, -0.3))
BACK = ((-1.0, 0.3), (-0.6, 0.9), (0.2, 0.9), (0.6, 0.3), (1.0, 0.05))
# The still shows no farther round than this share of a row's half width; the rest is smeared.
SEEN = 0.98
ROUND = np.radians(130)


@dataclass(frozen=True, slots=True)
class Relief:
    """`points` [3, rows, columns]: x right, y down, z to the camera. `still_xy`: where in the
    still's face plane each point's colour is. `eyes`: row and column of the eyes' middle."""

    points: Floats
    still_xy: Floats
    eyes: tuple[int, int]


def to_face(still: Still) -> NDArray[np.float64]:
    """Return the 2x3 map from the still's px to the face: eyes level, their middle the origin."""
    left, right = np.array(still.landmarks[:2], dtype=np.float64)
    axis = (right - left) / np.sum((right - left) ** 2)
    turn = np.array([[axis[0], axis[1]], [-axis[1], axis[0]]])
    return np.column_stack([turn, -turn @ ((left + right) / 2)])


def in_face(still: Still, points: Points) -> NDArray[np.float64]:
    """Return the still's points as [n, 2] in the face plane."""
    face = to_face(still)
    return np.array(points, dtype=np.float64) @ face[:, :2].T + face[:, 2]


def relief(still: Still) -> Relief:
    """Model the head as it stands in the still."""
    outline, marks = in_face(still, still.head), in_face(still, still.landmarks)
    y, left, right = _rows(outline)
    centre, half = (left + right) / 2, (right - left) / 2
    smooth_centre, smooth_half = _smooth(centre), _smooth(half)
    angle = np.linspace(-ROUND, ROUND, COLUMNS)
    side = np.sin(angle)
    # Behind the rim the ears no longer count: the skull is smooth, and narrower than the outline.
    behind = np.clip((np.abs(angle) - np.pi / 2) / 0.2, 0, 1)
    x = (1 - behind) * (centre[:, None] + half[:, None] * side)
    x += behind * (smooth_centre[:, None] + 0.92 * smooth_half[:, None] * side)
    across = (x - smooth_centre[:, None]) / smooth_half[:, None]
    share = np.where(y < 0, -y / y[0], y / y[-1])
    profile, rim, back = (_smooth(_looked_up(table, share), 6) for table in (PROFILE, RIM, BACK))
    front = rim[:, None] + (profile - rim)[:, None] * np.sqrt(np.clip(1 - across**2, 0, 1))
    skull = rim[:, None] + back[:, None] * np.cos(angle)
    z = np.where(np.abs(angle) <= np.pi / 2, front, skull)
    z -= np.tan(np.radians(still.pitch)) * y[:, None]
    points = np.stack([x, np.broadcast_to(y[:, None], x.shape), z])
    points += _forward(still)[:, None, None] * _features(x, y[:, None], marks, _forward(still))
    still_xy = points[:2].copy()
    still_xy[0] = np.clip(
        still_xy[0], (centre - SEEN * half)[:, None], (centre + SEEN * half)[:, None]
    )
    row = int(np.abs(y).argmin())
    eyes = row, int(np.where(z[row] > -NECK_BEHIND_EYES, np.abs(x[row]), 9).argmin())
    return Relief(points.astype(np.float32), still_xy.astype(np.float32), eyes)


def _forward(still: Still) -> NDArray[np.float64]:
    yaw, pitch = np.radians(still.yaw), np.radians(still.pitch)
    return np.array([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)])


def _rows(outline: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    # Drawn and read again, because one row may cross a face's outline at an ear more than twice.
    scale, margin = 200, 600
    canvas = np.zeros((2 * margin, 2 * margin), dtype=np.uint8)
    cv2.fillPoly(canvas, [np.round(outline * scale + margin).astype(np.int32)], 1)
    # Drawn by eye, the outline may hold a rim of what is behind the head.
    narrowed = cv2.erode(canvas, np.ones((13, 13), dtype=np.uint8))
    inside = np.flatnonzero(narrowed.any(axis=1))
    y = np.linspace(inside[0], inside[-1], ROWS)
    picked = narrowed[np.round(y).astype(int)]
    left = picked.argmax(axis=1)
    right = picked.shape[1] - 1 - picked[:, ::-1].argmax(axis=1)
    sides = (_smooth((edge - margin) / scale, 3) for edge in (left, right))
    return (y - margin) / scale, *sides


def _looked_up(
    table: tuple[tuple[float, float], ...], share: NDArray[np.float64]
) -> NDArray[np.float64]:
    at, value = np.array(table).T
    return np.asarray(np.interp(share, at, value))


def _smooth(values: NDArray[np.float64], rows: float = 25) -> NDArray[np.float64]:
    blurred = cv2.GaussianBlur(
        values.reshape(-1, 1), (1, 0), sigmaX=0.1, sigmaY=rows, borderType=cv2.BORDER_REPLICATE
    )
    return np.asarray(blurred, dtype=np.float64)[:, 0]


def _features(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    marks: NDArray[np.float64],
    forward: NDArray[np.float64],
) -> NDArray[np.float64]:
    def hill(at_x: float, at_y: float, wide: float, high: float) -> NDArray[np.float64]:
        return np.exp(-(((x - at_x) / wide) ** 2) - ((y - at_y) / high) ** 2)

    # The tip's foot on the face, where it would be seen without the nose standing on it.
    tip = marks[2] - NOSE_RELIEF * forward[:2]
    mouth = marks[3:].mean(axis=0)
    down = np.clip(y / tip[1], 0, 1)
    middle = np.interp(y, [0, tip[1], mouth[1]], [0, tip[0], mouth[0]])
    under = np.clip((y - tip[1]) / 0.2, 0, 1)
    ridge = (0.3 + 0.7 * down**1.3) * (1 - under**2 * (3 - 2 * under))
    ridge *= np.clip((y + 0.35) / 0.35, 0, 1)
    nose = NOSE_RELIEF * ridge * np.exp(-((np.abs(x - middle) / (0.13 + 0.13 * down)) ** 2.4))
    lips = 0.05 * hill(mouth[0], mouth[1], 0.4, 0.22)
    brows = 0.05 * (hill(-0.5, -0.33, 0.4, 0.16) + hill(0.5, -0.33, 0.4, 0.16))
    sockets = -0.07 * (hill(-0.45, 0.03, 0.25, 0.2) + hill(0.45, 0.03, 0.25, 0.2))
    cheeks = 0.05 * (hill(-0.62, 0.5, 0.25, 0.3) + hill(0.62, 0.5, 0.25, 0.3))
    return np.asarray(nose + lips + brows + sockets + cheeks)
