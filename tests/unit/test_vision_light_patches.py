import numpy as np
import pytest

from edge_atm.records import Face, Pixels
from edge_atm.vision.light import PATCHES, patches
from edge_atm.vision.light_response import SKIN

LANDMARKS = np.array([[280, 200], [360, 200], [320, 245], [290, 290], [350, 290]], np.float32)
FACE = Face(np.array([240, 140, 400, 330], np.float32), LANDMARKS, 0.999)


def test_patches_are_measured_in_linear_light() -> None:
    light = patches(np.full((480, 640, 3), (188, 128, 64), np.uint8), FACE)
    # IEC 61966-2-1: these levels are .503, .216 and .051 of white.
    assert light == pytest.approx(np.tile([0.503, 0.216, 0.0513], (len(PATCHES), 1)), abs=1e-3)


def grey(level: int = 128) -> Pixels:
    return np.full((480, 640, 3), level, np.uint8)


@pytest.mark.parametrize("level", [0, 4, 252, 255])
def test_the_ends_of_the_scale_tell_no_light(level: int) -> None:
    assert np.isnan(patches(grey(level), FACE)).all()


def test_a_background_near_white_tells_no_light_where_skin_still_does() -> None:
    light = patches(grey(245), FACE)
    assert np.isfinite(light[:SKIN]).all()
    assert np.isnan(light[SKIN:]).all()


def test_patches_beyond_the_picture_are_not_seen() -> None:
    moved = Face(FACE.box, LANDMARKS - np.array([240, 0], np.float32), 0.999)
    seen = np.isfinite(patches(grey(), moved)).all(axis=1)
    assert seen.tolist() == [True, True, True, False, True, False, True]


@pytest.mark.parametrize("bad", [None, np.nan, np.inf, 1e9])
def test_no_face_no_light(bad: float | None) -> None:
    face = None if bad is None else Face(FACE.box, np.full_like(LANDMARKS, bad), 0.999)
    assert np.isnan(patches(grey(), face)).all()
