"""Renders a turning head from one still: the relief, turned about the neck, seen from 50 cm."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_atm.records import Floats, Pixels
from tests.rig.relief import COLUMNS, NECK_BEHIND_EYES, ROUND, ROWS, relief, to_face
from tests.rig.stills import Still

WIDTH, HEIGHT = 640, 480
CAMERA_AWAY = 500 / 63
FOCAL_PX = 80 * CAMERA_AWAY
EYES_ABOVE_CENTRE = 0.35
HALF_HIDDEN_DEGREES = 6
MARGIN = 32
SQUARE = np.ones((3, 3), dtype=np.uint8)
DISC = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (25, 25))


@dataclass(frozen=True, slots=True)
class Pose:
    """How the head stands: degrees (LEFT, down and clockwise positive), shift in eye distances."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0)


def rotation(pose: Pose) -> Floats:
    """Return the 3x3 turn: first yaw, then pitch, then roll."""
    (sy, cy), (sp, cp), (sr, cr) = (
        (np.sin(a), np.cos(a)) for a in np.radians([pose.yaw, pose.pitch, pose.roll])
    )
    yaw = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    pitch = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    roll = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return np.asarray(roll @ pitch @ yaw, dtype=np.float32)


def project(points: Floats) -> tuple[Floats, Floats]:
    """Return where points [3, ...] in eye distances appear in the frame, in px."""
    scale = np.float32(FOCAL_PX) / (np.float32(CAMERA_AWAY) - points[2])
    return (
        points[0] * scale + np.float32(WIDTH / 2),
        (points[1] - np.float32(EYES_ABOVE_CENTRE)) * scale + np.float32(HEIGHT / 2),
    )


class Head:
    """One still's head, ready to be looked at in any pose."""

    def __init__(self, still: Still, picture: Pixels) -> None:
        shape = relief(still)
        inverse = cv2.invertAffineTransform(to_face(still)).astype(np.float32)
        place = np.tensordot(inverse[:, :2], shape.still_xy, axes=1) + inverse[:, 2, None, None]
        colours = cv2.remap(picture, place[0], place[1], cv2.INTER_CUBIC).astype(np.float32)
        # From here on the head looks straight ahead, its eyes' middle above the origin.
        points = _turned(shape.points, Pose(-still.yaw, -still.pitch))
        points[0] -= points[0][shape.eyes]
        if abs(still.yaw) >= HALF_HIDDEN_DEGREES:
            points, colours = _completed(points, colours, shape.eyes[1], np.sign(still.yaw))
        self._points = points
        self._colours = np.clip(np.rint(colours), 0, 255).astype(np.uint8)

    def seen(self, pose: Pose) -> tuple[Pixels, Floats, tuple[slice, slice]]:
        """Return the head's pixels, how much of each it covers, 0..1, and the frame's part."""
        points = _turned(self._points, pose)
        points += np.array(pose.shift, dtype=np.float32)[:, None, None]
        nearest, part = _nearest(points.reshape(3, -1))
        hit = nearest >= 0
        depth = np.where(hit, points[2].reshape(-1)[nearest], np.float32(-9))
        # A point deep between near neighbours is seen through a gap of the samples.
        near = cv2.morphologyEx(depth, cv2.MORPH_CLOSE, SQUARE)
        solid = (hit & (near - depth < 0.06)).astype(np.float32)
        x, y = (
            _filled(i.astype(np.float32), solid) for i in (nearest % COLUMNS, nearest // COLUMNS)
        )
        pixels = cv2.remap(self._colours, x, y, cv2.INTER_LINEAR)
        whole = cv2.erode(cv2.morphologyEx(hit.astype(np.uint8), cv2.MORPH_CLOSE, DISC), SQUARE)
        cover = cv2.GaussianBlur(whole.astype(np.float32), (5, 5), 1.2)
        return np.asarray(pixels, dtype=np.uint8), np.asarray(cover, dtype=np.float32), part


def _turned(points: Floats, pose: Pose) -> Floats:
    pivot = np.array([0, 1.0, -NECK_BEHIND_EYES], dtype=np.float32)[:, None, None]
    return np.asarray(np.tensordot(rotation(pose), points - pivot, axes=1) + pivot)


def _completed(
    points: Floats, colours: Floats, middle: int, hidden: float
) -> tuple[Floats, Floats]:
    # What a turned face hides of its far half is taken from the near half, as in a mirror.
    columns = np.arange(COLUMNS)
    mirror = np.clip(2 * middle - columns, 0, COLUMNS - 1)
    degrees = (columns - middle) * hidden * 2 * np.degrees(ROUND) / COLUMNS
    blend = np.clip((degrees - 25) / 25, 0, 1).astype(np.float32)
    other = points[:, :, mirror] * np.array([-1, 1, 1], dtype=np.float32)[:, None, None]
    # Towards the crown the outline is its own guide to where the middle is.
    crown = np.clip(1 - np.arange(ROWS) / (0.3 * ROWS), 0, 1).astype(np.float32)
    other[0] += (crown * (points[0].min(axis=1) + points[0].max(axis=1)))[:, None]
    points = points + (other - points) * blend
    colours = colours + (colours[:, mirror] - colours) * blend[:, None]
    return np.asarray(points), np.asarray(colours)


def _filled(values: Floats, solid: Floats) -> Floats:
    # Gaps take the mean of what is around them: first of the next px, far from any of a wide ring.
    narrow, wide = (
        cv2.GaussianBlur(values * solid, (0, 0), sigma)
        / (cv2.GaussianBlur(solid, (0, 0), sigma) + np.float32(1e-6))
        for sigma in (1.0, 8.0)
    )
    near = cv2.GaussianBlur(solid, (0, 0), 1.0) > 0.05
    return np.asarray(cv2.medianBlur(np.where(near, narrow, wide), 3), dtype=np.float32)


def _nearest(points: Floats) -> tuple[NDArray[np.int32], tuple[slice, slice]]:
    # Painted from the back to the front: of points that fall on one pixel the nearest stays.
    x, y = project(points)
    columns, rows = np.rint(x).astype(np.int32), np.rint(y).astype(np.int32)
    inside = np.flatnonzero((columns >= 0) & (columns < WIDTH) & (rows >= 0) & (rows < HEIGHT))
    columns, rows = columns[inside], rows[inside]
    top, left = max(int(rows.min()) - MARGIN, 0), max(int(columns.min()) - MARGIN, 0)
    bottom, right = min(int(rows.max()) + MARGIN, HEIGHT), min(int(columns.max()) + MARGIN, WIDTH)
    # A stable sort of 16-bit keys is a radix sort, ten times quicker than one of floats.
    depth = (points[2][inside] * 4096 + 32768).astype(np.uint16)
    order = np.argsort(depth, kind="stable")
    nearest = np.full((bottom - top) * (right - left), -1, dtype=np.int32)
    nearest[((rows - top) * (right - left) + columns - left)[order]] = inside[order]
    return nearest.reshape(bottom - top, right - left), (slice(top, bottom), slice(left, right))
