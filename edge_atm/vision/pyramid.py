"""One picture at many sizes: halved again and again, and the rest of the way by sampling."""

import cv2
import numpy as np

from edge_atm.records import Floats, Pixels

# Left, top, right, bottom in px; right and bottom are not part of it.
Area = tuple[int, int, int, int]


class Pyramid:
    """Reduces a picture, or an area of it, in buffers of its own that the next picture reuses."""

    def __init__(self) -> None:
        self._buffers: list[Pixels] = []
        self._crops: dict[int, Pixels] = {}

    def show(self, pixels: Pixels, area: Area | None = None) -> None:
        """Take a picture, uint8 [height, width, 3] RGB; only `area`, inside it, will be read."""
        self.height, self.width = pixels.shape[:2]
        self._left, self._top, right, bottom = area or (0, 0, self.width, self.height)
        self._halves = [pixels[self._top : bottom, self._left : right]]

    def forget(self) -> None:
        """Let go of the picture: until the next one it would be kept alive for nobody."""
        self._halves = []

    def whole(self, height: int, width: int) -> Pixels:
        """Return the area resized: uint8 [1, height, width, 3] RGB."""
        largest = self._halves[0]
        source, _ = self._reduced(min(largest.shape[0] / height, largest.shape[1] / width))
        return np.asarray(cv2.resize(source, (width, height)), dtype=np.uint8)[np.newaxis]

    def crops(self, edges: Floats, side_px: int) -> Pixels:
        """Return rectangles of the picture resized: uint8 [N, side, side, 3] RGB.

        `edges` [N, 4]: left, top, right, bottom in px from the picture's corner, at least a pixel
        apart. Valid until the next call for this size. Each sampled point is the mean of the
        largest block of 1, 2, 4 .. px that is not larger than a pixel of the crop, interpolated
        between its neighbours; beyond the area all is black.
        """
        crops = self._room(len(edges), side_px)
        for crop, (left, top, right, bottom) in zip(crops, edges.tolist(), strict=True):
            wide, tall = (right - left) / side_px, (bottom - top) / side_px
            source, block = self._reduced(min(wide, tall))
            # warpAffine counts from the middle of the first pixel.
            x = (left - self._left + wide / 2) / block - 0.5
            y = (top - self._top + tall / 2) / block - 0.5
            way = np.array([[wide / block, 0, x], [0, tall / block, y]])
            flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            size, border = (side_px, side_px), cv2.BORDER_CONSTANT
            cv2.warpAffine(source, way, size, dst=crop, flags=flags, borderMode=border)
        return crops

    def _reduced(self, shrinking: float) -> tuple[Pixels, int]:
        """Return the area in blocks of the largest power of two up to `shrinking`, and that."""
        level = max(1, int(shrinking)).bit_length() - 1
        while len(self._halves) <= level:
            last = self._halves[-1]
            height, width = last.shape[0] // 2, last.shape[1] // 2
            if not min(height, width) >= 1:
                break
            half = self._buffer(len(self._halves) - 1, height, width)
            even = last[: 2 * height, : 2 * width]
            cv2.resize(even, (width, height), dst=half, interpolation=cv2.INTER_AREA)
            self._halves.append(half)
        level = min(level, len(self._halves) - 1)
        return self._halves[level], 2**level

    def _buffer(self, level: int, height: int, width: int) -> Pixels:
        size = height * width * 3
        if level == len(self._buffers):
            self._buffers.append(np.empty(0, np.uint8))
        if self._buffers[level].size < size:
            self._buffers[level] = np.empty(size, np.uint8)
        return self._buffers[level][:size].reshape(height, width, 3)

    def _room(self, count: int, side_px: int) -> Pixels:
        room = self._crops.get(side_px)
        if room is None or len(room) < count:
            room = self._crops[side_px] = np.empty((count, side_px, side_px, 3), np.uint8)
        return room[:count]
