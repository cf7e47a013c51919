"""Renders what a photo of a clip's own face would show: flat, bent, creased, turned like a head."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_atm.records import Floats, Pixels

# Mean distance of the pupils (Dodgson 2004): it gives the print its size.
EYE_DISTANCE_CM = 6.3
# At arm's length a camera of 640 by 480 px has the eyes so far apart.
EYES_PX, PHOTO_PX = 80.0, 400
NOISE_SD = 4.0
GREY = (128, 128, 128)
# Such a camera, 53 degrees wide; the photo fills a part of what it sees.
FOCAL_PX = 640.0
# As far as heads were turned, or further: a turn of one second there and one back.
YAW_DEGREES = 35.0
FRONT_FRAMES, SIDE_FRAMES = 6, 20
_SIDE = np.clip(1.15 * np.sin(np.linspace(0, np.pi, SIDE_FRAMES)), 0, 1)
SWING = tuple([0.0] * FRONT_FRAMES + _SIDE.tolist() + (-_SIDE).tolist())
CREASE_DEGREES = 45.0
Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Print:
    """How a photo is held: `axis` of its bend, "" for flat card, and the bend's radius.

    `radius_cm` None with an axis is a sharp crease, each half `CREASE_DEGREES` back. `pitch` and
    `shift_cm`: how far it is tilted and moved sideways and down while it is turned.
    """

    species: str
    axis: str = ""
    radius_cm: float | None = None
    pitch_degrees: float = 0.0
    shift_cm: tuple[float, float] = (0.0, 0.0)


PRINTS = (
    Print("flat"),
    Print("flat_shifted", shift_cm=(4.0, 2.0)),
    Print("flat_tilted", pitch_degrees=15.0),
    Print("bent_upright_12", "vertical", 12.0),
    Print("bent_upright_6", "vertical", 6.0),
    Print("creased_upright", "vertical"),
    Print("bent_level_12", "horizontal", 12.0),
    Print("bent_level_6", "horizontal", 6.0),
)


class Twin:
    """One photo in front of a camera, its face where it stands in the picture."""

    def __init__(self, photo: Pixels, landmarks: Floats) -> None:
        """`photo`: uint8 [height, width, 3] RGB, a frontal face; `landmarks` px [5, 2]."""
        self._photo = photo
        eyes = landmarks[1] - landmarks[0]
        self._px_per_cm = float(np.hypot(*eyes)) / EYE_DISTANCE_CM
        self._centre = landmarks.mean(axis=0).astype(np.float64)
        self._focal_px = FOCAL_PX
        self._roll = float(np.arctan2(eyes[1], eyes[0]))

    def seen(self, held: Print, yaw_degrees: float, part: float = 0.0) -> Pixels:
        """Return the picture of the print, turned about the upright axis through the face.

        Positive yaw is what a head does that turns to its left. `part` of the shift is made.
        """
        eye, rays = self._sight(held, yaw_degrees, part)
        x, y = _met(held, eye, rays, self._focal_px / self._px_per_cm)
        place = np.stack([x, y]).astype(np.float32) * np.float32(self._px_per_cm)
        place = np.tensordot(_turn(self._roll), place, 1) + self._centre[:, None, None]
        return np.asarray(
            cv2.remap(
                self._photo,
                place[0].astype(np.float32),
                place[1].astype(np.float32),
                cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_CONSTANT,
                borderValue=GREY,
            ),
            np.uint8,
        )

    def _sight(self, held: Print, yaw_degrees: float, part: float) -> tuple[Array, Array]:
        # In the print's own axes, cm: the camera's place, and where each pixel's ray goes.
        height, width = self._photo.shape[:2]
        v, u = np.mgrid[0:height, 0:width].astype(np.float64)
        pixels = np.stack([u - self._centre[0], v - self._centre[1]]) / self._focal_px
        rays = np.concatenate([pixels, np.ones((1, height, width))])
        rays[:2] = np.tensordot(_turn(-self._roll), rays[:2], 1)
        yaw, pitch = np.radians(yaw_degrees), np.radians(held.pitch_degrees * part)
        (sy, cy), (sp, cp) = ((np.sin(a), np.cos(a)) for a in (yaw, pitch))
        around = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
        nod = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
        away = self._focal_px / self._px_per_cm
        moved = np.array([held.shift_cm[0] * part, held.shift_cm[1] * part, away])
        return around @ nod @ -moved, np.tensordot(around @ nod, rays, 1)


def portrait(pixels: Pixels, landmarks: Floats) -> tuple[Pixels, Floats]:
    """Return the photo of a face as it is printed, and where its landmarks are in it.

    All clips give photos of one size: PHOTO_PX square, the eyes at most EYES_PX apart.
    """
    part = min(1.0, EYES_PX / float(np.hypot(*(landmarks[1] - landmarks[0]))))
    small = cv2.resize(pixels, None, fx=part, fy=part, interpolation=cv2.INTER_AREA)
    corner = np.rint(landmarks.mean(axis=0) * part - PHOTO_PX / 2)
    place = np.column_stack([np.eye(2), -corner])
    flags, rim = cv2.INTER_NEAREST, cv2.BORDER_REPLICATE
    photo = cv2.warpAffine(small, place, (PHOTO_PX, PHOTO_PX), flags=flags, borderMode=rim)
    return np.asarray(photo, np.uint8), (landmarks * part - corner).astype(np.float32)


def turned(photo: Pixels, landmarks: Floats, held: Print, seed: int) -> Iterator[Pixels]:
    """Yield the frames of a print that is turned by SWING, each with noise of its own."""
    random = np.random.default_rng(seed)
    twin = Twin(photo, landmarks)
    for part in SWING:
        pixels = twin.seen(held, part * YAW_DEGREES, abs(part))
        noise = random.normal(0, NOISE_SD, pixels.shape)
        yield np.clip(np.rint(pixels + noise), 0, 255).astype(np.uint8)


def _turn(angle: float) -> Array:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def _met(held: Print, eye: Array, rays: Array, away: float) -> tuple[Array, Array]:
    """Return which place of the print, in cm from the face, each ray meets; far off for none."""
    if held.axis == "horizontal":
        y, x = _met_upright(held.radius_cm, eye[[1, 0, 2]], rays[[1, 0, 2]], away)
    elif held.axis == "vertical":
        x, y = _met_upright(held.radius_cm, eye, rays, away)
    else:
        reach = -eye[2] / rays[2]
        x, y = eye[0] + reach * rays[0], eye[1] + reach * rays[1]
    far = 1e4
    return np.where(np.isfinite(x), x, far), np.where(np.isfinite(y), y, far)


def _met_upright(
    radius_cm: float | None, eye: Array, rays: Array, away: float
) -> tuple[Array, Array]:
    # A ray that misses gives no number.
    with np.errstate(all="ignore"):
        if radius_cm is None:
            return _crease(eye, rays, away)
        return _cylinder(radius_cm, eye, rays)


def _cylinder(radius: float, eye: Array, rays: Array) -> tuple[Array, Array]:
    # Its axis lies `radius` behind the face.
    back = eye[2] - radius
    a, b = rays[0] ** 2 + rays[2] ** 2, eye[0] * rays[0] + back * rays[2]
    reach = (-b - np.sqrt(b**2 - a * (eye[0] ** 2 + back**2 - radius**2))) / a
    along = radius * np.arctan2(eye[0] + reach * rays[0], -(back + reach * rays[2]))
    return along, eye[1] + reach * rays[1]


def _crease(eye: Array, rays: Array, away: float) -> tuple[Array, Array]:
    # A head's wedge, drawn so that it looks right from the front.
    slope = np.tan(np.radians(CREASE_DEGREES))
    x, y, nearest = (np.full(rays[0].shape, value) for value in (np.nan, np.nan, np.inf))
    for side in (1, -1):
        reach = (side * slope * eye[0] - eye[2]) / (rays[2] - side * slope * rays[0])
        across, down = eye[0] + reach * rays[0], eye[1] + reach * rays[1]
        hit = (reach > 0) & (side * across >= 0) & (reach < nearest)
        flat = away / (away + np.abs(across) * slope)
        nearest = np.where(hit, reach, nearest)
        x, y = np.where(hit, across * flat, x), np.where(hit, down * flat, y)
    return x, y
