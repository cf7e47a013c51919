from typing import cast

import numpy as np
import pytest

from edge_atm.errors import ModelMismatch
from edge_atm.models import Models
from edge_atm.records import Face, Floats, Pixels
from edge_atm.vision.embedder import MARGIN, Embedder, face_crop
from tests.vision.stage import NOISE, face

UNIT = np.eye(512, dtype=np.float32)[3]


class Net:
    """A net that says the same of everybody, and remembers what it was shown."""

    embedding_id = "net"

    def __init__(self, vector: Floats, channels: int = 4) -> None:
        self.vector = vector
        self.shape = ["N", 160, 160, channels]
        self.seen = np.zeros(0, np.uint8)

    def open(self, name: str) -> "Net":
        return self

    def get_inputs(self) -> list["Net"]:
        return [self]

    def run(self, outputs: list[str], inputs: dict[str, Pixels]) -> list[Floats]:
        self.seen = inputs["input"]
        return [np.repeat(self.vector[None], len(self.seen), axis=0)]


def embedder(net: Net) -> Embedder:
    return Embedder(cast(Models, net))


@pytest.mark.parametrize("channels", [3, 4])
def test_the_net_is_shown_rgb_as_it_is(channels: int) -> None:
    net = Net(UNIT * np.float32(1.001), channels)
    pixels = np.empty((200, 200, 3), np.uint8)
    pixels[...] = (0, 128, 255)
    embedding = embedder(net).embed(pixels, Face(np.array([40, 40, 150, 150], np.float32), UNIT, 1))
    assert list(net.seen.shape) == [1, 160, 160, channels]
    assert net.seen.dtype == np.uint8
    assert net.seen[0, 80, 80, :3].tolist() == [0, 128, 255]
    assert embedding.embedding_id == "net"
    assert np.linalg.norm(embedding.vector) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("channels", [3, 4])
def test_crops_keep_their_order_and_their_pixels(channels: int) -> None:
    net = Net(UNIT, channels)
    crops = np.random.default_rng(5).integers(0, 256, (3, 160, 160, 3), dtype=np.uint8)
    # Mirrored as the trials do it: a view whose rows run backwards.
    assert embedder(net).embed_crops(crops[:, :, ::-1]).shape == (3, 512)
    assert np.array_equal(net.seen[..., :3], crops[:, :, ::-1])


@pytest.mark.parametrize("factor", [np.nan, np.inf, 0.0, 0.5, 2.0])
def test_what_is_no_unit_vector_is_no_embedding(factor: float) -> None:
    with pytest.raises(ModelMismatch):
        embedder(Net(np.full(512, factor, np.float32))).embed(NOISE, face())


@pytest.mark.parametrize("box", [[10, 10, 5, 5], [700, 10, 800, 90], [np.nan, 1, 9, 9]])
def test_a_face_outside_the_picture_is_refused(box: list[float]) -> None:
    with pytest.raises(ValueError, match="box"):
        face_crop(NOISE, np.array(box, np.float32))


def test_the_margin_is_a_part_of_the_face_and_ends_with_the_picture() -> None:
    pixels = np.zeros((300, 300, 3), np.uint8)
    pixels[100 - 15 : 200 + 15, 100 - 15 : 200 + 15] = 200
    assert round(MARGIN * 100) == 15
    assert (face_crop(pixels, np.array([100, 100, 200, 200], np.float32)) == 200).all()
    assert (face_crop(pixels, np.array([98, 98, 202, 202], np.float32)) == 200).mean() < 1
    corner = face_crop(pixels, np.array([-50, -50, 60, 60], np.float32))
    assert corner.shape == (160, 160, 3)


def test_the_released_net_gives_unit_vectors() -> None:
    models = Models()
    embedding = Embedder(models).embed(NOISE, face())
    assert embedding.embedding_id == models.embedding_id
    assert embedding.vector.dtype == np.float32
    assert np.linalg.norm(embedding.vector) == pytest.approx(1, abs=1e-6)
