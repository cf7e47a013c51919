"""Each component of quality is measured, named and has its remedy."""

import math
from dataclasses import fields, replace

import cv2
import numpy as np
import pytest

from edge_atm.records import Face, Hint, Pixels
from edge_atm.vision.pose import NOSE
from edge_atm.vision.quality import ENROLMENT, HINTS, MATCHING, Gate, Quality, in_view, quality_of
from tests.vision.stage import EYES_PX, NOISE, face

GOOD = Quality(0.999, 1.0, 0.0, 0.6, 0.0, 90.0, 125.0, 0.0, 0.0, 1.1, 80.0)
BAD = {
    "confidence": (0.94, "SingleFacePresent"),
    "in_view": (0.9, "CropOfTheFaceImage"),
    "yaw": (-0.31, "HeadPoseYaw"),
    "pitch": (0.9, "HeadPosePitch"),
    "roll_degrees": (-16.0, "HeadPoseRoll"),
    "eye_distance_px": (59.0, "InterEyeDistance"),
    "luminance_mean": (59.0, "LuminanceMean"),
    "over_exposed": (0.05, "OverExposurePrevention"),
    "under_exposed": (0.05, "UnderExposurePrevention"),
    "sides_ratio": (2.1, "IlluminationUniformity"),
    "sharpness": (11.9, "Sharpness"),
}
BETWEEN = {
    "confidence": 0.97,
    "in_view": 0.95,
    "roll_degrees": 12.0,
    "eye_distance_px": 65.0,
    "luminance_mean": 185.0,
    "over_exposed": 0.04,
    "under_exposed": 0.04,
    "sides_ratio": 1.8,
    "sharpness": 14.0,
}
NAN_PARTS = [f.name for f in fields(Quality)]


def changed(**parts: float) -> Quality:
    return replace(GOOD, **parts)


def hint_of(pixels: Pixels, seen: Face, gate: Gate = MATCHING) -> Hint | None:
    failing = quality_of(pixels, seen).failing(gate)
    return None if failing is None else HINTS[failing]


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


def nodding(seen: Face) -> Face:
    landmarks = seen.landmarks.copy()
    landmarks[NOSE, 1] += 0.3 * EYES_PX
    return Face(seen.box, landmarks, seen.confidence)


def test_a_good_picture_fails_at_nothing() -> None:
    for gate in (MATCHING, ENROLMENT):
        assert quality_of(NOISE, face()).failing(gate) is None
        assert GOOD.failing(gate) is None


@pytest.mark.parametrize("gate", [MATCHING, ENROLMENT])
@pytest.mark.parametrize("part", BAD)
def test_each_component_fails_by_its_name(part: str, gate: Gate) -> None:
    value, name = BAD[part]
    assert changed(**{part: value}).failing(gate) == name
    assert changed(**{part: math.nan}).failing(gate) is not None


def test_every_component_has_its_remedy() -> None:
    assert {name for _, name in BAD.values()} == set(HINTS)
    assert set(BAD) == set(NAN_PARTS)
    assert changed(luminance_mean=191.0).failing(MATCHING) == "OverExposurePrevention"


@pytest.mark.parametrize("part", BETWEEN)
def test_enrolment_is_stricter_than_matching(part: str) -> None:
    between = changed(**{part: BETWEEN[part]})
    assert between.failing(MATCHING) is None
    assert between.failing(ENROLMENT) is not None


def test_enrolment_wants_other_poses_too() -> None:
    assert changed(yaw=0.2).failing(MATCHING) == "HeadPoseYaw"
    assert changed(yaw=0.2).failing(ENROLMENT) is None


@pytest.mark.parametrize(
    ("pixels", "name"),
    [
        (NOISE // 4, "LuminanceMean"),
        (NOISE + 95, "OverExposurePrevention"),
        (spotted(NOISE), "OverExposurePrevention"),
        (spotted(NOISE) ^ 255, "UnderExposurePrevention"),
        (lit_from_the_left(NOISE), "IlluminationUniformity"),
        (blurred(NOISE), "Sharpness"),
        (np.zeros_like(NOISE), "UnderExposurePrevention"),
        (np.full_like(NOISE, 255), "OverExposurePrevention"),
    ],
)
def test_light_and_focus_are_named(pixels: Pixels, name: str) -> None:
    assert quality_of(pixels, face()).failing(MATCHING) == name


@pytest.mark.parametrize(
    ("seen", "name"),
    [
        (face(20), "HeadPoseYaw"),
        (nodding(face()), "HeadPosePitch"),
        (rolled(face(), -16), "HeadPoseRoll"),
        (shrunk(face(), 59), "InterEyeDistance"),
        (face(x_px=70), "CropOfTheFaceImage"),
        (face(x_px=2000), "CropOfTheFaceImage"),
        (Face(face().box, face().landmarks, 0.94), "SingleFacePresent"),
    ],
)
def test_pose_and_place_are_named(seen: Face, name: str) -> None:
    assert quality_of(NOISE, seen).failing(MATCHING) == name


def test_what_to_do_is_said() -> None:
    assert hint_of(NOISE // 4, face()) is Hint.MORE_LIGHT
    assert hint_of(NOISE + 95, face()) is Hint.LESS_LIGHT
    assert hint_of(lit_from_the_left(NOISE), face()) is Hint.EVEN_LIGHT
    assert hint_of(NOISE, rolled(face(), -16)) is Hint.HEAD_UPRIGHT
    assert hint_of(NOISE, shrunk(face(), 65)) is None
    assert hint_of(NOISE, shrunk(face(), 65), ENROLMENT) is Hint.COME_CLOSER


def test_light_is_measured_as_it_is() -> None:
    halves = np.full((480, 640, 3), 100, np.uint8)
    halves[:, 320:] = 150
    halves[120:146, 220:420] = 255
    found = quality_of(halves, face())
    assert found.over_exposed == pytest.approx(0.1)
    assert found.under_exposed == 0
    assert found.luminance_mean == pytest.approx(0.9 * 125 + 25.5)
    assert found.sides_ratio == pytest.approx((0.9 * 150 + 25.5) / (0.9 * 100 + 25.5))


def test_the_weight_falls_with_sharpness_and_stays_a_weight() -> None:
    weights = [changed(sharpness=s).weight for s in (0.0, 1.0, 12.0, 16.0, 20.0, 500.0)]
    assert weights == sorted(weights)
    assert (weights[0], weights[2], weights[-1]) == (0.2, 0.6, 1.0)
    assert math.isnan(changed(sharpness=math.nan).weight)


def test_what_is_no_number_is_no_good_picture() -> None:
    nan = np.float32(np.nan)
    for seen in (
        Face(np.full(4, nan), face().landmarks, 0.999),
        Face(face().box, np.full((5, 2), nan), 0.999),
        Face(face().box, face().landmarks, float("nan")),
        Face(np.zeros(4, np.float32), face().landmarks, 0.999),
        Face(np.array([300, 300, 200, 200], np.float32), face().landmarks, 0.999),
        Face(np.array([639, 0, 640, 480], np.float32), face().landmarks, math.nan),
        Face(np.array([-1e30, -1e30, 1e30, 1e30], np.float32), face().landmarks, 0.999),
    ):
        assert hint_of(NOISE, seen) is Hint.STEP_INTO_VIEW


def test_a_column_of_pixels_has_no_sides() -> None:
    sliver = Face(np.array([639, 0, 640, 480], np.float32), face().landmarks, 0.999)
    assert in_view(NOISE, sliver) == 1
    assert math.isnan(quality_of(NOISE, sliver).sides_ratio)
    assert quality_of(NOISE, sliver).failing(MATCHING) is not None
