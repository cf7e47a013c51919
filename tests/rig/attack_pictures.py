"""Pictures of attacks as the unit's camera films them: people, bent sheets and screens."""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from edge_atm.records import Floats, Pixels
from tests.rig.attack_shapes import Array
from tests.rig.head import CAMERA_AWAY, FOCAL_PX, HEIGHT, WIDTH, Pose, rotation
from tests.rig.held import DISPLAY_LIT
from tests.rig.scene import BODY_LIT, ROOM_LIT, Person, View, room
from tests.rig.sources import still_picture
from tests.rig.stills import STILLS

# A head is rendered once for each degree: 40 ms are too long for every frame of every session.
YAWS, NODS = range(-45, 46), range(1, 31)
AWAY_MM = CAMERA_AWAY * 63.0
PX_PER_MM = FOCAL_PX / AWAY_MM
# What lies between the traced pixels of a sheet is interpolated; FAR off it there is only the room.
COARSE, FAR = 4, -1e4
# The screen's light on a picture is kept coarser than the picture, by this factor.
LIT_PART = 4
# What lies beyond the picture goes on as in a mirror: smeared rows were straight edges and chins.
EDGE = cv2.BORDER_REFLECT_101


class Bank:
    """One person, seen from the front, turned and nodding, ready to be filmed many times."""

    def __init__(self, letter: str) -> None:
        person = Person(STILLS[letter], still_picture(letter))
        self._turned = {yaw: _kept(person.seen(Pose(yaw=yaw))) for yaw in YAWS}
        self._nodded = {up: _kept(person.seen(Pose(pitch=-up))) for up in NODS}

    def seen(self, pose: Array) -> View:
        """Return the person in a pose [6] as of `attack_shapes.seen`; roll and place move all."""
        yaw, up = float(pose[0]), float(pose[1])
        if up > abs(yaw) and up >= 5:
            view = self._nodded[int(np.clip(round(up), NODS[0], NODS[-1]))]
        else:
            view = self._turned[int(np.clip(round(yaw), YAWS[0], YAWS[-1]))]
        size = float(AWAY_MM / -pose[5])
        about = (WIDTH / 2, HEIGHT / 2)
        turned = np.asarray(cv2.getRotationMatrix2D(about, -float(pose[2]), size), np.float64)
        shift = np.zeros((2, 3))
        shift[:, 2] = pose[3:5] * PX_PER_MM * size
        place = turned + shift
        pixels = cv2.warpAffine(view.pixels, place, (WIDTH, HEIGHT), borderMode=EDGE)
        place = place / np.array([1, 1, LIT_PART])
        size_lit = (WIDTH // LIT_PART, HEIGHT // LIT_PART)
        lit = cv2.warpAffine(view.lit, place, size_lit, borderMode=EDGE)
        return View(pixels.astype(np.uint8), lit.astype(np.float32))


@dataclass(frozen=True, slots=True)
class Bend:
    """How a sheet is bent: about which axis, 0 is upright, and the radius, or a crease's angle."""

    axis_degrees: float = 0.0
    radius_mm: float = np.inf
    crease_degrees: float = 0.0


def sheet(photo: View, bend: Bend, pose: Array, cut_out: bool) -> View:
    """Return a print of `photo`, life-size, held up in the room in a pose [6]."""
    x, y = _met(bend, pose)
    maps = (x * PX_PER_MM + WIDTH / 2, y * PX_PER_MM + HEIGHT / 2)
    across, down = (cv2.resize(m.astype(np.float32), (WIDTH, HEIGHT)) for m in maps)
    paper = np.ones((HEIGHT, WIDTH), np.float32)
    if cut_out:
        share = cv2.resize(photo.lit, (WIDTH, HEIGHT))
        paper = np.clip((share - ROOM_LIT) / (BODY_LIT - ROOM_LIT), 0, 1).astype(np.float32)
    pixels, cover = (
        cv2.remap(image, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        for image in (photo.pixels, paper)
    )
    print_ = cv2.merge([np.rint(255 * cover).astype(np.uint8)] * 3)
    front = cv2.multiply(pixels, print_, scale=1 / 255)
    behind = cv2.multiply(_room(), 255 - print_, scale=1 / 255)
    held = np.asarray(cv2.add(front, behind), np.uint8)
    return View(held, _coarse(ROOM_LIT + np.float32(1 - ROOM_LIT) * cover))


def displayed(view: View) -> View:
    """Return the same picture on a pane that fills the camera's view and answers hardly at all."""
    return View(view.pixels, np.full((1, 1), DISPLAY_LIT, np.float32))


@cache
def _room() -> Pixels:
    return room()


def _kept(view: View) -> View:
    return View(view.pixels, _coarse(view.lit))


def _coarse(lit: Floats) -> Floats:
    size = (WIDTH // LIT_PART, HEIGHT // LIT_PART)
    return np.asarray(cv2.resize(lit, size, interpolation=cv2.INTER_AREA), np.float32)


def _met(bend: Bend, pose: Array) -> tuple[Array, Array]:
    """Return which place of the sheet, in mm from its middle, each coarse pixel sees; FAR: none."""
    v, u = (np.mgrid[0 : HEIGHT // COARSE, 0 : WIDTH // COARSE] + 0.5) * COARSE - 0.5
    rays = np.stack([(u - WIDTH / 2) / FOCAL_PX, (v - HEIGHT / 2) / FOCAL_PX, -np.ones_like(u)])
    turn = rotation(Pose(float(pose[0]), -float(pose[1]), float(pose[2]))).astype(np.float64)
    axis = np.radians(bend.axis_degrees)
    spin = np.array([[np.cos(axis), np.sin(axis), 0], [-np.sin(axis), np.cos(axis), 0], [0, 0, 1]])
    to_sheet = spin @ turn.T
    eye, rays = to_sheet @ -pose[3:], np.tensordot(to_sheet, rays, 1)
    with np.errstate(all="ignore"):
        if bend.crease_degrees:
            across, along = _creased(eye, rays, np.tan(np.radians(bend.crease_degrees)))
        elif np.isinf(bend.radius_mm):
            reach = -eye[2] / rays[2]
            across, along = eye[0] + reach * rays[0], eye[1] + reach * rays[1]
        else:
            across, along = _rolled(eye, rays, bend.radius_mm)
    x, y = np.tensordot(spin[:2, :2].T, np.stack([across, along]), 1)
    return np.where(np.isfinite(x), x, FAR), np.where(np.isfinite(y), y, FAR)


def _rolled(eye: Array, rays: Array, radius: float) -> tuple[Array, Array]:
    # The cylinder's axis lies a radius behind the sheet's middle.
    back = eye[2] + radius
    a, b = rays[0] ** 2 + rays[2] ** 2, eye[0] * rays[0] + back * rays[2]
    reach = (-b - np.sqrt(b**2 - a * (eye[0] ** 2 + back**2 - radius**2))) / a
    angle = np.arctan2(eye[0] + reach * rays[0], back + reach * rays[2])
    return radius * angle, eye[1] + reach * rays[1]


def _creased(eye: Array, rays: Array, slope: float) -> tuple[Array, Array]:
    # Drawn so that it looks right from the front.
    x, y, nearest = (np.full(rays[0].shape, value) for value in (np.nan, np.nan, np.inf))
    for side in (1, -1):
        reach = -(eye[2] + side * slope * eye[0]) / (rays[2] + side * slope * rays[0])
        across, down = eye[0] + reach * rays[0], eye[1] + reach * rays[1]
        hit = (reach > 0) & (side * across >= 0) & (reach < nearest)
        flat = AWAY_MM / (AWAY_MM + np.abs(across) * slope)
        nearest = np.where(hit, reach, nearest)
        x, y = np.where(hit, across * flat, x), np.where(hit, down * flat, y)
    return x, y
