"""What is held up in a head's place: prints, stiff, bent and creased, and a tablet."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_atm.records import Pixels
from tests.rig.head import CAMERA_AWAY, FOCAL_PX, HEIGHT, WIDTH, Pose, rotation
from tests.rig.scene import ROOM_LIT, View, room

# A tablet of 13 inches held upright, and its black rim, in eye distances. Its glass sends back of
# the screen's light so little more (`optics`: 1 to 2 %, beside what it shines itself) that a face
# would do so in this share of it.
DISPLAY_SIZE, DISPLAY_RIM = (3.2, 4.4), 0.15
DISPLAY_LIT = 0.009


def photograph(shown: Pixels, pose: Pose, radius: float | None) -> View:
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


def folded(shown: Pixels, pose: Pose) -> View:
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


def displayed(shown: Pixels, pose: Pose) -> View:
    """Return a tablet that shows the middle of a frame, held up where the face was."""
    eye, rays = _sight(pose, 0.0)
    away = -eye[2] / rays[2]
    along, down = eye[0] + away * rays[0], eye[1] + away * rays[1]
    wide, high = (side / 2 for side in DISPLAY_SIZE)
    frame = shown.copy()
    px = FOCAL_PX / CAMERA_AWAY
    left, top = round(WIDTH / 2 - wide * px), round(HEIGHT / 2 - high * px)
    rim = round(DISPLAY_RIM * px)
    cv2.rectangle(frame, (left, top), (WIDTH - left, HEIGHT - top), (12, 12, 12), rim)
    pixels, lit = _held_up(frame, along, down, (abs(along) < wide) & (abs(down) < high))
    # The pane answers hardly at all where a sheet of paper would answer fully.
    pane = (lit - ROOM_LIT) / (1 - ROOM_LIT)
    return View(pixels, ROOM_LIT + np.float32(DISPLAY_LIT - ROOM_LIT) * pane)


def _sight(pose: Pose, depth: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    # In the print's own axes: the camera's place, and where each pixel's ray goes.
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    rays = np.stack([(x - WIDTH / 2) / FOCAL_PX, (y - HEIGHT / 2) / FOCAL_PX, -np.ones_like(x)])
    turn = rotation(pose).astype(np.float64).T
    return turn @ (np.array([0, 0, CAMERA_AWAY + depth]) - pose.shift), np.tensordot(turn, rays, 1)


def _held_up(
    shown: Pixels, along: NDArray[np.float64], down: NDArray[np.float64], hit: NDArray[np.bool_]
) -> View:
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
    pixels = np.rint(room() * (1 - cover) + printed * cover).astype(np.uint8)
    return View(pixels, ROOM_LIT + np.float32(1 - ROOM_LIT) * cover[..., 0])
