"""Folders of pictures, one folder a person, and which half of the people may be learnt from."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edge_atm.models import Models
from edge_atm.records import Face, Floats, Pixels
from edge_atm.vision.detector import Detector
from edge_atm.vision.embedder import Embedder

# Deep-funneled LFW faces are about 94 px wide; the machine's own limit is for a nearer customer.
MIN_FACE_PX = 40


def is_fit(person: str) -> bool:
    """Whether this person's pictures may be fitted on; the others are for reporting only.

    Even SHA-256 of the name: the same split in every data set that shares people.
    """
    return hashlib.sha256(person.encode()).digest()[-1] % 2 == 0


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One embedded picture; `vector` is float32 [512], or None when no face was acquired."""

    person: str
    path: Path
    vector: Floats | None


def pictures(folder: Path) -> list[Path]:
    """Return FOLDER/PERSON/*.jpg, sorted."""
    return sorted(folder.glob("*/*.jpg"))


def embedded(
    paths: Iterable[Path], models: Models, model: str = "facenet_int8"
) -> Iterator[Picture]:
    """Embed one face of each picture: the one nearest the middle, as in the LFW protocol."""
    detector, embedder = Detector(models, MIN_FACE_PX), Embedder(models, model)
    for path in paths:
        pixels = read_rgb(path)
        faces = detector.detect(pixels)
        vector = None
        if faces:
            vector = embedder.embed(pixels, _nearest_middle(faces, pixels)).vector
        yield Picture(path.parent.name, path, vector)


def read_rgb(path: Path) -> Pixels:
    """Return a picture as uint8 [height, width, 3] RGB. Raises FileNotFoundError."""
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if pixels is None:
        raise FileNotFoundError(path)
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def _nearest_middle(faces: list[Face], pixels: Pixels) -> Face:
    middle = np.array([pixels.shape[1], pixels.shape[0]]) / 2

    def distance(face: Face) -> float:
        return float(np.linalg.norm((face.box[:2] + face.box[2:]) / 2 - middle))

    return min(faces, key=distance)
