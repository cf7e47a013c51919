"""Exact area resizing of a whole frame or of many boxes at once, from one integral image."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_atm.records import Floats, Pixels

Corners = NDArray[np.int64]


class Pyramid:
    """One frame, ready to be averaged over any rectangle.

    `pixels`: uint8 [height, width, 3] RGB, at least one pixel.
    """

    def __init__(self, pixels: Pixels) -> None:
        self.height, self.width = pixels.shape[:2]
        table = cv2.integral(np.ascontiguousarray(pixels), sdepth=cv2.CV_32S)
        # Entry (y, x) sums all pixels above and to the left. Frames of more than 8 megapixels wrap
        # round, and the differences below wrap back.
        self._sums = np.asarray(table, dtype=np.int32).reshape(-1, 3)

    def whole(self, height: int, width: int) -> Floats:
        """Return the frame resized: float32 [1, 3, height, width] RGB, 0..255."""
        return self.crops(np.array([[0, 0, self.width, self.height]]), height, width)

    def crops(self, boxes: Corners, height: int, width: int) -> Floats:
        """Return every box resized to one size: float32 [N, 3, height, width] RGB, 0..255.

        `boxes`: integers [N, 4], left, top, right, bottom in px, inside the frame, right and bottom
        exclusive and beyond left and top. Adaptive average pooling: output row i is the mean of
        rows floor(i*H/h) to ceil((i+1)*H/h) of a box of H rows, so it shrinks and enlarges alike.
        """
        top, bottom = _cells(boxes[:, 1], boxes[:, 3], height)
        left, right = _cells(boxes[:, 0], boxes[:, 2], width)
        sums = self._at(bottom, right) - self._at(top, right)
        sums += self._at(top, left)
        sums -= self._at(bottom, left)
        areas = (bottom - top)[:, :, None] * (right - left)[:, None, :]
        means = sums / areas[..., None].astype(np.float32)
        return np.ascontiguousarray(np.moveaxis(means, 3, 1), dtype=np.float32)

    def _at(self, rows: Corners, columns: Corners) -> NDArray[np.int32]:
        places = rows[:, :, None] * (self.width + 1) + columns[:, None, :]
        return np.asarray(np.take(self._sums, places, axis=0), dtype=np.int32)


def _cells(start: Corners, end: Corners, count: int) -> tuple[Corners, Corners]:
    size = (end - start)[:, None]
    steps = np.arange(count + 1)
    lower = start[:, None] + steps[:-1] * size // count
    upper = start[:, None] - (-steps[1:] * size // count)
    return lower, upper
