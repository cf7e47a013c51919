"""Heads and prints as points in space, and what a landmark detector makes of them: a model.

Millimetres: x to the picture's right, y down, z to the camera, the origin between the eyes. First
axis: sessions. Everything here is a model: figures with it are *simulated*.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_atm.records import Floats
from edge_atm.vision.midline import COLUMNS, ROWS

Array = NDArray[np.float64]

# Distance of the pupils: Dodgson 2004 (SPIE 5291), 63.4 mm, sd 3.8.
EYES_MM, EYES_SD_MM = 63.4, 3.8
# From the pupils down to the mouth: nose n-sn 48 to 53 mm and upper lip sn-sto 20 to 25 mm (Farkas
# 2005, J. Craniofac. Surg. 16: 615), less the 8 mm from nasion to pupils; width of the mouth
# ch-ch 47 to 56 mm (the same).
MOUTH_DOWN_MM, MOUTH_DOWN_SD_MM, MOUTH_WIDE_MM, MOUTH_WIDE_SD_MM = 66.0, 4.5, 51.0, 4.0
# The tip lies .57 of the way down and sn-prn 15 to 20 mm before the lip (the same), the lip some 6
# mm before the plane of pupils and mouth corners. Flat noses are in the range on purpose.
TIP_PART, TIP_SD_MM, TIP_MM, TIP_RANGE_MM = 0.57, 2.0, (24.0, 2.5), (17.0, 32.0)
# Down the middle of a face, between the eyes (0) over the tip (TIP_PART) to the mouth's centre (1):
# how much of the tip's depth stands before the plane of eyes and mouth corners. The bridge is 13 to
# 20 mm wide, the nose al-al 31 to 43 mm (the same): half of it stands half as far out.
PROFILE = (
    *((-0.2, 0.3), (0.0, 0.25), (0.2, 0.38), (0.45, 0.88), (0.57, 1.0), (0.7, 0.45)),
    *((0.85, 0.35), (1.0, 0.3), (1.2, 0.25)),
)
HALF_NOSE_MM = ((0.0, 5.5), (TIP_PART, 9.5), (0.7, 16.0))
# In eye distances. On frontal frames of real clips residuals have an sd of .003 to .01, 1.2 times a
# landmark's; the last net sees every face as 48 px, so that noise grows with the face. A tracked
# point of the middle line errs by .3 to 1 px of 64.
MARK_NOISE, POINT_NOISE = (0.003, 0.012), (0.005, 0.015)
# Of prints tilted by up to 35 degrees the nose's part moved by .03 (flat) to .11 (bent to 6 cm).
NOD_PRIOR = 0.3
# A head turns about its neck, a print about its middle.
NECK_MM, HAND_MM = (0.0, 60.0, -95.0), (0.0, 35.0, 0.0)


@dataclass(frozen=True, slots=True)
class Shapes:
    """`marks` [S, 5, 3] (as `Face.landmarks`) and `middle` [S, K, 3] (as `midline.SEEDS`).

    `pivot` [3]: what they turn about. `prior` [S]: how far the
    detector's idea of a head carries a flat nose along, 1 is a whole head.
    """

    marks: Array
    middle: Array
    pivot: Array
    prior: Array


@dataclass(frozen=True, slots=True)
class Sheet:
    """How prints of one species are bent: each value is a range to draw from.

    `axis_degrees`: 0 is an upright axis, 90 a level one. `radius_mm` None is a crease along the
    axis, each half `crease_degrees` back; `prior` as in Shapes.
    """

    prior: tuple[float, float]
    axis_degrees: tuple[float, float] = (0.0, 0.0)
    radius_mm: float | None = np.inf
    crease_degrees: tuple[float, float] = (15.0, 60.0)


def heads(count: int, random: np.random.Generator) -> Shapes:
    """Return so many different people."""
    eyes = random.normal(EYES_MM, EYES_SD_MM, count).clip(52, 76)
    down = random.normal(MOUTH_DOWN_MM, MOUTH_DOWN_SD_MM, count).clip(52, 80)
    wide = random.normal(MOUTH_WIDE_MM, MOUTH_WIDE_SD_MM, count).clip(38, 64)
    tip_down = TIP_PART * down + random.normal(0, TIP_SD_MM, count)
    depth = random.normal(*TIP_MM, count).clip(*TIP_RANGE_MM)
    zero = np.zeros(count)
    # No nose is quite in the middle.
    aside = random.normal(0, 1.0, count)
    marks = [
        *((-eyes / 2, zero, zero), (eyes / 2, zero, zero), (aside, tip_down, depth)),
        *((-wide / 2, down, zero), (wide / 2, down, zero)),
    ]
    share = np.interp(ROWS, *np.array(PROFILE).T)
    # Bridges and lips differ from person to person apart from the tip.
    varied = share * random.normal(1, 0.12, (count, len(ROWS)))
    sideways = aside[:, None] * np.interp(ROWS, (0, TIP_PART, 1), (0, 1, 0))
    x = (COLUMNS * down[:, None])[:, None] + sideways[:, :, None]
    fall = np.exp2(
        -(
            (
                (COLUMNS * down[:, None])[:, None]
                / np.interp(ROWS, *np.array(HALF_NOSE_MM).T)[:, None]
            )
            ** 2
        )
    )
    z = varied[:, :, None] * depth[:, None, None] * fall
    y = np.broadcast_to((ROWS * down[:, None])[:, :, None], x.shape)
    middle = np.stack([x, y, z], -1).reshape(count, -1, 3)
    points = np.stack([np.stack(mark, -1) for mark in marks], 1)
    return Shapes(points, middle, np.array(NECK_MM), zero)


def prints(sheet: Sheet, people: Shapes, random: np.random.Generator) -> Shapes:
    """Return photographs of these people, life-size, bent as the sheet says."""
    count = len(people.marks)
    axis = np.radians(random.uniform(*sheet.axis_degrees, count)) * random.choice((-1, 1), count)
    crease = np.radians(random.uniform(*sheet.crease_degrees, count))
    away = random.uniform(800, 2000, count)

    def bent(points: Array) -> Array:
        # The photographer stood `away`: that much of the depth is in the picture.
        flat = points[..., :2] * (away[:, None] / (away[:, None] - points[..., 2]))[..., None]
        flat = flat - np.array(HAND_MM[:2])
        across, along = _turned(flat, axis)
        if sheet.radius_mm is None:
            # Drawn so that it looks right from the front.
            x, z = across, -np.abs(across) * np.tan(crease)[:, None]
        elif np.isinf(sheet.radius_mm):
            x, z = across, np.zeros_like(across)
        else:
            angle = across / sheet.radius_mm
            x, z = sheet.radius_mm * np.sin(angle), sheet.radius_mm * (np.cos(angle) - 1)
        u, v = _turned(np.stack([x, along], -1), -axis)
        return np.stack([u, v + HAND_MM[1], z], -1)

    prior = random.uniform(*sheet.prior, count)
    return Shapes(bent(people.marks), bent(people.middle), np.array(HAND_MM), prior)


@dataclass(frozen=True, slots=True)
class Lens:
    """Cameras [S]: focal length in px; noise of a landmark and of a tracked point in mm."""

    focal_px: Array
    mark_sd_mm: Array
    point_sd_mm: Array


def lenses(count: int, random: np.random.Generator) -> Lens:
    """Return cameras of 640 px across that see 50 to 75 degrees."""
    seen = np.radians(random.uniform(50, 75, count))
    marks, points = (random.uniform(*r, count) * EYES_MM for r in (MARK_NOISE, POINT_NOISE))
    return Lens(320 / np.tan(seen / 2), marks, points)


def seen(shapes: Shapes, lens: Lens, pose: Array) -> tuple[Floats, Array]:
    """Return marks [S, 5, 2] and middle lines [S, K, 2] in px, without noise.

    `pose` [S, 6]: yaw (LEFT positive), pitch (up positive) and roll in degrees, then the pivot's
    place before the camera in mm.
    """
    turn = _rotation(np.radians(pose[:, :3]))
    flat = []
    for points in (shapes.marks, shapes.middle):
        at = (points - shapes.pivot) @ turn.transpose(0, 2, 1) + shapes.pivot + pose[:, None, 3:]
        flat.append(at[..., :2] * (lens.focal_px[:, None] / -at[..., 2])[..., None])
    marks, middle = flat
    # The net has learned from heads: it lets the nose of a turned picture run ahead.
    ahead = shapes.prior * TIP_MM[0] * lens.focal_px / -pose[:, 5]
    marks[:, 2, 0] += ahead * np.sin(np.radians(pose[:, 0]))
    marks[:, 2, 1] -= NOD_PRIOR * ahead * np.sin(np.radians(pose[:, 1]))
    centre = np.array((320.0, 200.0))
    return (marks + centre).astype(np.float32), middle + centre


def _turned(points: Array, angle: Array) -> tuple[Array, Array]:
    c, s = np.cos(angle)[:, None], np.sin(angle)[:, None]
    return c * points[..., 0] + s * points[..., 1], c * points[..., 1] - s * points[..., 0]


def _rotation(angles: Array) -> Array:
    """Return [S, 3, 3]: first yaw, then pitch, then roll."""
    (sy, sp, sr), (cy, cp, cr) = np.sin(angles).T, np.cos(angles).T
    zero, one = np.zeros_like(sy), np.ones_like(sy)

    def rows(*values: Array) -> Array:
        return np.stack(values, -1).reshape(-1, 3, 3)

    yaw = rows(cy, zero, sy, zero, one, zero, -sy, zero, cy)
    pitch = rows(one, zero, zero, zero, cp, -sp, zero, sp, cp)
    roll = rows(cr, -sr, zero, sr, cr, zero, zero, zero, one)
    return roll @ pitch @ yaw
