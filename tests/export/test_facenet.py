"""FaceNet: the converted graph against OpenCV's own reading of it, the 8-bit one against float."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import onnxruntime as ort
import pytest

from export import facenet, faces, manifest, quantise, sources
from export.__main__ import RANGES
from export.faults import ExportError
from tests.export.conftest import one_thread

pytestmark = pytest.mark.slow

Floats = npt.NDArray[np.float32]
SHAPE = (1, facenet.FACE_PIXELS, facenet.FACE_PIXELS, 3)


def embedding(session: ort.InferenceSession, crop: faces.Crop) -> Floats:
    more = session.get_inputs()[0].shape[-1] - crop.shape[-1]
    # Any byte will do for the one without weight.
    filled = np.pad(crop, ((0, 0), (0, 0), (0, 0), (0, more)), constant_values=200)
    (found,) = session.run(["embedding"], {"input": filled})
    return np.asarray(found)


def synthetic(kind: str, seed: int) -> faces.Crop:
    random = np.random.default_rng(seed)
    match kind:
        case "gaussian":
            return np.clip(random.normal(127.5, 64, SHAPE), 0, 255).astype(np.uint8)
        case "uniform":
            return random.integers(0, 256, SHAPE).astype(np.uint8)
        case "blurred":
            coarse = random.uniform(0, 256, (8, 8, 3)).astype(np.uint8)
            return cv2.resize(coarse, SHAPE[1:3]).astype(np.uint8)[np.newaxis]
    return np.full(SHAPE, 127, np.uint8)


def cosines(
    left: ort.InferenceSession, right: ort.InferenceSession, crops: list[faces.Crop]
) -> Floats:
    pairs = [(embedding(left, crop), embedding(right, crop)) for crop in crops]
    return np.array([np.sum(a * b) for a, b in pairs], np.float32)


@pytest.fixture(scope="module")
def opencv(graph: bytes) -> cv2.dnn.Net:
    return cv2.dnn.readNetFromTensorflow(np.frombuffer(graph, np.uint8))


def assert_same(opencv: cv2.dnn.Net, fp32: ort.InferenceSession, crop: faces.Crop) -> None:
    opencv.setInput(((crop.transpose(0, 3, 1, 2) - 127.5) / 128).astype(np.float32))
    expected = np.asarray(opencv.forward())
    found = embedding(fp32, crop)
    assert np.linalg.norm(found) == pytest.approx(1.0, abs=1e-5)
    assert np.sum(found * expected) >= 0.99999
    assert np.abs(found - expected).max() <= 1e-5


@pytest.mark.parametrize("kind", ["gaussian", "uniform", "blurred", "grey"])
@pytest.mark.parametrize("seed", [0, 1])
def test_float_model_agrees_with_opencv(
    opencv: cv2.dnn.Net, fp32: ort.InferenceSession, kind: str, seed: int
) -> None:
    assert_same(opencv, fp32, synthetic(kind, seed))


def test_float_model_agrees_with_opencv_on_faces(
    opencv: cv2.dnn.Net, fp32: ort.InferenceSession, odd_faces: list[faces.Crop]
) -> None:
    for crop in odd_faces[::20]:
        assert_same(opencv, fp32, crop)


def test_a_batch_is_its_members(fp32: ort.InferenceSession) -> None:
    crops = [synthetic("blurred", seed) for seed in range(3)]
    together = embedding(fp32, np.concatenate(crops))
    apart = np.concatenate([embedding(fp32, crop) for crop in crops])
    assert np.abs(together - apart).max() <= 1e-5


def test_eight_bits_keep_real_faces(
    fp32: ort.InferenceSession, int8: ort.InferenceSession, odd_faces: list[faces.Crop]
) -> None:
    found = cosines(fp32, int8, odd_faces)
    assert found.mean() >= 0.999
    assert found.min() >= 0.997


@pytest.mark.parametrize("kind", ["gaussian", "uniform", "blurred", "grey"])
def test_eight_bits_keep_other_pictures_nearly_as_well(
    fp32: ort.InferenceSession, int8: ort.InferenceSession, kind: str
) -> None:
    # Outside the measured ranges values are clipped: .997 on average where faces have .999.
    found = cosines(fp32, int8, [synthetic(kind, seed) for seed in range(8)])
    assert found.mean() >= 0.996
    assert found.min() >= 0.99


def test_the_byte_without_weight_changes_no_bit(
    fp32_file: Path,
    int8: ort.InferenceSession,
    odd_faces: list[faces.Crop],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(quantise, "widen_pixels", lambda model: None)
    narrow = tmp_path / "narrow.onnx"
    narrow.write_bytes(quantise.quantise(fp32_file, RANGES))
    session = one_thread(narrow)
    assert session.get_inputs()[0].shape == ["N", *SHAPE[1:]]
    for crop in [*odd_faces[::5], synthetic("uniform", 0)]:
        assert embedding(session, crop).tobytes() == embedding(int8, crop).tobytes()


def test_eight_bits_are_the_same_bytes_under_any_hash_seed(fp32_file: Path) -> None:
    released = manifest.releases()["facenet_int8"].sha256
    program = (
        "import sys, hashlib, pathlib; from export import quantise; "
        "model = quantise.quantise(*map(pathlib.Path, sys.argv[1:])); "
        "print(hashlib.sha256(model).hexdigest())"
    )
    for seed in ("0", "4711"):
        done = subprocess.run(
            [sys.executable, "-c", program, str(fp32_file), str(RANGES)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=sources.ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == released


def test_float_model_is_the_released_one(fp32_file: Path) -> None:
    found = hashlib.sha256(fp32_file.read_bytes()).hexdigest()
    assert found == manifest.releases()["facenet_fp32"].sha256


def test_missing_ranges_say_how_to_make_them(tmp_path: Path) -> None:
    with pytest.raises(ExportError) as raised:
        quantise.quantise(tmp_path / "model.onnx", tmp_path / "ranges.json")
    assert "ranges --images" in raised.value.hint


def test_a_graph_that_does_not_hang_together_is_refused() -> None:
    lonely = b"\x0a\x0f\x0a\x01a\x12\x04Relu\x1a\x04none"
    with pytest.raises(ExportError, match="hang together"):
        facenet.convert(lonely)
