"""From a picture file to a sample: what is asked of the nets, what is remembered, what is lost."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_atm.assurance import acquisition
from edge_atm.assurance.acquisition import Acquisition
from edge_atm.assurance.cache import Cache
from edge_atm.models import Models
from edge_atm.records import Face, Floats, Pixels

VARIANTS = ["facenet_int8", "facenet_fp32"]


def face_at(left: float, top: float, side: float = 60.0) -> Face:
    points = [[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]]
    landmarks = np.array([left, top]) + side * np.array(points)
    box = np.array([left, top, left + side, top + side], np.float32)
    return Face(box, landmarks.astype(np.float32), 0.999)


class Nets:
    """In place of detector and embedder: faces as told, and what the embedders were given."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.faces: list[Face] = [face_at(70, 70)]
        self.opened: list[str] = []
        self.crops: dict[str, list[Pixels]] = {variant: [] for variant in VARIANTS}
        monkeypatch.setattr(acquisition, "Detector", self.detector)
        monkeypatch.setattr(acquisition, "Embedder", self.embedder)

    def detector(self, models: Models, min_face_px: int) -> "Nets":
        self.opened.append(f"detector {min_face_px}")
        return self

    def detect(self, pixels: Pixels) -> list[Face]:
        return self.faces

    def embedder(self, models: Models, variant: str) -> "OneNet":
        self.opened.append(variant)
        return OneNet(self.crops[variant])


class OneNet:
    def __init__(self, crops: list[Pixels]) -> None:
        self._crops = crops

    def embed_crops(self, crops: Pixels) -> Floats:
        self._crops.append(crops)
        vectors = np.zeros((len(crops), 512), np.float32)
        vectors[:, 0], vectors[:, 1] = 0.6, 0.8
        return vectors


@pytest.fixture
def nets(monkeypatch: pytest.MonkeyPatch) -> Nets:
    return Nets(monkeypatch)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "Ada" / "Ada_0001.png"
    path.parent.mkdir()
    random = np.random.default_rng(8)
    assert cv2.imwrite(str(path), random.integers(0, 255, (200, 200, 3), np.uint8))
    return path


def test_all_models_see_the_same_crop_and_its_mirror_image(nets: Nets, picture: Path) -> None:
    found = Acquisition(Models(), VARIANTS, None).pictures(picture)
    assert [(p.person, p.name) for p in found.values()] == [("Ada", "Ada_0001.png")] * 2
    one, other = (nets.crops[variant][0] for variant in VARIANTS)
    assert one.shape == (2, 160, 160, 3)
    assert (one[1] == one[0][:, ::-1]).all()
    assert (one == other).all()
    assert (one[0] != one[1]).any()
    embedding = found["facenet_int8"].embedding("space")
    assert embedding.vector[:2].tolist() == pytest.approx([0.6, 0.8])
    assert (embedding.embedding_id, embedding.quality > 0) == ("space", True)


def test_the_face_nearest_the_middle_counts(nets: Nets, picture: Path) -> None:
    acquisition_ = Acquisition(Models(), VARIANTS[:1], None)
    nets.faces = [face_at(0, 0, 90), face_at(75, 75, 50), face_at(140, 140)]
    acquisition_.pictures(picture)
    nets.faces = [face_at(75, 75, 50)]
    acquisition_.pictures(picture)
    several, alone = nets.crops["facenet_int8"]
    assert (several == alone).all()


@pytest.mark.parametrize(
    ("faces", "word"),
    [
        ([], "no_face"),
        ([face_at(400, 400)], "no_face"),
        ([face_at(float("nan"), 0)], "no_face"),
        ([face_at(-61, 20)], "not_in_view"),
    ],
    ids=["none", "outside", "nan", "beside"],
)
def test_a_face_that_is_not_there_is_lost(
    nets: Nets, picture: Path, faces: list[Face], word: str
) -> None:
    nets.faces = faces
    sample = Acquisition(Models(), VARIANTS[:1], None).pictures(picture)["facenet_int8"].sample
    assert (sample.vectors, sample.lost) == (None, word)


def test_what_is_known_opens_no_net(nets: Nets, picture: Path, tmp_path: Path) -> None:
    cache = Cache(Models(), tmp_path / "cache")
    first = Acquisition(Models(), VARIANTS[:1], cache).pictures(picture)
    assert nets.opened == ["detector 40", "facenet_int8"]
    nets.opened.clear()
    again = Acquisition(Models(), VARIANTS[:1], cache).pictures(picture)
    assert nets.opened == []
    assert first["facenet_int8"].sample.to_bytes() == again["facenet_int8"].sample.to_bytes()
    # Another model asks for its own embedding only; another picture under the name for both.
    Acquisition(Models(), VARIANTS, cache).pictures(picture)
    assert [len(nets.crops[variant]) for variant in VARIANTS] == [1, 1]
    assert cv2.imwrite(str(picture), np.full((200, 200, 3), 90, np.uint8))
    Acquisition(Models(), VARIANTS, cache).pictures(picture)
    assert [len(nets.crops[variant]) for variant in VARIANTS] == [2, 2]


def test_a_lost_face_is_remembered_too(nets: Nets, picture: Path, tmp_path: Path) -> None:
    cache = Cache(Models(), tmp_path / "cache")
    nets.faces = []
    for _ in range(2):
        found = Acquisition(Models(), VARIANTS, cache).pictures(picture)
        assert {p.sample.lost for p in found.values()} == {"no_face"}
    assert nets.opened == ["detector 40"]
