import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from edge_atm.device import camera
from edge_atm.models import Models
from edge_atm.records import Face, Floats, Pixels
from edge_atm.vision.detector import BOXES_MAX, SIDE_PX_MAX, Detector
from edge_atm.vision.pyramid import Pyramid

PLACE = Face(np.array([100, 60, 220, 200], np.float32), np.zeros((5, 2), np.float32), 0.99)


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector(Models())


NOISE = np.random.default_rng(3).integers(0, 256, (240, 320, 3), dtype=np.uint8)
STRIPES = np.tile(np.array([0, 255], np.uint8), (240, 160))[..., None].repeat(3, axis=2)


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((480, 640, 3), np.uint8),
        np.full((480, 640, 3), 255, np.uint8),
        np.zeros((480, 640, 3), np.uint8)[::2, ::-1],
        np.zeros((0, 0, 3), np.uint8),
        np.zeros((1, 1, 3), np.uint8),
        np.zeros((60, 60, 3), np.uint8),
        np.zeros((61, 3000, 3), np.uint8),
        NOISE,
        STRIPES,
    ],
    ids=lambda pixels: str(pixels.shape),
)
def test_a_picture_without_a_face_gives_none(detector: Detector, pixels: Pixels) -> None:
    assert detector.detect(pixels) == []


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((480, 640), np.uint8),
        np.zeros((480, 640, 4), np.uint8),
        np.zeros((3, 480, 640), np.uint8),
        np.zeros((480, 640, 1), np.uint8),
        np.zeros((480, 640, 3), np.uint16),
        np.full((480, 640, 3), np.nan, np.float32),
    ],
    ids=lambda pixels: f"{pixels.shape} {pixels.dtype}",
)
def test_what_is_no_picture_is_refused(detector: Detector, pixels: Pixels) -> None:
    with pytest.raises(ValueError, match="not uint8"):
        detector.detect(pixels)
    with pytest.raises(ValueError, match="not uint8"):
        detector.follow(pixels, PLACE)


def test_larger_frames_than_any_unit_takes_are_refused(detector: Detector) -> None:
    pixels = np.broadcast_to(np.uint8(0), (4320, 7680, 3))
    for look in (detector.detect, lambda p: detector.follow(p, PLACE)):
        with pytest.raises(ValueError, match="over 4096 px"):
            look(pixels)
    assert camera.SIDE_PX_MAX <= SIDE_PX_MAX


@pytest.mark.parametrize(
    "box",
    [
        [100, 60, 220, 200],
        [-60, -60, 60, 60],
        [300, 220, 500, 500],
        [900, 900, 990, 990],
        [5, 5, 5, 5],
        [50, 50, 20, 20],
        [-3e38, -3e38, 3e38, 3e38],
        [np.nan, 0, 90, 90],
        [0, 0, np.inf, 90],
    ],
)
def test_where_no_face_is_none_is_followed(detector: Detector, box: list[float]) -> None:
    face = replace(PLACE, box=np.array(box, np.float32))
    with np.errstate(all="ignore"):
        for pixels in (NOISE, np.zeros((240, 320, 3), np.uint8), np.zeros((1, 1, 3), np.uint8)):
            assert detector.follow(pixels, face) is None


def test_noise_made_to_stall_the_nets_reaches_them_in_limits(
    detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def windows(self: Detector, scale: float) -> tuple[Floats, Floats]:
        places = np.random.default_rng(5).uniform(0, 200, (20_000, 2)).astype(np.float32)
        return np.hstack([places, places + 20]), np.full(len(places), 0.9, np.float32)

    def crops(self: Pyramid, edges: Floats, side_px: int) -> Pixels:
        seen.append(len(edges))
        return np.zeros((len(edges), side_px, side_px, 3), np.uint8)

    monkeypatch.setattr(Detector, "_level", windows)
    monkeypatch.setattr(Pyramid, "crops", crops)
    assert detector.detect(NOISE) == []
    assert max(seen) == BOXES_MAX


def test_following_takes_no_memory_anew(detector: Detector) -> None:
    pixels = np.full((480, 640, 3), 90, np.uint8)
    place = replace(PLACE, box=np.array([200, 120, 380, 370], np.float32))
    detector.follow(pixels, place)
    tracemalloc.start()
    try:
        for count in (300, 100):
            before = tracemalloc.get_traced_memory()[0]
            tracemalloc.reset_peak()
            for _ in range(count):
                detector.follow(pixels, place)
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    # A quarter of the square is 46 kB, the crop 7 kB: neither is made anew.
    assert peak < 6_500


def test_faces_smaller_than_the_first_net_sees_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="under 12"):
        Detector(Models(), min_face_px=11)
