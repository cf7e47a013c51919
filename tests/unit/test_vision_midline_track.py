"""The midline follows texture, not what the detector believes, and breaks where that ends."""

import numpy as np
import pytest

from edge_atm.policy.decision import MIDLINE_MIN
from edge_atm.records import Face, Pixels
from edge_atm.vision import midline
from edge_atm.vision.midline import Midline, deviation_of
from tests.unit.test_vision_midline import flat, off, seen
from tests.vision.stage import landmarks

TEXTURE = np.random.default_rng(4).integers(0, 256, (480, 640, 3), dtype=np.uint8)


def face(yaw: float = 0.0) -> Face:
    return Face(np.array([200, 100, 440, 400], np.float32), landmarks(yaw), 1.0)


def followed(yaws: list[float], pixels: Pixels = TEXTURE) -> Midline:
    line = Midline()
    line.start(pixels, face())
    for yaw in yaws:
        line.follow(pixels, face(yaw))
    return line


def claimed() -> Face:
    """The face as `face(0)`, but the detector believes that its nose has turned."""
    shown = face()
    shown.landmarks[2, 0] += 30
    return shown


def test_the_same_picture_again_deviates_by_nothing_whatever_the_detector_believes() -> None:
    line = followed([])
    for _ in range(3):
        line.follow(TEXTURE, claimed())
    assert line.deviation(1) == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("yaws", [[], [0.0], [70.0] * 5])
def test_too_few_frames_are_nothing_known(yaws: list[float]) -> None:
    assert np.isnan(followed(yaws).deviation(1))


@pytest.mark.parametrize(
    ("yaws", "mean_of"),
    [
        ([0.4], []),
        ([0.1, 0.23, 0.3, 0.4, 0.39], [0.3, 0.39, 0.4]),
        ([0.1, 0.17, 0.4], [0.17, 0.4]),
        ([0.1, 0.15, 0.4], []),
        # What is turned to the other side proves nothing of this one, however much of it there is.
        ([-0.3, -0.3], []),
        ([-0.24] * 9 + [0.25, 0.3], [0.25, 0.3]),
    ],
)
def test_the_furthest_frames_count_and_of_a_fast_head_the_one_before(
    yaws: list[float], mean_of: list[float]
) -> None:
    frames = np.stack([seen(flat, 75 * yaw, 0, 0.3) for yaw in yaws])
    alone = [off(seen(flat, 75 * yaw, 0, 0.3), 1) for yaw in mean_of]
    expected = float(np.median(alone)) if alone else np.nan
    found = deviation_of(frames, np.array(yaws), 1)
    assert found == pytest.approx(expected, rel=1e-3, nan_ok=True)


@pytest.mark.parametrize(("known", "proved"), [(0.03, False), (0.15, False), (0.17, True)])
def test_no_turn_is_proved_by_its_first_steps(known: float, proved: bool) -> None:
    # The nose is off the line at once, as under a gliding light, and the track breaks soon after.
    held = np.stack([seen(flat, 20, 0, 0.3)] * 2)
    lost = np.full_like(held, np.nan)
    yaws = np.array([0.9 * known, known, 0.38, 0.4])
    assert np.isfinite(deviation_of(np.concatenate([held, lost]), yaws, 1)) == proved


def test_nothing_is_followed_after_what_cannot_be_seen() -> None:
    line = followed([0.0])
    line.follow(TEXTURE, face(70))
    for _ in range(3):
        line.follow(TEXTURE, claimed())
    assert np.isnan(line.deviation(1))
    line.start(TEXTURE, face())
    for _ in range(3):
        line.follow(TEXTURE, claimed())
    assert not np.isnan(line.deviation(1))


def test_another_picture_loses_the_track() -> None:
    line = followed([])
    for seed in range(9):
        other = np.random.default_rng(seed).integers(0, 256, TEXTURE.shape, dtype=np.uint8)
        line.follow(other, claimed())
        # What is left by chance for a frame or two is no head either.
        assert not line.deviation(1) >= MIDLINE_MIN
    assert np.isnan(line._trace[-1]).mean() > 0.9


@pytest.mark.parametrize("spoil", [np.nan, np.inf, 1e9, -1e4])
def test_landmarks_that_are_no_face_are_nothing_known(spoil: float) -> None:
    line, bad = Midline(), face()
    bad.landmarks[:, 0] = spoil
    line.start(TEXTURE, bad)
    for _ in range(3):
        line.follow(TEXTURE, face())
    assert np.isnan(line.deviation(1))
    line = followed([0.0])
    line.follow(TEXTURE, bad)
    line.follow(TEXTURE, face())
    assert np.isnan(line.deviation(1))


@pytest.mark.parametrize("size", [(240, 320), (480, 640), (2160, 3840)])
def test_a_view_costs_the_same_from_every_camera(size: tuple[int, int]) -> None:
    part = np.float32(size[0] / 480)
    pixels = np.zeros((*size, 3), np.uint8)
    view = midline._upright_view(pixels, landmarks(0) * part)
    assert view is not None
    assert view.shape == midline.VIEW_PX[::-1]
