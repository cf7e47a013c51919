import numpy as np
import pytest

from edge_atm.models import Models
from edge_atm.records import Pixels
from edge_atm.vision.detector import Detector


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
        np.zeros((480, 640, 3), np.float32),
    ],
    ids=lambda pixels: f"{pixels.shape} {pixels.dtype}",
)
def test_what_is_no_picture_is_refused(detector: Detector, pixels: Pixels) -> None:
    with pytest.raises(ValueError, match="not uint8"):
        detector.detect(pixels)


def test_faces_smaller_than_the_first_net_sees_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="under 12"):
        Detector(Models(), min_face_px=11)
