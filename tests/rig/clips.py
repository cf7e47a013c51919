"""Renders the rig's clips into build/clips: `python -m tests.rig.clips`, cached by their recipe."""

import hashlib
import os
import sys
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from rich.console import Console
from rich.progress import track

from edge_atm.records import Pixels
from tests.rig.head import Pose
from tests.rig.held import displayed, folded, photograph
from tests.rig.scene import Person, Sensor, View
from tests.rig.sources import REQUIREMENTS, ROOT, SourceFault, still_picture
from tests.rig.stills import STILLS

CLIPS = ROOT / "build" / "clips"
FPS = 15
JPEG_QUALITY = 95
SEED = 20
# As far for prints as for heads: whoever holds one up turns it as he is told.
YAW_MAX = 38.0
EYE_DISTANCE_CM = 6.3
# Prints of a2: stiff card, bent round cylinders of 12 and 6 cm, creased down the nose.
PRINTS: dict[str, Callable[[Pixels, Pose], View]] = {
    "flat_a2": partial(photograph, radius=None),
    "bent12_a2": partial(photograph, radius=12 / EYE_DISTANCE_CM),
    "bent6_a2": partial(photograph, radius=6 / EYE_DISTANCE_CM),
    "folded_a2": folded,
}
# A recording of a2, who did all that was asked, on a tablet that a hand holds up.
REPLAY = "replay_a2"
NAMES = (*STILLS, *PRINTS, REPLAY)
SEGMENTS = {"front": 23, "left": 24, "right": 24, "slow": 52, "up": 24}
PITCH_UP = 31.0
# The screen's light on a picture is kept coarser than the picture, by this factor.
LIT_PART = 4
# Amplitudes in degrees (yaw, pitch, roll) and eye distances (x, y, z), and frequencies in Hz.
SWAYS = ((0.9, 0.61), (0.7, 0.83), (0.4, 0.47))
DRIFTS = ((0.025, 0.53), (0.015, 0.71), (0.03, 0.37))
# What the stored clips depend on.
RECIPE = ("stills", "sources", "relief", "head", "scene", "held", "clips")


class Shot(NamedTuple):
    """One frame of a clip: a JPEG picture, and a PNG of what share of the screen's light falls on
    each place of it, 255 is all that falls on a face."""

    picture: bytes
    lit: bytes


def build(name: str) -> Path:
    """Return the file of one clip, rendering it if it is not there or its recipe has changed."""
    path = CLIPS / f"{name}.npz"
    recipe = _recipe()
    if path.is_file():
        with np.load(path, allow_pickle=False) as stored:
            if str(stored["recipe"]) == recipe:
                return path
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {"recipe": np.array(recipe)}
    for segment, shots in render(name).items():
        files = [file for shot in shots for file in shot]
        arrays[f"{segment}_bytes"] = np.frombuffer(b"".join(files), dtype=np.uint8)
        arrays[f"{segment}_sizes"] = np.array([len(file) for file in files])
    # Whoever reads while other processes write sees an old file or a whole new one.
    fresh = path.with_name(f"{name}.{os.getpid()}.npz")
    np.savez(fresh, **arrays)
    fresh.replace(path)
    return path


def render(name: str) -> dict[str, list[Shot]]:
    """Return the clip's shots by segment; the same bytes on every run of one machine."""
    sensor = Sensor(np.random.default_rng([SEED, NAMES.index(name)]))
    lengths = SEGMENTS if name in STILLS else {s: n for s, n in SEGMENTS.items() if s != "slow"}
    return {
        segment: [_shot(sensor, view) for view in _views(name, segment, count)]
        for segment, count in lengths.items()
    }


def _views(name: str, segment: str, count: int) -> Iterator[View]:
    moving = poses(segment, count)
    if name in PRINTS:
        print_ = partial(PRINTS[name], _person("a2").seen(Pose()).pixels)
        return map(print_, moving)
    if name == REPLAY:
        # The hand only sways: what turns is the head in the recording.
        recorded = (_person("a2").seen(pose).pixels for pose in moving)
        return map(displayed, recorded, poses("front", count))
    return map(_person(name).seen, moving)


def poses(segment: str, count: int) -> Iterator[Pose]:
    """Yield how the head, or the hand with the print, moves through a segment."""
    t = np.arange(count) / FPS
    # No head and no hand is ever still: slow sways whose periods do not fit each other.
    yaw, pitch, roll = (a * np.sin(2 * np.pi * f * t + f) for a, f in SWAYS)
    x, y, z = (a * np.sin(2 * np.pi * f * t + 3 * f) for a, f in DRIFTS)
    whole = np.arange(count) / (count - 1)
    if segment in ("left", "right"):
        side = 1 if segment == "left" else -1
        # Out, a short hold at the far end, and back.
        yaw += side * (YAW_MAX - 1) * np.clip(1.15 * np.sin(np.pi * whole), 0, 1) ** 1.5
    if segment == "up":
        pitch -= PITCH_UP * np.clip(1.15 * np.sin(np.pi * whole), 0, 1) ** 1.5
    if segment == "slow":
        yaw += 12 * np.sin(2 * np.pi * whole)
        pitch += 4 * np.sin(4 * np.pi * whole)
        roll += 3 * np.sin(2 * np.pi * whole + 1)
        x, z = x + 0.12 * np.sin(2 * np.pi * whole + 2), z + 0.3 * np.sin(2 * np.pi * whole)
    for i in range(count):
        shift = (float(x[i]), float(y[i]), float(z[i]))
        yield Pose(float(yaw[i]), float(pitch[i]), float(roll[i]), shift)


def main() -> int:
    """Render whatever is missing. Returns the exit code."""
    console = Console(stderr=True)
    try:
        for name in track(NAMES, "clips", console=console):
            build(name)
    except SourceFault as fault:
        console.print(str(fault), soft_wrap=True, markup=False)
        return 1
    return 0


@cache
def _person(letter: str) -> Person:
    return Person(STILLS[letter], still_picture(letter))


@cache
def _recipe() -> str:
    files = [*(Path(__file__).with_name(f"{stem}.py") for stem in RECIPE), REQUIREMENTS]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def _shot(sensor: Sensor, view: View) -> Shot:
    size = (view.lit.shape[1] // LIT_PART, view.lit.shape[0] // LIT_PART)
    lit = cv2.resize(view.lit, size, interpolation=cv2.INTER_AREA)
    done, png = cv2.imencode(".png", np.rint(255 * lit).astype(np.uint8))
    assert done
    return Shot(_jpeg(sensor.taken(view.pixels)), png.tobytes())


def _jpeg(pixels: Pixels) -> bytes:
    bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    done, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    assert done
    return jpeg.tobytes()


if __name__ == "__main__":
    sys.exit(main())
