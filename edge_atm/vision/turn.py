"""Tells a head from a picture of one: a nose leaves the plane of eyes and mouth when it turns."""

import math

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
)

FRONTAL_FRAMES_MIN = 5
# What counts as the furthest turn to a side: a twentieth of the frames, and never one or two that a
# flicker or a helper's head could give.
EXTREME_PART = 0.05
EXTREME_FRAMES_MIN = 3
# Twice a triangle's area in eye distances squared; a face seen from the front has .7 to 1.2.
TRIANGLE_MIN = 0.05
CORNERS = (LEFT_EYE, RIGHT_EYE, RIGHT_MOUTH, LEFT_MOUTH)


def measure(trace: Floats) -> tuple[float, float]:
    """Return (turn range, nose residual D) of one track, both in eye distances.

    `trace`: landmarks in px, float32 [N, 5, 2], of all frames in order. Both are medians over the
    frames turned furthest to the picture's right, less those over the frames turned furthest to its
    left: the range of the yaw proxy, D of the residual. Either is NaN when it cannot be known.
    """
    shapes = upright(trace)
    if not (len(shapes) >= EXTREME_FRAMES_MIN and np.isfinite(shapes).all()):
        return float("nan"), float("nan")
    yaw = shapes[:, NOSE, 0]
    order = np.argsort(yaw, kind="stable")
    count = max(EXTREME_FRAMES_MIN, math.ceil(EXTREME_PART * len(order)))
    right, left = order[:count], order[-count:]
    turn_range = float(np.median(yaw[left]) - np.median(yaw[right]))
    sides = np.sum(yaw > FRONTAL_YAW), np.sum(yaw < -FRONTAL_YAW)
    frontal = shapes[np.abs(yaw) <= FRONTAL_YAW]
    if not (min(sides) >= EXTREME_FRAMES_MIN and len(frontal) >= FRONTAL_FRAMES_MIN):
        return turn_range, float("nan")
    residuals = nose_residuals(frontal.mean(axis=0), trace)
    if not np.isfinite(residuals[[*left, *right]]).all():
        return turn_range, float("nan")
    return turn_range, float(np.median(residuals[left]) - np.median(residuals[right]))


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
