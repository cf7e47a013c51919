"""A model that is not the released one never runs."""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge_atm.errors import ModelMismatch
from edge_atm.models import FOLDERS, Models

RELEASED = FOLDERS[1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("manifest.toml", "pnet.onnx", "rnet.onnx", "mean_embedding.npy"):
        shutil.copy(RELEASED / name, tmp_path / name)
    return tmp_path


def corrupt(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def swap(path: Path) -> None:
    shutil.copy(path.with_name("rnet.onnx"), path)


def remove(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("harm", [corrupt, cut, swap, remove])
def test_a_harmed_model_is_refused(folder: Path, harm: Callable[[Path], None]) -> None:
    Models(folder).open("pnet")
    harm(folder / "pnet.onnx")
    with pytest.raises(ModelMismatch, match=r"pnet\.onnx"):
        Models(folder).open("pnet")


def test_right_digest_but_another_shape_is_refused(folder: Path) -> None:
    swap(folder / "pnet.onnx")
    digests = {p: hashlib.sha256((folder / p).read_bytes()).hexdigest() for p in ("rnet.onnx",)}
    manifest = folder / "manifest.toml"
    pnet_digest = Models(RELEASED).manifest["models"]["pnet"]["sha256"]
    manifest.write_text(manifest.read_text().replace(pnet_digest, digests["rnet.onnx"]))
    with pytest.raises(ModelMismatch, match="inputs"):
        Models(folder).open("pnet")


@pytest.mark.parametrize("content", ["", "not toml [", "embedding_id = 1"])
def test_a_broken_manifest_is_a_sentence(folder: Path, content: str) -> None:
    (folder / "manifest.toml").write_text(content)
    with pytest.raises(ModelMismatch, match=r"manifest\.toml"):
        Models(folder).open("pnet")


def test_mean_embedding_is_checked(folder: Path) -> None:
    mean = Models(folder).mean_embedding()
    assert mean.shape == (512,)
    assert 0.1 < np.linalg.norm(mean) < 0.5
    corrupt(folder / "mean_embedding.npy")
    with pytest.raises(ModelMismatch, match="mean_embedding"):
        Models(folder).mean_embedding()


def test_embedding_id_is_weights_and_preprocessing() -> None:
    facenet = Models().manifest["models"]["facenet_int8"]
    weights = facenet["origin"].split("graph_final.pb (sha256 ")[1][:64]
    text = f"{weights}|{facenet['preprocessing']}"
    assert Models().embedding_id == hashlib.sha256(text.encode()).hexdigest()[:16]


def test_facenet_gives_unit_vectors_for_any_batch() -> None:
    session = Models().open("facenet_int8")
    faces = np.zeros((2, 160, 160, 4), dtype=np.uint8)
    vectors = session.run(None, {"input": faces})[0]
    assert vectors.shape == (2, 512)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1.0, 1.0], abs=1e-4)


def test_the_fourth_byte_of_a_pixel_counts_nothing() -> None:
    session = Models().open("facenet_int8")
    random = np.random.default_rng(7)
    faces = np.repeat(random.integers(0, 256, (1, 160, 160, 4), dtype=np.uint8), 2, axis=0)
    faces[1, :, :, 3] = random.integers(0, 256, (160, 160), dtype=np.uint8)
    one, other = session.run(None, {"input": faces})[0]
    assert one.tobytes() == other.tobytes()
