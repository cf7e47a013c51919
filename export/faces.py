"""Face crops from a folder of pictures: the only thing here that looks at a picture."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from edge_atm.assurance.people import is_fit
from export.facenet import FACE_PIXELS
from export.faults import ExportError

Crop = npt.NDArray[np.uint8]

CROPS = 128
SEED = 20180408

# LFW deep-funneled is 250 x 250 with the face always in the same place: x 62..188, y 55..195.
_PICTURE_PIXELS = 250
_LEFT, _TOP, _WIDTH, _HEIGHT = 62, 55, 126, 140
# About as far as a detector errs, so that a live face seldom leaves the measured ranges.
_SHIFT_PIXELS, _STRETCH, _GAIN = 8, 0.06, 0.3


def central(picture: npt.NDArray[np.uint8], dx: float = 0, dy: float = 0, zoom: float = 1) -> Crop:
    """Return the face of one LFW picture as the network's input, uint8 [1, 160, 160, 3] RGB.

    `picture`: BGR, 250 x 250.
    `dx`, `dy` move the crop by pixels of the picture; `zoom` above 1 shows more of it.
    """
    size = (FACE_PIXELS, FACE_PIXELS)
    scale = np.array([_WIDTH, _HEIGHT]) * zoom / FACE_PIXELS
    middle = np.array([_LEFT + _WIDTH / 2 + dx, _TOP + _HEIGHT / 2 + dy])
    corner = middle - scale * FACE_PIXELS / 2
    to_picture = np.array([[scale[0], 0, corner[0]], [0, scale[1], corner[1]]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    crop = cv2.warpAffine(picture, to_picture, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return cv2.cvtColor(crop, cv2.COLOR_BGR2RGB).astype(np.uint8)[np.newaxis]


def calibration_crops(folder: Path) -> Iterator[Crop]:
    """Yield `CROPS` crops of as many people who are for fitting, jittered with a fixed seed.

    `folder` holds one folder per person, as LFW does: NAME/NAME_0001.jpg.
    """
    first = {path.parent.name: path for path in sorted(folder.glob("*/*.jpg"), reverse=True)}
    pictures = [first[person] for person in sorted(first) if is_fit(person)]
    if len(pictures) < CROPS:
        raise ExportError(
            f"{folder.name} has {len(pictures)} usable people where {CROPS} are needed.",
            "Point --images at LFW deep-funneled: one folder per person, pictures of 250 x 250.",
        )
    random = np.random.default_rng(SEED)
    for index in np.sort(random.permutation(len(pictures))[:CROPS]):
        yield _jittered(read_picture(pictures[index]), random)


def read_picture(path: Path) -> npt.NDArray[np.uint8]:
    """Return one picture as BGR, or say which file is not what LFW has."""
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None or picture.shape != (_PICTURE_PIXELS, _PICTURE_PIXELS, 3):
        raise ExportError(f"{path.name} is not a 250 x 250 picture.", "Fetch LFW deep-funneled.")
    return picture.astype(np.uint8)


def _jittered(picture: npt.NDArray[np.uint8], random: np.random.Generator) -> Crop:
    dx, dy = random.uniform(-_SHIFT_PIXELS, _SHIFT_PIXELS, 2)
    zoom = 1 + random.uniform(-_STRETCH, _STRETCH)
    gain = 1 + random.uniform(-_GAIN, _GAIN)
    mirrored = random.integers(2) == 1
    source = picture[:, ::-1].copy() if mirrored else picture
    return central(np.clip(source * gain, 0, 255).astype(np.uint8), dx, dy, zoom)
