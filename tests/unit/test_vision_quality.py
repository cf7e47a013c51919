import cv2
import numpy as np
import pytest

from edge_atm.records import Face, Hint, Pixels
from edge_atm.vision.quality import fault_of
from tests.vision.stage import EYES_PX, NOISE, face


def blurred(pixels: Pixels) -> Pixels:
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), 6), dtype=np.uint8)


def spotted(pixels: Pixels) -> Pixels:
    pixels = pixels.copy()
    pixels[120:150] = 255
    return pixels


def lit_from_the_left(pixels: Pixels) -> Pixels:
    return np.asarray(pixels * np.where(np.arange(640) < 320, 1.2, 0.5)[:, None], dtype=np.uint8)


def shrunk(seen: Face, eyes_px: float) -> Face:
    middle = seen.landmarks.mean(axis=0)
    landmarks = middle + (seen.landmarks - middle) * np.float32(eyes_px / EYES_PX)
    return Face(seen.box, landmarks, seen.confidence)


def rolled(seen: Face, degrees: float) -> Face:
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]], np.float32)
    return Face(seen.box, (seen.landmarks - 300) @ turn + 300, seen.confidence)


def test_a_good_picture_has_no_fault() -> None:
    assert fault_of(NOISE, face(), enrolment=False) is None
    assert fault_of(NOISE, face(), enrolment=True) is None


@pytest.mark.parametrize(
    ("pixels", "hint"),
    [
        (NOISE // 4, Hint.MORE_LIGHT),
        (NOISE + 95, Hint.LESS_LIGHT),
        (spotted(NOISE), Hint.LESS_LIGHT),
        (spotted(NOISE) ^ 255, Hint.MORE_LIGHT),
        (lit_from_the_left(NOISE), Hint.MORE_LIGHT),
        (blurred(NOISE), Hint.HOLD_STILL),
        (np.zeros_like(NOISE), Hint.MORE_LIGHT),
        (np.full_like(NOISE, 255), Hint.LESS_LIGHT),
    ],
)
def test_light_and_focus_are_named(pixels: Pixels, hint: Hint) -> None:
    assert fault_of(pixels, face(), enrolment=False) is hint


def test_enrolment_wants_a_larger_face() -> None:
    assert fault_of(NOISE, shrunk(face(), 65), enrolment=False) is None
    assert fault_of(NOISE, shrunk(face(), 65), enrolment=True) is Hint.COME_CLOSER
    assert fault_of(NOISE, shrunk(face(), 59), enrolment=False) is Hint.COME_CLOSER


def test_pose_and_place_are_named() -> None:
    assert fault_of(NOISE, rolled(face(), 14), enrolment=False) is None
    assert fault_of(NOISE, rolled(face(), -16), enrolment=False) is Hint.LOOK_STRAIGHT
    assert fault_of(NOISE, face(x_px=70), enrolment=False) is Hint.STEP_INTO_VIEW
    assert fault_of(NOISE, face(x_px=2000), enrolment=False) is Hint.STEP_INTO_VIEW
    unsure = Face(face().box, face().landmarks, 0.97)
    assert fault_of(NOISE, unsure, enrolment=False) is Hint.STEP_INTO_VIEW


def test_what_is_no_number_is_no_good_picture() -> None:
    nan = np.float32(np.nan)
    for seen in (
        Face(np.full(4, nan), face().landmarks, 0.999),
        Face(face().box, np.full((5, 2), nan), 0.999),
        Face(face().box, face().landmarks, float("nan")),
        Face(np.zeros(4, np.float32), face().landmarks, 0.999),
        Face(np.array([300, 300, 200, 200], np.float32), face().landmarks, 0.999),
    ):
        assert fault_of(NOISE, seen, enrolment=False) is Hint.STEP_INTO_VIEW
