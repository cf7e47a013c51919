"""Tells light that a face reflects from light that lies over it: features keep their contrast."""

import cv2
import numpy as np

from edge_atm.records import Face, Floats, Pixels
from edge_atm.vision.light_fit import Doubles

LEVELS = np.arange(256) / 255
# sRGB to linear light (IEC 61966-2-1).
LINEAR = np.where(LEVELS <= 0.04045, LEVELS / 12.92, ((LEVELS + 0.055) / 1.055) ** 2.4).astype("f4")
# The first frame's features are looked for in the next ones so much to each side: landmarks jitter,
# and a nose moves against the eyes.
ASIDE_PX = 3
# From the brows to the nostrils, in eye distances from between the eyes, and ASIDE_PX more; what is
# broader than a feature is shading, and taken away. They end where the patches of skin do: a mirror
# image that covers these must not leave them half uncovered.
FROM, TO = np.array([-0.81, -0.58]), np.array([0.81, 0.95])
VIEW_PX, SHADING_PX = (38, 36), (9, 9)
# Far below this a logarithm would be mostly noise.
FLOOR = np.float32(0.004)
# In parts of the face's mean light.
VEILS = np.array([0.0, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6], np.float32)
NOTHING = np.full(3, np.nan)


class Veil:
    """Follows the features of one face, lit now more, now less.

    Light that falls on a face multiplies it: its features keep their contrast. Light that a pane
    mirrors over a picture adds the same everywhere, and lowers it.
    """

    def __init__(self) -> None:
        self._features: Floats | None = None
        # What is left of their contrast under each of VEILS, [veils, 3].
        self._left = np.zeros((len(VEILS), 3))

    def see(self, pixels: Pixels, face: Face | None) -> Doubles:
        """Return what `follow` does of a face; `pixels`: uint8 [height, width, 3] RGB.

        NaN also where its features are not all in the picture, or where there is no face.
        """
        light = None if face is None else _view(pixels, face)
        return NOTHING if light is None else self.follow(light)

    def follow(self, light: Floats) -> Doubles:
        """Return how much light there is, [3] RGB, if all that came since the first is a veil.

        `light`: linear, float32 [height, width, 3] RGB. In parts of its mean, 1 at first; NaN where
        there are no features, or others than at first.
        """
        if self._features is None:
            self._features = _fine(light)[ASIDE_PX:-ASIDE_PX, ASIDE_PX:-ASIDE_PX]
            self._left = np.stack([self._contrast(light + light.mean((0, 1)) * v) for v in VEILS])
        now = self._contrast(light)
        # More veil, less contrast: from the last to the first it rises.
        known = (np.diff(self._left, axis=0) < 0).all(axis=0)
        # Less than the most of it would leave: these are not the first frame's features.
        known &= now >= self._left[-1]
        veils = [np.interp(now[c], self._left[::-1, c], VEILS[::-1]) for c in range(3)]
        # There was more of it in the first frame: by as much as a little more would take.
        with np.errstate(all="ignore"):
            less = (now - self._left[0]) / (self._left[0] - self._left[1]) * VEILS[1]
        return np.where(known, np.exp(veils - np.maximum(less, 0)), np.nan)

    def _contrast(self, light: Floats) -> Doubles:
        # Where the three channels together are most like the first frame's features.
        assert self._features is not None
        planes = zip(cv2.split(_fine(light)), cv2.split(self._features), strict=True)
        with np.errstate(all="ignore"):
            found = np.stack(
                [
                    cv2.matchTemplate(now, first, cv2.TM_CCORR) / np.sum(first**2)
                    for now, first in planes
                ]
            )
        best = found.sum(axis=0).argmax()
        return np.asarray(found.reshape(3, -1)[:, best], np.float64)


def _view(pixels: Pixels, face: Face) -> Floats | None:
    # Linear light, [height, width, 3].
    if not np.isfinite(face.landmarks).all():
        return None
    eyes = face.landmarks[:2].astype(np.float64)
    middle, unit = eyes.mean(axis=0), float(np.hypot(*(eyes[1] - eyes[0])))
    left, top = np.rint(middle + FROM * unit).astype(int)
    right, bottom = np.rint(middle + TO * unit).astype(int)
    height, width = pixels.shape[:2]
    if not (0 <= left < right <= width and 0 <= top < bottom <= height):
        return None
    small = cv2.resize(pixels[top:bottom, left:right], VIEW_PX, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.LUT(small, LINEAR), np.float32)


def _fine(light: Floats) -> Floats:
    levels = np.log(light + FLOOR)
    return np.asarray(levels - cv2.blur(levels, SHADING_PX), np.float32)
