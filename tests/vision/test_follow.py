"""Detecting and following on pictures of real heads: near the plain pipeline, and near each other.

Plain: the published port's cascade with exact area averages, every box kept that it keeps.
"""

import weakref
from functools import cache

import numpy as np
import pytest

from edge_atm.models import Models
from edge_atm.records import Face, Floats
from edge_atm.vision.boxes import overlaps
from edge_atm.vision.detector import Detector
from edge_atm.vision.pose import eye_distance_px
from tests.rig.camera import Clip
from tests.rig.sources import still_picture

pytestmark = pytest.mark.slow

# Landmarks of the plain pipeline. It does not agree with itself better: rounding the pictures to
# bytes on the way to the nets moves its landmarks by .013 eye distances, and by .04 in one of 20.
PLAIN = {
    "a1": [[441.9, 213.2], [552, 211.9], [495.6, 275.3], [436, 318.3], [553.5, 316.8]],
    "a2": [[252.8, 369.1], [371.8, 381.2], [285.7, 444], [247.3, 518], [355.7, 526.3]],
    "a3": [[737.2, 384.4], [860.1, 401.1], [812.2, 440.7], [734.4, 509.8], [846, 527]],
    "b": [[535.1, 321.9], [655.3, 347], [596.4, 410.3], [516.2, 460.2], [629.9, 480.7]],
    "c": [[204.6, 101.8], [247.5, 103.7], [225.3, 129.7], [202.4, 140.8], [245.9, 142.3]],
}
NEAR = 0.06


@cache
def detector() -> Detector:
    return Detector(Models())


def distances(found: Floats, expected: Floats) -> Floats:
    """Return how far each landmark lies off, in eye distances."""
    off = np.linalg.norm(found - expected, axis=1) / eye_distance_px(expected)
    return np.asarray(off, dtype=np.float32)


@pytest.mark.parametrize("letter", PLAIN)
def test_landmarks_lie_near_those_of_the_plain_pipeline(letter: str) -> None:
    faces = detector().detect(still_picture(letter))
    assert len(faces) == 1
    assert distances(faces[0].landmarks, np.array(PLAIN[letter], np.float32)).max() <= NEAR


@pytest.mark.parametrize("clip", ["a2", "b", "c"])
def test_a_followed_face_is_the_one_that_a_search_finds(clip: str) -> None:
    off: list[float] = []
    for segment in ("front", "left", "slow"):
        frames = Clip.load(clip).segment(segment)
        face = detector().detect(frames[0])[0]
        for pixels in frames[1:]:
            followed = detector().follow(pixels, face)
            assert followed is not None
            searched = detector().detect(pixels)[0]
            off.append(float(distances(followed.landmarks, searched.landmarks).mean()))
            assert overlaps(followed.box, searched.box[None])[0] >= 0.7
            face = followed
    assert np.median(off) <= 0.03
    assert np.percentile(off, 95) <= NEAR


@pytest.mark.parametrize("shift", [0.0, 0.05, -0.05])
def test_a_face_is_followed_from_beside_it(shift: float) -> None:
    pixels = Clip.load("b").segment("front")[0]
    face = detector().detect(pixels)[0]
    aside = np.float32(shift) * (face.box[2] - face.box[0])
    followed = detector().follow(pixels, Face(face.box + aside, face.landmarks, face.confidence))
    assert followed is not None
    assert distances(followed.landmarks, face.landmarks).mean() <= NEAR


def test_a_face_that_left_is_not_followed() -> None:
    pixels = Clip.load("b").segment("front")[0].copy()
    face = detector().detect(pixels)[0]
    assert detector().follow(pixels[:, ::-1], face) is not None
    pixels[:, 100:540] = 90
    assert detector().follow(pixels, face) is None


def test_the_last_customers_picture_is_not_kept() -> None:
    pixels = Clip.load("b").segment("front")[0].copy()
    face = detector().detect(pixels)[0]
    detector().follow(pixels, face)
    picture = weakref.ref(pixels)
    del pixels
    assert picture() is None


def test_a_view_of_a_frame_is_read_like_a_copy() -> None:
    pixels = Clip.load("b").segment("front")[0]
    view = pixels[:, ::-1]
    for seen, copied in zip(
        detector().detect(view), detector().detect(np.ascontiguousarray(view)), strict=True
    ):
        np.testing.assert_array_equal(seen.landmarks, copied.landmarks)


def test_a_face_at_the_border_is_found_and_followed() -> None:
    pixels = Clip.load("b").segment("front")[0]
    face = detector().detect(pixels)[0]
    left = round(float(face.box[0] * 0.9 + face.box[2] * 0.1))
    cut = pixels[:, left:]
    at_border = detector().detect(cut)[0]
    followed = detector().follow(cut, at_border)
    assert followed is not None
    for seen in (at_border, followed):
        assert distances(seen.landmarks + np.array([left, 0]), face.landmarks).mean() <= 0.1
