"""Arithmetic on boxes: float32 [N, 4], left, top, right, bottom in px."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_atm.records import Floats

Indices = NDArray[np.int64]


def overlaps(box: Floats, boxes: Floats, *, of_smaller: bool = False) -> Floats:
    """Return how far `box` [4] shares area with each of `boxes` [N, 4]: float32 [N], 0..1.

    Shared area over the union, or over the smaller of the two. An empty box shares nothing.
    """
    corner = np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2])
    shared = np.prod(np.maximum(corner, 0), axis=1)
    area, areas = np.prod(box[2:] - box[:2]), np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    whole = np.minimum(area, areas) if of_smaller else area + areas - shared
    parts = np.divide(shared, whole, out=np.zeros_like(shared), where=whole > 0)
    return np.asarray(parts, dtype=np.float32)


def suppressed(boxes: Floats, scores: Floats, threshold: float) -> Indices:
    """Return the places of the boxes that no better box overlaps by more than `threshold`.

    Best first. Among equal scores the earlier box counts as the better one. Scores must be above 0,
    as probabilities of the nets are. A box that is empty or not a number is not kept.
    """
    places = np.flatnonzero((boxes[:, 2:] > boxes[:, :2]).all(axis=1))
    if not places.size:
        return places
    boxes = boxes[places]
    # OpenCV's own types ask for lists, and it takes arrays.
    corners_and_sizes: Any = np.hstack([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]])
    its_scores: Any = scores[places]
    return places[list(cv2.dnn.NMSBoxes(corners_and_sizes, its_scores, 0, threshold))]


def agreed(boxes: Floats, scores: Floats, threshold: float) -> Floats:
    """Return for each box of `suppressed` the mean of all that overlap it by more than `threshold`.

    Weighted by score: box voting (Gidaris & Komodakis 2015). The best alone is any of several.
    """
    voted = np.empty((0, 4), np.float32)
    for best in suppressed(boxes, scores, threshold):
        near = overlaps(boxes[best], boxes) > threshold
        mean = np.average(boxes[near], axis=0, weights=scores[near])
        voted = np.vstack([voted, mean.astype(np.float32)])
    return voted


def not_inside(boxes: Floats, scores: Floats, threshold: float) -> Indices:
    """As `suppressed`, but overlap is the part of the smaller box that is shared."""
    waiting = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while waiting.size:
        best, waiting = waiting[0], waiting[1:]
        kept.append(int(best))
        shared = overlaps(boxes[best], boxes[waiting], of_smaller=True)
        waiting = waiting[shared <= threshold]
    return np.array(kept, dtype=np.int64)


def moved(boxes: Floats, offsets: Floats, extra_px: float = 0) -> Floats:
    """Shift each side by its offset [N, 4], in units of the box's size plus `extra_px`."""
    size = boxes[:, 2:] - boxes[:, :2] + np.float32(extra_px)
    return boxes + offsets * np.hstack([size, size])


def squared(boxes: Floats) -> Floats:
    """Return squares of the longer side about the same centres."""
    centre = (boxes[:, :2] + boxes[:, 2:]) * np.float32(0.5)
    half = np.max(boxes[:, 2:] - boxes[:, :2], axis=1, keepdims=True) * np.float32(0.5)
    return np.hstack([centre - half, centre + half])
