"""What stands around the head: a room, the customer's body, the sensor's noise."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_atm.records import Floats, Pixels
from tests.rig.head import (
    CAMERA_AWAY,
    EYES_ABOVE_CENTRE,
    FOCAL_PX,
    HEIGHT,
    WIDTH,
    Head,
    Pose,
)
from tests.rig.relief import NECK_BEHIND_EYES, in_face
from tests.rig.stills import Still

BODY_PX = FOCAL_PX / (CAMERA_AWAY + NECK_BEHIND_EYES)
NOISE_SD = 3.0
NOISE_SHIFTS = 64
JAW_SHADOW_PX = 14
# Of the screen's light on a face, by the inverse square law: the neck, and a wall at 1.5 m.
BODY_LIT = (CAMERA_AWAY / (CAMERA_AWAY + NECK_BEHIND_EYES)) ** 2
ROOM_LIT = (CAMERA_AWAY / (1500 / 63)) ** 2


class View(NamedTuple):
    """A frame, and float32 [480, 640]: each place's share of the screen's light on a face."""

    pixels: Pixels
    lit: Floats


def room() -> Pixels:
    """Return an empty room out of focus: a lit wall, a door, a dark skirting."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    light = 150 + 40 * np.exp(-(((x - 180) / 260) ** 2) - ((y - 60) / 260) ** 2)
    wall = light[..., None] * np.array([1.0, 0.97, 0.9], dtype=np.float32)
    wall[:, 500:] *= np.array([0.72, 0.66, 0.6], dtype=np.float32)
    wall[:, 492:500] *= np.float32(0.5)
    wall[400:] *= np.float32(0.6)
    return np.asarray(cv2.GaussianBlur(wall, (0, 0), 7).astype(np.uint8))


class Person:
    """One still's person in the room, ready to turn the head."""

    def __init__(self, still: Still, picture: Pixels) -> None:
        self._head = Head(still, picture)
        left, right = np.array(still.landmarks[:2], dtype=np.float64)
        scale = BODY_PX / float(np.hypot(*(right - left)))
        # The body stays upright where the head's tilt has been undone: they meet at the neck.
        chin = max(still.head, key=lambda point: point[1])
        neck = ((still.body[1][0] + still.body[2][0]) / 2, chin[1])
        at = np.array([0, in_face(still, (chin,))[0, 1] - EYES_ABOVE_CENTRE]) * BODY_PX
        corner = at + np.array([WIDTH / 2, HEIGHT / 2]) - np.array(neck) * scale
        place = np.column_stack([np.eye(2) * scale, corner])
        self._plate, self._body = _plate(still, picture, place)

    def seen(self, pose: Pose) -> View:
        """Return the frame without noise."""
        head, cover, part = self._head.seen(pose)
        # The jaw keeps light from the neck and the collar.
        fallen = cv2.blur(np.roll(cover, JAW_SHADOW_PX, axis=0), (31, 31))
        behind = self._plate[part] * (1 - np.float32(0.5) * fallen * self._body[part])[..., None]
        frame = self._plate.copy()
        frame[part] = np.rint(behind + (head - behind) * cover[..., None])
        lit = ROOM_LIT + np.float32(BODY_LIT - ROOM_LIT) * self._body
        lit[part] += (1 - lit[part]) * cover
        return View(frame, lit)


def _plate(still: Still, picture: Pixels, place: NDArray[np.float64]) -> tuple[Pixels, Floats]:
    def drawn(outline: tuple[tuple[int, int], ...]) -> Floats:
        points = np.array(outline, dtype=np.float64) @ place[:, :2].T + place[:, 2]
        mask = np.zeros((HEIGHT, WIDTH), dtype=np.float32)
        cv2.fillPoly(mask, [np.round(points).astype(np.int32)], (1.0,))
        return mask

    whole = cv2.warpAffine(
        picture, place, (WIDTH, HEIGHT), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    ).astype(np.float32)
    body, head = drawn(still.body), drawn(still.head)
    face = cv2.erode(head, np.ones((25, 25), dtype=np.uint8)) > 0
    skin = np.median(whole[face][-4000:], axis=0).astype(np.float32)
    # Where the jaw hid the neck its skin goes on, darker towards the sides.
    hidden = cv2.GaussianBlur(cv2.dilate(head, np.ones((7, 7), dtype=np.uint8)), (0, 0), 1.5)
    columns = np.flatnonzero((body * head).any(axis=0))
    across = (np.arange(WIDTH) - columns.mean()) / (0.55 * len(columns))
    neck = skin * (0.85 * np.sqrt(np.clip(1 - across**2, 0.2, 1)))[None, :, None]
    whole += (neck.astype(np.float32) - whole) * hidden[..., None]
    soft = np.asarray(cv2.GaussianBlur(body, (0, 0), 1.2), dtype=np.float32)
    plate = room() + (whole - room()) * soft[..., None]
    return np.rint(plate).astype(np.uint8), soft


class Sensor:
    """Gives frames as a camera does: a little soft, each with noise of its own."""

    def __init__(self, random: np.random.Generator) -> None:
        size = (HEIGHT + NOISE_SHIFTS, WIDTH + NOISE_SHIFTS, 3)
        self._random = random
        self._noise = np.rint(random.normal(0, NOISE_SD, size)).astype(np.int8)

    def taken(self, scene: Pixels) -> Pixels:
        """Return one picture of the scene."""
        y, x = self._random.integers(0, NOISE_SHIFTS, 2)
        soft = cv2.GaussianBlur(scene, (3, 3), 0.6)
        noise = self._noise[y : y + HEIGHT, x : x + WIDTH]
        return np.asarray(cv2.add(soft, noise, dtype=cv2.CV_8U), dtype=np.uint8)
