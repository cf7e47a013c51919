"""What stands around the head: a room, the customer's body, the sensor's noise, a photograph."""

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
    rotation,
)
from tests.rig.relief import NECK_BEHIND_EYES, in_face
from tests.rig.stills import Still

BODY_PX = FOCAL_PX / (CAMERA_AWAY + NECK_BEHIND_EYES)
NOISE_SD = 3.0
NOISE_SHIFTS = 64
JAW_SHADOW_PX = 14


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

    def seen(self, pose: Pose) -> Pixels:
        """Return the frame without noise."""
        head, cover, part = self._head.seen(pose)
        # The jaw keeps light from the neck and the collar.
        fallen = cv2.blur(np.roll(cover, JAW_SHADOW_PX, axis=0), (31, 31))
        behind = self._plate[part] * (1 - np.float32(0.5) * fallen * self._body[part])[..., None]
        frame = self._plate.copy()
        frame[part] = np.rint(behind + (head - behind) * cover[..., None])
        return frame


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


def photograph(shown: Pixels, pose: Pose, radius: float | None) -> Pixels:
    """Return a print of a whole frame, held up at the face's place so that sizes agree.

    `radius`: None for stiff card; else it is bent round a vertical cylinder of that radius, in
    eye distances, and turns with it.
    """
    eye, rays = _sight(pose, 0.0 if radius is None else radius)
    if radius is None:
        away = -eye[2] / rays[2]
        along, hit = eye[0] + away * rays[0], away > 0
    else:
        a, b = rays[0] ** 2 + rays[2] ** 2, eye[0] * rays[0] + eye[2] * rays[2]
        root = b**2 - a * (eye[0] ** 2 + eye[2] ** 2 - radius**2)
        away = (-b - np.sqrt(np.maximum(root, 0))) / a
        along = radius * np.arctan2(eye[0] + away * rays[0], eye[2] + away * rays[2])
        hit = root > 0
    return _held_up(shown, along, eye[1] + away * rays[1], hit)


def folded(shown: Pixels, pose: Pose) -> Pixels:
    """Return such a print creased down the nose, each half 45 degrees back: a head's wedge.

    It is drawn so that it looks right from the front.
    """
    eye, rays = _sight(pose, 0.0)
    nearest, along, down = (np.full(rays[0].shape, value) for value in (np.inf, 0.0, 0.0))
    for side in (1, -1):
        # A ray along the paper never meets it: NaN or infinity, and no hit.
        with np.errstate(all="ignore"):
            away = -(eye[2] + side * eye[0]) / (rays[2] + side * rays[0])
            x, y = eye[0] + away * rays[0], eye[1] + away * rays[1]
        hit = (away > 0) & (side * x >= 0) & (away < nearest)
        nearest = np.where(hit, away, nearest)
        flat = CAMERA_AWAY / (CAMERA_AWAY + np.where(hit, side * x, 0.0))
        along, down = np.where(hit, x * flat, along), np.where(hit, y * flat, down)
    return _held_up(shown, along, down, np.isfinite(nearest))


def _sight(pose: Pose, depth: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    # In the print's own axes: the camera's place, and where each pixel's ray goes.
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    rays = np.stack([(x - WIDTH / 2) / FOCAL_PX, (y - HEIGHT / 2) / FOCAL_PX, -np.ones_like(x)])
    turn = rotation(pose).astype(np.float64).T
    return turn @ (np.array([0, 0, CAMERA_AWAY + depth]) - pose.shift), np.tensordot(turn, rays, 1)


def _held_up(
    shown: Pixels, along: NDArray[np.float64], down: NDArray[np.float64], hit: NDArray[np.bool_]
) -> Pixels:
    # `along` and `down`: which place of the print each pixel sees, in eye distances.
    px = FOCAL_PX / CAMERA_AWAY
    across, down = along * px + WIDTH / 2, down * px + HEIGHT / 2
    hit = hit & (across > 0) & (across < WIDTH) & (down > 0) & (down < HEIGHT)
    printed = cv2.remap(
        shown,
        across.astype(np.float32),
        down.astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    cover = cv2.GaussianBlur(hit.astype(np.float32), (3, 3), 0.8)[..., None]
    return np.asarray(np.rint(room() * (1 - cover) + printed * cover).astype(np.uint8))
