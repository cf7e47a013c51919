"""How a head is held, read from its five landmarks alone; no calibrated camera, no model."""

import numpy as np

from edge_atm.records import Floats

LEFT_EYE, RIGHT_EYE, NOSE, LEFT_MOUTH, RIGHT_MOUTH = range(5)
# |yaw proxy| of a face that looks straight, in eye distances: some 6 degrees.
FRONTAL_YAW = 0.10
# Pitch proxies of a face whose embedding still fits: 98 of 100 faces with level yaw in public
# pictures; outside it the cosine to the frontal mean of one clip fell from .92 to .5.
LEVEL_PITCH = (0.35, 0.85)


def upright(landmarks: Floats) -> Floats:
    """Return the landmarks in eye coordinates: float32 [..., 5, 2] from px [..., 5, 2].

    Origin midway between the eyes, first axis from the picture's left eye to its right one, second
    axis towards the mouth, unit the eye distance. NaN where the eyes coincide.
    """
    points = np.asarray(landmarks, dtype=np.float64)
    middle = points[..., [LEFT_EYE, RIGHT_EYE], :].mean(axis=-2, keepdims=True)
    # One complex number turns and scales: the plane is divided by the vector between the eyes.
    with np.errstate(all="ignore"):
        eyes = points[..., RIGHT_EYE, :] - points[..., LEFT_EYE, :]
        plane = (points - middle) @ np.array([1, 1j])
        plane = plane / (eyes @ np.array([1, 1j]))[..., np.newaxis]
    shape = np.stack([plane.real, plane.imag], axis=-1).astype(np.float32)
    return np.where(np.isfinite(shape), shape, np.float32(np.nan))


def yaw_proxy(landmarks: Floats) -> Floats:
    """Return how far the nose stands beside the line from eyes to mouth, [...] in eye distances.

    `landmarks`: px [..., 5, 2]. Along the eyes' line, positive towards the picture's right: the
    customer's left. Of a plane it is 0 however that is held. Measured square to the eyes instead, a
    head held low or high lost it again beyond 45 degrees, where its eyes' line slopes.
    """
    shape = upright(landmarks)
    mouth = shape[..., [LEFT_MOUTH, RIGHT_MOUTH], :].mean(axis=-2)
    with np.errstate(all="ignore"):
        beside = shape[..., NOSE, 0] - shape[..., NOSE, 1] * mouth[..., 0] / mouth[..., 1]
    return np.where(np.isfinite(beside), beside, np.float32(np.nan))


def nose_part(landmarks: Floats) -> Floats:
    """Return at what part of the way from eyes to mouth the nose stands, [...]; px [..., 5, 2].

    A head that looks up lowers it, as its nose stands out; a tilted plane keeps it.
    """
    down = upright(landmarks)[..., 1]
    with np.errstate(all="ignore"):
        part = down[..., NOSE] / down[..., [LEFT_MOUTH, RIGHT_MOUTH]].mean(axis=-1)
    return np.asarray(part, dtype=np.float32)


def roll_degrees(landmarks: Floats) -> float:
    """Return the slope of the line through the eyes; landmarks px [5, 2]. 0 is level."""
    across, down = landmarks[RIGHT_EYE] - landmarks[LEFT_EYE]
    return float(np.degrees(np.arctan2(down, across)))


def eye_distance_px(landmarks: Floats) -> float:
    """Return the distance between the eyes; landmarks px [5, 2]."""
    return float(np.hypot(*(landmarks[RIGHT_EYE] - landmarks[LEFT_EYE])))
