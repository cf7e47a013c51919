"""Finds faces and their five landmarks: the MTCNN cascade (Zhang et al. 2016) on three small nets.

Steps and thresholds are those of the published Python ports whose weights we run; boxes in their
pixel counting, from 1, where a box's last row and column belong to it. Other than there, boxes are
moved to where their net puts them before those of one face are thinned out, and nothing is rounded
to whole pixels: fewer boxes reach the next net, and landmarks shake less. And a square that reaches
beyond the picture is filled up with black, as Zhang et al. did: stretching what is left of it, as
the ports do, moved the landmarks of a face at the border by a third of an eye distance.
"""

import numpy as np
import onnxruntime

from edge_atm.models import Models
from edge_atm.records import Face, Floats, Pixels
from edge_atm.vision.boxes import agreed, moved, not_inside, overlaps, squared, suppressed
from edge_atm.vision.pyramid import Pyramid

# A customer's eyes must be 60 px apart, which makes the box 120 px wide and more; a second face
# counts from half that width. Boxes are a third higher than wide, and the first net sees squares:
# 72 px in between fit a box of 60 by 80 best, and a level finds what is up to a sixth smaller. All
# of 86 public faces shrunk to a box 60 px wide are found, 85 of them at 52 px.
FACE_PX_MIN = 80
SCALE_STEP = 0.709
FACE_PROBABILITY = (0.6, 0.7, 0.7)
OVERLAP, OVERLAP_OF_SMALLER = 0.5, 0.7
# The first net sees 12 px windows, 2 px apart.
CELL_PX, STRIDE_PX = 12, 2
REFINE_PX, OUTPUT_PX = 24, 48
# A face gives some dozens of windows, and one to ten boxes that go on; noise made to stall us could
# give thousands.
WINDOWS_MAX, BOXES_MAX = 1024, 128
# Unit cameras give at most 1920 by 1080; beyond this a frame's cost in memory has no use.
SIDE_PX_MAX = 4096
FAR_PX = 4 * SIDE_PX_MAX
# Boxes count pixels from 1 and hold their last one: so far is each side from the picture's corner.
FIRST_PX = np.array([1, 1, 0, 0], np.float32)
# What is sampled at the edge of a square needs the blocks beside it.
RIM_PX = 16
# A face that moved by a tenth of its width has landmarks as good as one searched for; further off
# they grow worse. Of 800 frames of public and rendered heads at 15 a second 4 share less than this.
FOLLOW_OVERLAP_MIN = 0.75
# What the last net is shown of the square around a face: of the sizes and places tried on 200
# pictures it is among those where the net is surest and its landmarks move least, and the one where
# turned and nodding heads stay most alike.
OUTPUT_SIZE, OUTPUT_DOWN = 0.95, 0.03


class Detector:
    """Finds faces of `min_face_px` and more in a picture. For one thread: it keeps its buffers."""

    def __init__(self, models: Models, min_face_px: int = FACE_PX_MIN) -> None:
        if not min_face_px >= CELL_PX:
            raise ValueError(f"min_face_px {min_face_px} is under {CELL_PX}")
        self.min_face_px = min_face_px
        self._propose, self._refine, self._output = map(models.open, ("pnet", "rnet", "onet"))
        self._pyramid = Pyramid()

    def detect(self, pixels: Pixels) -> list[Face]:
        """Return the faces in `pixels`, uint8 [height, width, 3] RGB, largest box first.

        Raises ValueError for another type or shape and for sides over SIDE_PX_MAX.
        """
        _check(pixels)
        if min(pixels.shape[:2]) < self.min_face_px:
            return []
        self._pyramid.show(pixels)
        faces = self._finished(self._refined(self._candidates()))
        self._pyramid.forget()
        return sorted(faces, key=lambda face: -float(np.prod(face.box[2:] - face.box[:2])))

    def follow(self, pixels: Pixels, face: Face) -> Face | None:
        """Return the face that is where `face` was a moment ago; None when there is none.

        `pixels` as for `detect`. Only the last net looks, at one square, which takes a sixth of the
        time of a search. None also for a face that shares less than FOLLOW_OVERLAP_MIN with `face`.
        """
        _check(pixels)
        expected = _framed(face.box[np.newaxis])
        _, edges = _in_view(expected, pixels.shape[1], pixels.shape[0])
        if not len(edges):
            return None
        left, top, right, bottom = edges[0].astype(int).tolist()
        around = (max(0, left - RIM_PX), max(0, top - RIM_PX), right + RIM_PX, bottom + RIM_PX)
        self._pyramid.show(pixels, around)
        faces = self._finished(expected)
        self._pyramid.forget()
        if not (faces and overlaps(face.box, faces[0].box[np.newaxis])[0] >= FOLLOW_OVERLAP_MIN):
            return None
        return faces[0]

    def _candidates(self) -> Floats:
        found = [self._level(scale) for scale in self._scales()]
        boxes, scores = (np.concatenate(part) for part in zip(*found, strict=True))
        if len(boxes) > WINDOWS_MAX:
            best = np.argsort(-scores, kind="stable")[:WINDOWS_MAX]
            boxes, scores = boxes[best], scores[best]
        kept = suppressed(boxes, scores, OVERLAP)[:BOXES_MAX]
        return squared(boxes[kept])

    def _scales(self) -> list[float]:
        first = CELL_PX / self.min_face_px
        side = min(self._pyramid.height, self._pyramid.width) * first
        count = 1 + int(np.log(CELL_PX / side) / np.log(SCALE_STEP))
        return [first * SCALE_STEP**level for level in range(count)]

    def _level(self, scale: float) -> tuple[Floats, Floats]:
        tall, wide = self._pyramid.height, self._pyramid.width
        height, width = int(tall * scale + 1), int(wide * scale + 1)
        level = self._pyramid.whole(height, width)
        offsets, probability = _run(self._propose, level, "reg", "prob")
        rows, columns = np.nonzero(probability[0, 1] >= FACE_PROBABILITY[0])
        corners = STRIDE_PX * np.stack([columns, rows], axis=1) + 1
        stretch = np.array([wide / width, tall / height] * 2)
        boxes = np.hstack([corners, corners + CELL_PX - 1]) * stretch
        boxes = moved(boxes.astype(np.float32), offsets[0, :, rows, columns])
        return boxes, probability[0, 1, rows, columns]

    def _refined(self, boxes: Floats) -> Floats:
        boxes, crops = self._cut(boxes, REFINE_PX)
        if not len(boxes):
            return boxes
        offsets, probability = _run(self._refine, crops, "reg", "prob")
        likely = probability[:, 1] > FACE_PROBABILITY[1]
        boxes, scores = moved(boxes[likely], offsets[likely], extra_px=1), probability[likely, 1]
        return _framed(agreed(boxes, scores, OVERLAP))

    def _finished(self, boxes: Floats) -> list[Face]:
        boxes, crops = self._cut(boxes, OUTPUT_PX)
        if not len(boxes):
            return []
        offsets, probability, points = _run(self._output, crops, "reg", "prob", "landmarks")
        # The net gives five x, then five y, as parts of the square it saw.
        sides = (boxes[:, 2:] - boxes[:, :2] + 1)[:, None, :]
        points = points.reshape(-1, 2, 5).swapaxes(1, 2) * sides + boxes[:, None, :2] - 1
        boxes, scores = moved(boxes, offsets, extra_px=1), probability[:, 1]
        finite = np.isfinite(boxes).all(axis=1) & np.isfinite(points).all(axis=(1, 2))
        likely = np.flatnonzero(finite & (scores > FACE_PROBABILITY[2]))
        kept = likely[not_inside(boxes[likely], scores[likely], OVERLAP_OF_SMALLER)]
        return [Face(boxes[i], np.ascontiguousarray(points[i]), float(scores[i])) for i in kept]

    def _cut(self, boxes: Floats, side_px: int) -> tuple[Floats, Pixels]:
        boxes, _ = _in_view(boxes, self._pyramid.width, self._pyramid.height)
        return boxes, self._pyramid.crops(boxes - FIRST_PX, side_px)


def _check(pixels: Pixels) -> None:
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValueError(f"not uint8 [height, width, 3]: {pixels.dtype} {pixels.shape}")
    if not max(pixels.shape) <= SIDE_PX_MAX:
        raise ValueError(f"no side may be over {SIDE_PX_MAX} px: {pixels.shape}")


def _in_view(boxes: Floats, width: int, height: int) -> tuple[Floats, Floats]:
    """Return the boxes of which the picture holds at least a pixel, and the edges of that part."""
    edges = np.clip(boxes - FIRST_PX, 0, np.array([width, height, width, height], np.float32))
    # Not a number is neither; what is absurdly far would leave the range of the arithmetic.
    sound = (edges[:, 2:] - edges[:, :2] >= 1).all(axis=1) & (np.abs(boxes) <= FAR_PX).all(axis=1)
    return boxes[sound], edges[sound]


def _framed(boxes: Floats) -> Floats:
    squares = squared(boxes)
    side = squares[:, 2:] - squares[:, :2]
    less = np.float32((1 - OUTPUT_SIZE) / 2)
    down = np.array([0, OUTPUT_DOWN], np.float32)
    return np.hstack([squares[:, :2] + (down + less) * side, squares[:, 2:] + (down - less) * side])


def _run(session: onnxruntime.InferenceSession, crops: Pixels, *outputs: str) -> list[Floats]:
    results: list[Floats] = session.run(list(outputs), {"input": crops})
    return results
