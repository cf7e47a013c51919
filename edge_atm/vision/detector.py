"""Finds faces and their five landmarks: the MTCNN cascade (Zhang et al. 2016) on three small nets.

The order of steps and every constant below are those of the published Python ports whose weights
we run; boxes in their pixel counting, where a box's last row and column belong to it.
"""

import numpy as np
import onnxruntime

from edge_atm.models import Models
from edge_atm.records import Face, Floats, Pixels
from edge_atm.vision.boxes import moved, squared, suppressed
from edge_atm.vision.pyramid import Pyramid

SCALE_STEP = 0.709
FACE_PROBABILITY = (0.6, 0.7, 0.7)
OVERLAP_IN_LEVEL = 0.5
OVERLAP = 0.7
# The first net sees 12 px windows, 2 px apart.
CELL_PX, STRIDE_PX = 12, 2
REFINE_PX, OUTPUT_PX = 24, 48
# A face gives some dozens of candidates; noise made to stall us could give thousands.
CANDIDATES_MAX = 256


class Detector:
    """Finds faces of `min_face_px` and more in a picture."""

    def __init__(self, models: Models, min_face_px: int = 60) -> None:
        if not min_face_px >= CELL_PX:
            raise ValueError(f"min_face_px {min_face_px} is under {CELL_PX}")
        self.min_face_px = min_face_px
        self._propose, self._refine, self._output = map(models.open, ("pnet", "rnet", "onet"))

    def detect(self, pixels: Pixels) -> list[Face]:
        """Return the faces in `pixels`, uint8 [height, width, 3] RGB, largest box first."""
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
            raise ValueError(f"not uint8 [height, width, 3]: {pixels.dtype} {pixels.shape}")
        if min(pixels.shape[:2]) < self.min_face_px:
            return []
        pyramid = Pyramid(pixels)
        boxes = self._refined(pyramid, self._candidates(pyramid))
        faces = self._finished(pyramid, boxes)
        return sorted(faces, key=lambda face: -float(np.prod(face.box[2:] - face.box[:2])))

    def _candidates(self, pyramid: Pyramid) -> Floats:
        found = [self._level(pyramid, scale) for scale in self._scales(pyramid)]
        boxes, offsets, scores = (np.concatenate(part) for part in zip(*found, strict=True))
        kept = suppressed(boxes, scores, OVERLAP)[:CANDIDATES_MAX]
        return squared(moved(boxes[kept], offsets[kept]))

    def _scales(self, pyramid: Pyramid) -> list[float]:
        first = CELL_PX / self.min_face_px
        side = min(pyramid.height, pyramid.width) * first
        count = 1 + int(np.log(CELL_PX / side) / np.log(SCALE_STEP))
        return [first * SCALE_STEP**level for level in range(count)]

    def _level(self, pyramid: Pyramid, scale: float) -> tuple[Floats, Floats, Floats]:
        height, width = int(pyramid.height * scale + 1), int(pyramid.width * scale + 1)
        offsets, probability = _run(self._propose, pyramid.whole(height, width), "reg", "prob")
        rows, columns = np.nonzero(probability[0, 1] >= FACE_PROBABILITY[0])
        corners = STRIDE_PX * np.stack([columns, rows], axis=1) + 1
        boxes = np.floor(np.hstack([corners, corners + CELL_PX - 1]) / scale).astype(np.float32)
        scores, offsets = probability[0, 1, rows, columns], offsets[0, :, rows, columns]
        kept = suppressed(boxes, scores, OVERLAP_IN_LEVEL)
        return boxes[kept], offsets[kept], scores[kept]

    def _refined(self, pyramid: Pyramid, boxes: Floats) -> Floats:
        boxes, crops = _cut(pyramid, boxes, REFINE_PX)
        if not len(boxes):
            return boxes
        offsets, probability = _run(self._refine, crops, "reg", "prob")
        likely = probability[:, 1] > FACE_PROBABILITY[1]
        boxes, offsets, scores = boxes[likely], offsets[likely], probability[likely, 1]
        kept = suppressed(boxes, scores, OVERLAP)
        return squared(moved(boxes[kept], offsets[kept], extra_px=1))

    def _finished(self, pyramid: Pyramid, boxes: Floats) -> list[Face]:
        boxes, crops = _cut(pyramid, boxes, OUTPUT_PX)
        if not len(boxes):
            return []
        offsets, probability, points = _run(self._output, crops, "reg", "prob", "landmarks")
        # The net gives five x, then five y, as parts of the square it saw.
        sides = (boxes[:, 2:] - boxes[:, :2] + 1)[:, None, :]
        points = points.reshape(-1, 2, 5).swapaxes(1, 2) * sides + boxes[:, None, :2] - 1
        boxes, scores = moved(boxes, offsets, extra_px=1), probability[:, 1]
        finite = np.isfinite(boxes).all(axis=1) & np.isfinite(points).all(axis=(1, 2))
        likely = np.flatnonzero(finite & (scores > FACE_PROBABILITY[2]))
        kept = likely[suppressed(boxes[likely], scores[likely], OVERLAP, of_smaller=True)]
        return [Face(boxes[i], np.ascontiguousarray(points[i]), float(scores[i])) for i in kept]


def _cut(pyramid: Pyramid, boxes: Floats, side_px: int) -> tuple[Floats, Floats]:
    # A box may reach beyond the picture: the nets were trained on what is left of it.
    size = np.array([pyramid.width, pyramid.height])
    boxes = boxes[np.isfinite(boxes).all(axis=1)]
    corners = np.trunc(np.clip(boxes, -1e6, 1e6)).astype(np.int64)
    corners[:, :2] = np.maximum(corners[:, :2], 1) - 1
    corners[:, 2:] = np.minimum(corners[:, 2:], size)
    inside = (corners[:, 2:] > corners[:, :2]).all(axis=1)
    return boxes[inside], pyramid.crops(corners[inside], side_px, side_px)


def _run(session: onnxruntime.InferenceSession, crops: Floats, *outputs: str) -> list[Floats]:
    scaled = (crops - np.float32(127.5)) * np.float32(0.0078125)
    results: list[Floats] = session.run(list(outputs), {"input": scaled})
    return results
