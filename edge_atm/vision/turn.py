"""Tells a head from a picture of one: a nose leaves the plane of eyes and mouth when it turns."""

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from edge_atm.records import Floats
from edge_atm.vision.pose import (
    FRONTAL_YAW,
    LEFT_EYE,
    LEFT_MOUTH,
    NOSE,
    RIGHT_EYE,
    RIGHT_MOUTH,
    upright,
    yaw_proxy,
)

NAN = float("nan")
FRONTAL_FRAMES_MIN = 5
# Of 8 degrees to each side: below that the eyes are too little narrowed to tell the angle.
TANGENTS_MIN = 0.3
# The mouth's width set against the eyes', from one side to the other: heads that turn had 1.03 to
# 1.10, simulated ones up to 1.24, simulated pictures bent aslant 1.56 and more.
UNLIKE_MAX = 1.35
# What counts as the furthest turn to a side: a twentieth of the frames, and never one or two that a
# flicker or a helper's head could give.
EXTREME_PART = 0.05
EXTREME_FRAMES_MIN = 3
# Twice a triangle's area in eye distances squared; a face seen from the front has .7 to 1.2.
TRIANGLE_MIN = 0.05
CORNERS = (LEFT_EYE, RIGHT_EYE, RIGHT_MOUTH, LEFT_MOUTH)


def measure(frontal: Iterable[Floats], turned: Iterable[Floats]) -> tuple[float, float, float]:
    """Return (turn range, nose residual D, nose depth) of one track.

    `frontal`, `turned`: landmarks in px, float32 [5, 2] each, of frames in which the face looked
    straight ahead, its own way, and of those in which it was turned. The first two are medians
    over the frames turned furthest to the picture's right, less those over the frames turned
    furthest to its left: the range of the yaw proxy, D of the residual, in eye distances. The depth
    is D over the tangents of both angles: a bent picture gets as far as a head only if it is turned
    further. It is counted in ways from the eyes to the mouth: a level bend's own depth grows with
    that way, and in eye distances a narrow face's picture had a head's. Each is NaN when it cannot
    be known, the depth also where eyes and mouth turn by no one angle.
    """
    front = list(frontal)
    trace = np.array([*front, *turned], np.float32).reshape(-1, 5, 2)
    shapes, yaw = upright(trace), yaw_proxy(trace)
    known = np.isfinite(shapes).all() and np.isfinite(yaw).all()
    if not (len(shapes) >= EXTREME_FRAMES_MIN and known):
        return NAN, NAN, NAN
    order = np.argsort(yaw, kind="stable")
    count = max(EXTREME_FRAMES_MIN, math.ceil(EXTREME_PART * len(order)))
    right, left = order[:count], order[-count:]
    turn_range = float(np.median(yaw[left]) - np.median(yaw[right]))
    straight, ways = shapes[: len(front)], yaw[len(front) :]
    sides = np.sum(ways > FRONTAL_YAW), np.sum(ways < -FRONTAL_YAW)
    if not (min(sides) >= EXTREME_FRAMES_MIN and len(straight) >= FRONTAL_FRAMES_MIN):
        return turn_range, NAN, NAN
    residuals = nose_residuals(straight.mean(axis=0), trace)
    if not np.isfinite(residuals).all():
        return turn_range, NAN, NAN
    residual = float(np.median(residuals[left]) - np.median(residuals[right]))
    tangents = sum(_tangent(shapes[side], straight) for side in (left, right))
    depth = residual * float(np.median(_width(straight))) / max(tangents, TANGENTS_MIN)
    return turn_range, residual, depth if _turn_alike(shapes[left], shapes[right]) else NAN


def apart(trace: Floats) -> tuple[Floats, Floats]:
    """Return the landmarks of frames that look straight into the camera, and the others'.

    `trace`: px [N, 5, 2]. For a track of which nobody said when it was to look straight ahead.
    """
    straight = np.abs(yaw_proxy(trace)) <= FRONTAL_YAW
    return trace[straight], trace[~straight]


def _turn_alike(left: Floats, right: Floats) -> bool:
    # Eyes and mouth in one plane narrow alike; on a slanted bend each has its own way to face.
    ways = [side[:, RIGHT_MOUTH] - side[:, LEFT_MOUTH] for side in (left, right)]
    widths = [float(np.median(np.hypot(*way.T))) for way in ways]
    return max(widths) <= UNLIKE_MAX * min(widths)


def _tangent(turned: Floats, frontal: Floats) -> float:
    # Of the angle at which the eyes, set against the way down to the mouth, look so much nearer.
    narrowed = float(np.median(_width(turned)) / np.median(_width(frontal)))
    cosine = min(narrowed, 1.0)
    return math.sqrt(1 - cosine**2) / cosine if cosine > 0 else math.inf


def _width(shapes: Floats) -> Floats:
    # Of the eyes square to the way down to the mouth, in parts of that way. The eyes' own length
    # also grows with the slope that they get when a head held low or high turns far.
    down = shapes[:, [LEFT_MOUTH, RIGHT_MOUTH]].mean(axis=1)
    return np.asarray(down[:, 1] / np.sum(down**2, axis=1))


def nose_residuals(reference: Floats, landmarks: Floats) -> Floats:
    """Return how far each nose is beside the place a flat face's nose would have: float32 [N].

    `reference` [5, 2] and `landmarks` [N, 5, 2] in px (or any unit). The homography through eyes
    and mouth corners carries the reference's nose into each frame; the residual is signed along the
    eye axis and divided by the eye distance. NaN where four points make no convex quadrilateral.
    """
    flat, now = (upright(points).astype(np.float64) for points in (reference, landmarks))
    with np.errstate(all="ignore"):
        # The homography in the frame of three corners: each has a weight that the fourth fixes.
        weights = _parts(flat, NOSE) * _parts(now, LEFT_MOUTH) / _parts(flat, LEFT_MOUTH)
        corners = now[..., CORNERS[:3], 0]
        nose = (weights * corners).sum(axis=-1) / weights.sum(axis=-1)
    residuals = np.where(_convex(flat) & _convex(now), now[..., NOSE, 0] - nose, np.nan)
    return residuals.astype(np.float32)


def _parts(shapes: NDArray[np.float64], point: int) -> NDArray[np.float64]:
    # Barycentric coordinates of `point` in the first three corners, up to a common factor.
    first, second, third = CORNERS[:3]
    triples = ((point, second, third), (first, point, third), (first, second, point))
    return np.stack([_twice_area(shapes, *triple) for triple in triples], axis=-1)


def _convex(shapes: NDArray[np.float64]) -> NDArray[np.bool_]:
    turns = [
        _twice_area(shapes, CORNERS[i], CORNERS[(i + 1) % 4], CORNERS[(i + 2) % 4])
        for i in range(4)
    ]
    return np.asarray(np.all(np.stack(turns, axis=-1) >= TRIANGLE_MIN, axis=-1))


def _twice_area(shapes: NDArray[np.float64], a: int, b: int, c: int) -> NDArray[np.float64]:
    first = shapes[..., b, :] - shapes[..., a, :]
    second = shapes[..., c, :] - shapes[..., a, :]
    return np.asarray(first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0])
