"""A straight edge that runs on from behind a head to where a live person's shoulders are.

What is behind a person ends at the shoulders; the edge of a phone, a tablet, a monitor or a sheet
of paper does not. The idea of such a cue is that of `glanced`; that only what crosses the body's
outline counts is ours.
"""

from typing import Any

import cv2
import numpy as np

from edge_atm.records import Face, Floats, Pixels

# All lengths below are in widths of the face's box, from its middle; down is positive.
LIMIT = 0.3
# The part of the picture that is searched, at this many px for a box's width.
FACE_PX = 40
AROUND, ABOVE, BELOW = 2.5, 2.0, 3.0
# Pieces of one edge are joined over a small gap and when exactly in one line. A door's edge and a
# sleeve, a lapel or a stripe below it seldom are: with .6 and .06, 32 of 219 simulated frames of
# people before a door were above the limit, with these none. The price: fingers that cover much
# of a bezel hide it.
PIECE_MIN, PIECES_MAX = 0.2, 40
GAP, OFF_LINE, TURN_MAX = 0.1, 0.03, np.sin(np.radians(4))
# Half the body's width by depth below the chin, drawn narrower than people's are: with a tenth more
# ten times as many of 1,043 people in LFW have a line there.
BODY_DOWN, BODY_HALF = (0.35, 0.7, 1.2), (0.6, 1.2, 1.5)
# Above the head or beyond this half width, by depth below the chin, is what stands behind a person.
# Long straight hair falls from beside the head onto the shoulders, as straight as any bezel: nearer
# to the head than this nothing counts. A phone that is no wider than that is not seen either.
HEAD_UP = 1.2
BEHIND_DOWN, BEHIND_HALF = (0.1, 0.9), (1.3, 2.2)
FACE_PART = 0.8
POINTS = 40


def score(pixels: Pixels, face: Face) -> float:
    """Return how far, in face widths, the longest such edge runs both behind and within the body.

    `pixels`: uint8 [height, width, 3] RGB. The shorter of the two parts counts; 0 without an edge,
    NaN when the box is none.
    """
    width, height = (float(side) for side in face.box[2:] - face.box[:2])
    if not (width >= 1 and height >= 1 and np.isfinite(face.box).all()):
        return float("nan")
    lines = _joined(_pieces(pixels, face, width))
    if not len(lines):
        return 0.0
    chin = height / width / 2
    steps = np.linspace(0, 1, POINTS)[:, np.newaxis]
    points = lines[:, :1] + (lines[:, 1:] - lines[:, :1]) * steps
    across, down = np.abs(points[..., 0]), points[..., 1]
    body = across < np.interp(down - chin, BODY_DOWN, BODY_HALF, left=-1)
    behind = (down < -HEAD_UP) | (across > np.interp(down - chin, BEHIND_DOWN, BEHIND_HALF))
    # What lies on the face itself, such as glasses, is no edge around it.
    clear = ~(np.hypot(across / 0.5, down / chin) < FACE_PART).any(axis=1)
    lengths = np.linalg.norm(lines[:, 1] - lines[:, 0], axis=1) * clear
    return float((np.minimum(body.mean(axis=1), behind.mean(axis=1)) * lengths).max())


def _pieces(pixels: Pixels, face: Face, width: float) -> Floats:
    """Return straight pieces, float32 [N, 2, 2]: the longest that LSD finds around the face."""
    middle = (face.box[:2] + face.box[2:]) / 2
    size = np.array([pixels.shape[1], pixels.shape[0]])
    left, top = np.clip(middle - np.array([AROUND, ABOVE]) * width, 0, size).astype(int)
    right, bottom = np.clip(middle + np.array([AROUND, BELOW]) * width, 0, size).astype(int)
    if not (right - left >= width / 4 and bottom - top >= width / 4):
        return np.empty((0, 2, 2), np.float32)
    grey = cv2.cvtColor(np.ascontiguousarray(pixels[top:bottom, left:right]), cv2.COLOR_RGB2GRAY)
    scale = FACE_PX / width
    sides = (round(grey.shape[1] * scale), round(grey.shape[0] * scale))
    small = cv2.resize(grey, sides, interpolation=cv2.INTER_AREA)
    # von Gioi et al. 2010: straight pieces without a threshold to tune.
    found: Any = cv2.createLineSegmentDetector(cv2.LSD_REFINE_STD).detect(small)[0]
    if found is None:
        return np.empty((0, 2, 2), np.float32)
    corner = (np.array([left, top]) - middle) / width
    pieces = found.reshape(-1, 2, 2) / FACE_PX + corner
    lengths = np.linalg.norm(pieces[:, 1] - pieces[:, 0], axis=1)
    longest = np.argsort(-lengths, kind="stable")[:PIECES_MAX]
    return np.asarray(pieces[longest[lengths[longest] > PIECE_MIN]], dtype=np.float32)


def _joined(pieces: Floats) -> Floats:
    """Return each piece [N, 2, 2] prolonged by those in line with it."""
    ways = pieces[:, 1] - pieces[:, 0]
    ways = ways / np.linalg.norm(ways, axis=1, keepdims=True)
    beside = np.stack([-ways[:, 1], ways[:, 0]], axis=1)
    steps = pieces[np.newaxis] - pieces[:, np.newaxis, np.newaxis, 0]
    along = np.sort(np.einsum("sock,sk->soc", steps, ways), axis=2)
    off = np.abs(np.einsum("sock,sk->soc", steps, beside)).max(axis=2)
    fits = (off <= OFF_LINE) & (np.abs(beside @ ways.T) <= TURN_MAX)
    spans = np.array([_span(along[i][fits[i]]) for i in range(len(pieces))]).reshape(-1, 2, 1)
    return np.asarray(pieces[:, :1] + spans * ways[:, np.newaxis], dtype=np.float32)


def _span(spans: Floats) -> tuple[float, float]:
    """Return from where to where spans [N, 2] reach without a gap; one of them begins at 0."""
    spans = spans[np.argsort(spans[:, 0], kind="stable")]
    reach = np.maximum.accumulate(spans[:, 1])
    group = np.cumsum(np.concatenate([[False], spans[1:, 0] > reach[:-1] + GAP]))
    own = group == group[np.searchsorted(spans[:, 0], 1e-4, side="right") - 1]
    return float(spans[own, 0].min()), float(spans[own, 1].max())
