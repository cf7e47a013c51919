from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_atm.models import Models
from edge_atm.records import Face, Floats, Pixels
from edge_atm.vision.detector import Detector
from edge_atm.vision.embedder import Embedder

LFW = Path(__file__).resolve().parents[3] / "shared" / "data" / "lfw"
PAIRS = 30
# Thresholds of the uncentred cosine, either side of .37, which separates the five folds best.
SAME_MEDIAN_MIN, DIFFERENT_MEDIAN_MAX = 0.6, 0.15
THRESHOLD, MISTAKES_MAX = 0.37, 2

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not LFW.is_dir(), reason=f"the LFW pictures are not in {LFW}"),
]


def picture(name: str, number: str) -> Pixels:
    found = cv2.imread(str(LFW / name / f"{name}_{int(number):04d}.jpg"))
    assert found is not None
    return np.asarray(found[:, :, ::-1], dtype=np.uint8)


def pairs_of_fold_one() -> tuple[list[list[str]], list[list[str]]]:
    lines = (LFW / "dev-folds.txt").read_text(encoding="utf-8").splitlines()[1:601]
    rows = [line.split("\t") for line in lines]
    same = [[name, i, name, j] for name, i, j in rows[:PAIRS]]
    return same, rows[300 : 300 + PAIRS]


def central(faces: list[Face]) -> Face:
    return min(faces, key=lambda f: float(np.hypot(*((f.box[:2] + f.box[2:]) / 2 - 125))))


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector(Models(), min_face_px=40)


def cosines(detector: Detector, embedder: Embedder, pairs: list[list[str]]) -> Floats:
    def vector(name: str, number: str) -> Floats:
        pixels = picture(name, number)
        return embedder.embed(pixels, central(detector.detect(pixels))).vector

    return np.array([vector(a, i) @ vector(b, j) for a, i, b, j in pairs], np.float32)


def test_pictures_of_one_person_are_nearer_than_those_of_two(detector: Detector) -> None:
    embedder = Embedder(Models())
    same, different = (cosines(detector, embedder, pairs) for pairs in pairs_of_fold_one())
    assert np.median(same) >= SAME_MEDIAN_MIN
    assert np.median(different) <= DIFFERENT_MEDIAN_MAX
    assert np.sum(same < THRESHOLD) + np.sum(different >= THRESHOLD) <= MISTAKES_MAX


def test_landmarks_lie_where_a_face_has_them(detector: Detector) -> None:
    for name, number, _, _ in pairs_of_fold_one()[1]:
        face = central(detector.detect(picture(name, number)))
        width, height = face.box[2:] - face.box[:2]
        eye, other_eye, nose, mouth, other_mouth = (face.landmarks - face.box[:2]) / [width, height]
        assert 70 <= width <= 125
        assert 1.1 <= height / width <= 1.6
        assert 0.1 < eye[0] < other_eye[0] < 0.97
        assert mouth[0] < other_mouth[0]
        assert max(eye[1], other_eye[1]) < nose[1] < min(mouth[1], other_mouth[1]) < 1


def test_a_view_is_read_as_what_it_shows(detector: Detector) -> None:
    pixels = picture("Abel_Pacheco", "1")
    (face,) = detector.detect(pixels)
    (copied,) = detector.detect(np.ascontiguousarray(pixels))
    np.testing.assert_array_equal(face.box, copied.box)
