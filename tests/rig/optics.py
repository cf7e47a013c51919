"""The rig's optics: what a camera sees of a face, a print or a display in the screen's light.

Colours are linear sRGB, 1 is white; light is illuminance in lux, per channel, so that 300 lx of
neutral light is (300, 300, 300). Everything here is a model: figures with it are *simulated*.
"""

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from edge_atm.records import Floats, Pixels

Light = NDArray[np.float64]
Commands = Sequence[tuple[float, tuple[float, ...] | None]]

# Five clusters of facial skin, CIE L*a*b*, and their hearts from light to dark: 120 people measured
# at 45/0 degrees (IADR 2009 abstract 120461, "Proposed shade guide for human facial skin"). Before
# them a light inner forearm (Weatherall & Coombs 1992, J. Invest. Dermatol. 99: L* about 67).
SKIN_LAB = (
    *((67.0, 7.0, 15.0), (52.5, 17.0, 18.9), (49.4, 22.0, 12.3)),
    *((41.5, 25.5, 13.3), (37.7, 17.2, 14.7), (26.7, 14.6, 14.7)),
)
# The unit's screen. Raspberry Pi Touch Display 2: 7 inch, active area 87 x 156 mm, 500 cd/m2. Seven
# tenths of that remain behind the unit's own glass and with a backlight that has aged.
SCREEN_CD_M2, SCREEN_M = 350.0, (0.087, 0.156)
# Between fields it shows the interface: a dark page.
NEUTRAL = (0.35, 0.35, 0.35)
# A colour leaks into the next channel through the filters of panel and camera, after the camera's
# own colour matrix has undone most of it.
CROSSTALK = 0.08
# TN and IPS panels of this size state 25 to 35 ms from black to white, 10 to 90 %: an exponential
# with this time constant; then it waits for the next of 60 pictures a second.
PANEL_SECONDS, REFRESH_SECONDS = 0.014, 1 / 60
FACE_M, BACKGROUND_M = 0.5, (1.0, 2.5)
# EN 12464-1: 100 lx in passages, 300 at customers' counters, 500 at desks. Here: on the face.
LOBBY_LUX, LOBBY_KELVIN = 300.0, 4000.0
KELVIN = (2700.0, 6500.0)
# DisplayMate, in an integrating sphere: iPad 2 8.7 %, Galaxy Tab 10.1 8.2 %, Galaxy S7 4.6 %, iPad
# Pro 1.7 %. Of that the mirror takes most (4 % and more: glass of index 1.5 by Fresnel's formula).
GLASS_MIRROR, GLASS_DIFFUSE = (0.017, 0.087), (0.01, 0.02)
# Tablets and telephones of those tests: 350 to 600 cd/m2.
DISPLAY_CD_M2 = (350.0, 600.0)
# Coated photo paper and its inks reach from about .03 to .85.
PAPER = (0.03, 0.85)
# Small CMOS sensors: some 6,000 electrons at white, 3 of read noise; fewer, and amplified, below
# 200 lx, where the longest exposure of 15 frames a second no longer suffices.
FULL_WELL, READ_NOISE, FULL_WELL_LUX = 6000.0, 3.0, 200.0
# Video compression and noise filters leave one of 16 pixels independent of its neighbours: a patch
# of 40 x 40 px is so many samples.
SAMPLES = 100
# Grey of the middle of the picture that automatic exposure wants, and the part of the way, in logs,
# that exposure and white balance go in a frame of 1/15 s.
GREY, EXPOSURE_STEP, BALANCE_STEP = 0.18, 0.25, 0.03
# Fluorescent tubes on magnetic ballasts: 100 Hz, up to 30 % and more of modulation; anti-banding
# cameras expose for whole periods, others let it beat. Blue phosphors fall off sooner.
FLICKER_HZ, FLICKER_MAX, FLICKER_CHROMA = 100.0, 0.3, 0.1
# A swaying head is lit now more by one lamp, now more by another, and these differ in colour.
SWAY, SWAY_CHROMA, SWAY_HZ = 0.03, 0.004, (0.2, 0.9)
# A patch is no even colour: its samples differ by this part.
TEXTURE = 0.12
# Cameras' tone curves bend away from sRGB's: as a power of linear light.
TONE = (0.85, 1.2)
# Where a face 63 mm between the eyes has its patches, in cm right of and below the nose's bridge,
# and how wide they are: forehead, cheeks, the features' middle, and beside the head.
PATCHES_CM = ((0.0, -3.2), (-3.0, 3.7), (3.0, 3.7), (0.0, 1.2), (-11.5, -2.0), (11.5, -2.0))
PATCH_CM, SKIN_PATCHES, FEATURES_CM = 2.4, 3, 8.2
# Brows, eyes and nostrils: the logarithm of their light, less what is broader, has an sd of .41 to
# .84 on frontal pictures (Yale, 8 people): of what they cover about this part is darker than
# skin. It is as large as 12 patches, so that its mean noise is .29 of one's.
FEATURES_SD, FEATURES_PART, FEATURES_NOISE = (0.4, 0.7), 0.25, 0.29
# What shines, and shadows that are filled, pale the features as a mirror image would: the part of
# the answer for which that holds. Pairs of those pictures in light of other directions, laid over
# each other: -.04 to .34 beside a lamp in front, 0 to .34 beside a hard one from the side.
FILLED = (0.0, 0.34)
DITHER_SHIFTS = 64


def screen_lux(away_m: float) -> float:
    """Return the light of the unit's white screen on what faces it, by the inverse square law."""
    return SCREEN_CD_M2 * SCREEN_M[0] * SCREEN_M[1] / away_m**2


def from_lab(lab: Sequence[float]) -> Light:
    """Return linear sRGB [3] of CIE L*a*b* under D65 (CIE 15; IEC 61966-2-1), 0 to 1."""
    level = (lab[0] + 16) / 116
    f = np.array([level + lab[1] / 500, level, level - lab[2] / 200])
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * [0.9505, 1.0, 1.089]
    return np.clip(_from_xyz(xyz), 0.005, 1.0)


def white_of(kelvin: float) -> Light:
    """Return a black body's colour at luminance 1 (Kim et al., US 7024034, 2222 K and more)."""
    t = 1e3 / kelvin
    if kelvin <= 4000:
        x = -0.2661239 * t**3 - 0.2343589 * t**2 + 0.8776956 * t + 0.179910
        y = -0.9549476 * x**3 - 1.37418593 * x**2 + 2.09137015 * x - 0.16748867
    else:
        x = -3.0258469 * t**3 + 2.1070379 * t**2 + 0.2226347 * t + 0.240390
        y = 3.0817580 * x**3 - 5.87338670 * x**2 + 3.75112997 * x - 0.37001483
    return np.clip(_from_xyz(np.array([x / y, 1.0, (1 - x - y) / y])), 0.02, None)


def to_srgb(linear: ArrayLike) -> Light:
    """Return sRGB levels 0..255, not rounded, of linear light (IEC 61966-2-1)."""
    light = np.clip(linear, 0, 1)
    return 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def from_srgb(levels: ArrayLike) -> Light:
    """Return linear light 0..1 of sRGB levels 0..255 (IEC 61966-2-1)."""
    share = np.asarray(levels, dtype=np.float64) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def shown(
    at_seconds: Light, commands: Commands, latency_seconds: float, exposure_seconds: float
) -> Light:
    """Return the unit's screen as frames stamped `at_seconds` [N] saw it: [N, 3], white is 1.

    `commands`: when a colour was commanded; None is the interface, which also came before.
    `latency_seconds`: from the command to the first light, and from light to a frame's time stamp.
    """
    leak = np.eye(3) * (1 - CROSSTALK) + np.roll(np.eye(3), 1, 0) * CROSSTALK / 2
    leak += np.roll(np.eye(3), -1, 0) * CROSSTALK / 2
    # The mean over an exposure, at eight moments of it.
    moments = np.linspace(-0.5, 0.5, 8) * exposure_seconds
    seen = at_seconds[:, None] + moments - latency_seconds - exposure_seconds / 2
    light = np.broadcast_to(np.array(NEUTRAL), (*seen.shape, 3)).copy()
    for began, colour in commands:
        # The panel starts from where it is: fields last many time constants, so from the last one.
        part = 1 - np.exp(-np.clip(seen - began, 0, None) / PANEL_SECONDS)
        light += (np.array(colour or NEUTRAL) - light) * part[..., None]
    return np.asarray(light.mean(axis=1) @ leak)


def in_light(
    pixels: Pixels, share: Floats, screen: Light, lux: float, random: np.random.Generator
) -> Pixels:
    """Return a picture as it looks in the screen's light, uint8 [H, W, 3]; it was taken in NEUTRAL.

    `share` [any, any], 0 to 1: how much of the light on a face at FACE_M falls on each place, for
    what it reflects of other light. `screen` [3]: as from `shown`. `lux`: of a lamp of
    LOBBY_KELVIN, to which the camera's white is set.
    """
    answer = screen_lux(FACE_M) / (lux * white_of(LOBBY_KELVIN))
    before, now = (1 + share[..., None] * answer * light for light in (np.array(NEUTRAL), screen))
    # Above sRGB's short straight piece a factor in light is one in levels, less their offset.
    factor = ((now / before) ** (1 / 2.4)).astype(np.float32)
    whole = cv2.resize(factor, pixels.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    offset = np.float32(255 * 0.055)
    # Levels are whole already: without noise a change of half of one would be all or nothing.
    y, x = random.integers(0, DITHER_SHIFTS, 2)
    dither = _dither(*pixels.shape)[y : y + pixels.shape[0], x : x + pixels.shape[1]]
    levels = np.rint((pixels + offset) * whole + (dither - offset))
    return np.asarray(np.clip(levels, 0, 255), dtype=np.uint8)


def veiled(pixels: Pixels, screen: Light, mirror: float, display_cd_m2: float) -> Pixels:
    """Return a display's picture, uint8 [H, W, 3], with the unit's screen mirrored all over it.

    `screen` [3]: as from `shown`. `mirror`: the glass's part. White is what the display shines.
    """
    veil = mirror * SCREEN_CD_M2 / display_cd_m2 * screen
    levels = to_srgb(from_srgb(np.arange(256))[:, None] + veil)
    return np.asarray(cv2.LUT(pixels, np.rint(levels).astype(np.uint8)[None]), np.uint8)


def mirrored(away_m: float, centre_cm: ArrayLike, upright: bool) -> Light:
    """Return what part of each patch of a face shown on a display the unit's screen is mirrored in.

    [patches], 0 to 1. The display is `away_m` from camera and screen, and the face on it so small
    that it looks like one at FACE_M. A plane mirror shows the screen twice as far away: half as
    large as it is, where the display is. `centre_cm`: of that, from the shown nose's bridge.
    """
    size = np.array(SCREEN_M if upright else SCREEN_M[::-1]) * 100 / 2
    scale = away_m / FACE_M
    at = np.array(PATCHES_CM) * scale - np.asarray(centre_cm)
    wide = np.full((len(at), 1), PATCH_CM * scale)
    wide[SKIN_PATCHES] = FEATURES_CM * scale
    edges = np.minimum(at + wide / 2, size / 2) - np.maximum(at - wide / 2, -size / 2)
    return np.asarray(np.clip(edges / wide, 0, 1).prod(axis=1))


@cache
def _dither(height: int, width: int, channels: int) -> Floats:
    size = (height + DITHER_SHIFTS, width + DITHER_SHIFTS, channels)
    return np.random.default_rng(0).random(size, dtype=np.float32) - np.float32(0.5)


def _from_xyz(xyz: Light) -> Light:
    rows = [[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]]
    return np.asarray(np.array(rows) @ xyz)
