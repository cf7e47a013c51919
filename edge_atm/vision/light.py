"""Tells a face in the screen's light from a picture: the face answers its colours, the room not."""

from collections.abc import Sequence

import cv2
import numpy as np

from edge_atm.records import Colour, Face, Frame, Pixels
from edge_atm.vision.light_fit import Doubles
from edge_atm.vision.light_response import LAG_MAX, SKIN, UNKNOWN, response
from edge_atm.vision.veil import LINEAR, Veil

# 2.5 changes a second, so at most 1.25 flashes: WCAG 2.2, success criterion 2.3.1, allows three.
FIELD_SECONDS = 0.4
# Centres and half sizes in eye distances, from between the eyes: forehead and cheeks, then beside
# the head at the height of the temples, where little hair reaches. With 63 mm between the eyes the
# inner ones begin 9.5 cm from the middle: on a sheet of A4 they see the sheet.
PATCHES = (
    *((0.0, -0.55, 0.28, 0.16), (-0.48, 0.62, 0.2, 0.2), (0.48, 0.62, 0.2, 0.2)),
    *((-1.6, -0.5, 0.1, 0.7), (1.6, -0.5, 0.1, 0.7), (-1.9, -0.5, 0.2, 0.7), (1.9, -0.5, 0.2, 0.7)),
)
# What part of a patch must be in the picture.
IN_VIEW_MIN = 0.5
# Levels beyond the first two tell little of the light; the third is the part of a patch that must
# have none of them. Skin shines in places; a background near white would seem to answer less.
SKIN_LIMITS = (5, 251, 0.75)
ROOM_LIMITS = (5, 240, 0.95)


class LightCheck:
    """Shows the colour fields one after the other and follows what they do to the picture.

    `colour` is what the screen has to show from now on, None for its own picture. The frames' clock
    alone decides when it changes. `done`: the last field's light has passed.
    """

    def __init__(self, fields: Sequence[Colour]) -> None:
        self._fields = tuple(fields)
        # When each field was commanded, and when the last one ended.
        self._began: list[float] = []
        self._at: list[float] = []
        self._light: list[Doubles] = []
        self._veil = Veil()

    @property
    def colour(self) -> Colour | None:
        """The field to show now; None before the first frame and after the last field."""
        shown = len(self._began) - 1
        return self._fields[shown] if 0 <= shown < len(self._fields) else None

    @property
    def done(self) -> bool:
        """Whether enough frames were seen, also of the last field's light."""
        ended = len(self._began) > len(self._fields)
        return ended and self._at[-1] - self._began[-1] >= LAG_MAX

    def see(self, frame: Frame, face: Face | None) -> None:
        """Take in the next frame, until done, and move on to the next field when it is time."""
        if self.done:
            return
        self._at.append(frame.at_seconds)
        light = patches(frame.pixels, face)
        self._light.append(np.insert(light, SKIN, self._veil.see(frame.pixels, face), axis=0))
        due = not self._began or frame.at_seconds - self._began[-1] >= FIELD_SECONDS
        if due and len(self._began) <= len(self._fields):
            self._began.append(frame.at_seconds)

    def measure(self) -> tuple[float, float]:
        """Return (light gain, light fit) as `response` does; NaN before it is done."""
        if not self.done:
            return UNKNOWN
        light = np.stack(self._light)
        return response(np.array(self._at), np.array(self._began), self._fields, light)


def patches(pixels: Pixels, face: Face | None) -> Doubles:
    """Return the patches' mean linear light, [patches, 3] RGB, 1 is white.

    `pixels`: uint8 [height, width, 3] RGB. NaN where a patch is out of the picture, too bright, too
    dark, or where there is no face.
    """
    light = np.full((len(PATCHES), 3), np.nan)
    if face is None or not np.isfinite(face.landmarks).all():
        return light
    eyes = face.landmarks[:2].astype(np.float64)
    across = eyes[1] - eyes[0]
    down, unit = np.array([-across[1], across[0]]), float(np.hypot(*across))
    for patch, (x, y, half_width, half_height) in enumerate(PATCHES):
        half = np.array([half_width, half_height]) * unit
        centre = eyes.mean(axis=0) + x * across + y * down
        part = _part(pixels, centre, half)
        if part.size:
            light[patch] = _mean_light(part, *(SKIN_LIMITS if patch < SKIN else ROOM_LIMITS))
    return light


def _part(pixels: Pixels, centre: Doubles, half: Doubles) -> Pixels:
    size = np.array([pixels.shape[1], pixels.shape[0]])
    left, top = np.rint(np.clip(centre - half, 0, size)).astype(int)
    right, bottom = np.rint(np.clip(centre + half, 0, size)).astype(int)
    part = pixels[top:bottom, left:right]
    return part if part.size >= 3 * IN_VIEW_MIN * np.prod(2 * half) else part[:0]


def _mean_light(part: Pixels, darkest: int, brightest: int, within_min: float) -> Doubles:
    within = cv2.inRange(part, (darkest,) * 3, (brightest,) * 3)
    if not cv2.countNonZero(within) >= within_min * within.size:
        return np.full(3, np.nan)
    return np.array(cv2.mean(cv2.LUT(part, LINEAR), within)[:3])
