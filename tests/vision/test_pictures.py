"""Pictures of a face in every shape a folder may hold, through the trials' own pipeline."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge_atm.assurance.acquisition import Acquisition
from edge_atm.models import Models
from edge_atm.records import Pixels
from tests.rig.sources import FETCHED, still_picture
from tests.rig.stills import STILLS

pytestmark = pytest.mark.slow


def face() -> Pixels:
    """Return the picture of somebody whose face a package ships, 250 px high."""
    pixels = still_picture(next(iter(STILLS)), FETCHED)
    scale = 250 / pixels.shape[0]
    return np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale), dtype=np.uint8)


@pytest.mark.parametrize("kind", ["border", "8k", "grey", "16 bits", "alpha"])
def test_unusual_pictures_of_a_face_are_read_right(tmp_path: Path, kind: str) -> None:
    pixels: Any = face()[:, :, ::-1]
    if kind == "border":
        pixels = pixels[:, pixels.shape[1] // 4 :]
    elif kind == "8k":
        pixels = cv2.resize(pixels, (4320, 4320))
        grey = (128, 128, 128)
        pixels = cv2.copyMakeBorder(pixels, 0, 0, 1680, 1680, cv2.BORDER_CONSTANT, value=grey)
    elif kind == "grey":
        pixels = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    elif kind == "16 bits":
        pixels = pixels.astype(np.uint16) * 257
    else:
        pixels = np.dstack([pixels, np.full(pixels.shape[:2], 9, np.uint8)])
    path = tmp_path / "somebody" / ("picture.jpg" if kind == "8k" else "picture.png")
    path.parent.mkdir()
    assert cv2.imwrite(str(path), pixels)
    plain = tmp_path / "somebody" / "plain.png"
    assert cv2.imwrite(str(plain), face()[:, :, ::-1])
    acquisition = Acquisition(Models(), ["facenet_int8"], None)
    sample, expected = (acquisition.pictures(p)["facenet_int8"] for p in (path, plain))
    floor = {"border": -1.0, "8k": 0.6, "grey": 0.6}.get(kind, 0.98)
    assert float(sample.vector @ expected.vector) >= floor
