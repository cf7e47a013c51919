"""An operator's own net: opened by its digest alone, believed only where it gives what was said."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from edge_atm.errors import ModelMismatch
from edge_atm.records import Face
from edge_atm.vision.cues.pad_model import PadModel, crop_of
from edge_atm.vision.deny import PAD_ERROR, deny_by, pad_cue

BOX = np.array([40, 30, 70, 70], np.float32)
FACE = Face(BOX, np.full((5, 2), 50, np.float32), 1.0)
PIXELS = np.zeros((120, 160, 3), np.uint8)


def net(
    bias: list[float], shape: tuple[Any, ...] = ("N", 3, 16, 16), kind: int = TensorProto.FLOAT
) -> bytes:
    """Return a net whose outputs are `bias` plus the means of its input's planes, times .1."""
    weights = np.zeros((3, len(bias)), np.float32)
    weights[:, : min(3, len(bias))] = np.eye(3, min(3, len(bias)), dtype=np.float32) * 0.1
    held: dict[str, Any] = {
        "w": weights,
        "b": np.array(bias, np.float32),
        "axes": np.array([2, 3], np.int64),
    }
    nodes = [
        helper.make_node("ReduceMean", ["input", "axes"], ["means"], keepdims=0),
        helper.make_node("Gemm", ["means", "w", "b"], ["output"]),
    ]
    graph = helper.make_graph(
        nodes, "tiny",
        [helper.make_tensor_value_info("input", kind, list(shape))],
        [helper.make_tensor_value_info("output", kind, ["N", len(bias)])],
        [onnx.numpy_helper.from_array(value, name) for name, value in held.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return bytes(model.SerializeToString())


def opened(path: Path, content: bytes, live: int = 1, softmax: bool = True) -> PadModel:
    path.write_bytes(content)
    return PadModel(path, hashlib.sha256(content).hexdigest(), 2.7, live, softmax)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pad.onnx"


def test_planes_are_blue_green_red_from_0_to_255(path: Path) -> None:
    model = opened(path, net([0.0, 0.0, 0.0]), live=0)
    pixels = PIXELS.copy()
    pixels[..., 2] = 40
    # Blue is the first plane: exp(4) against two of exp(0).
    assert 1 - model.score(pixels, FACE) == pytest.approx(np.exp(4) / (np.exp(4) + 2), abs=1e-6)


@pytest.mark.parametrize(("deny_below", "word"), [(0.5, None), (0.9, "pad_model")])
def test_it_denies_below_the_operators_probability(
    path: Path, deny_below: float, word: str | None
) -> None:
    model = opened(path, net([0.0, 1.0, -9.0]))
    assert deny_by([pad_cue(model, deny_below)])(PIXELS, FACE) == word


@pytest.mark.parametrize(
    ("bias", "live", "softmax"),
    [
        ([float("nan"), 1.0], 1, True),
        ([float("inf"), 1.0], 1, True),
        ([0.2, 0.8], 2, False),
        ([0.2, 0.8], 1, True),
        ([2.0, 5.0], 1, False),
        ([0.2, 0.2], 1, False),
        ([5.0], 0, True),
    ],
    ids=[
        "NaN",
        "infinite",
        "no such output",
        "softmax twice",
        "logits",
        "no sum of 1",
        "one logit",
    ],
)
def test_outputs_that_are_not_what_was_said_deny(
    path: Path, bias: list[float], live: int, softmax: bool
) -> None:
    model = opened(path, net(bias), live, softmax)
    assert deny_by([pad_cue(model, 1e-9)])(PIXELS, FACE) == PAD_ERROR


def test_probabilities_are_taken_as_they_are(path: Path) -> None:
    assert opened(path, net([0.2, 0.8]), 1, False).score(PIXELS, FACE) == pytest.approx(0.2)
    assert opened(path, net([0.7]), 0, False).score(PIXELS, FACE) == pytest.approx(0.3)


def test_a_face_that_is_none_denies(path: Path) -> None:
    model = opened(path, net([0.0, 1.0]))
    lost = Face(BOX * np.nan, FACE.landmarks, 1.0)
    assert deny_by([pad_cue(model, 0.5)])(PIXELS, lost) == PAD_ERROR


def test_another_digest_or_no_file_is_refused(path: Path) -> None:
    with pytest.raises(ModelMismatch, match="cannot be read"):
        PadModel(path, "0" * 64, 2.7, 1, True)
    path.write_bytes(net([0.0, 1.0]))
    with pytest.raises(ModelMismatch, match="wanted 000000000000, found"):
        PadModel(path, "0" * 64, 2.7, 1, True)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"no net at all",
        net([0.0, 1.0], ("N", 1, 16, 16)), net([0.0, 1.0], ("N", 3, 16, 24)),
        net([0.0, 1.0], ("N", 3, "H", "H")), net([0.0, 1.0], ("N", 3, 8, 8)),
        net([0.0, 1.0], kind=TensorProto.DOUBLE),
    ],
    ids=["empty", "garbage", "grey", "not square", "any size", "tiny", "float64"],
)  # fmt: skip
def test_what_is_no_such_net_is_refused(path: Path, content: bytes) -> None:
    with pytest.raises(ModelMismatch) as caught:
        opened(path, content)
    assert "[pad_model]" in caught.value.hint


@settings(max_examples=30)
@given(
    left=st.floats(-50, 150), top=st.floats(-50, 110), width=st.floats(2, 200),
    height=st.floats(2, 200), scale=st.floats(1, 8),
)  # fmt: skip
def test_a_crop_lies_in_the_picture_whatever_the_box(
    left: float, top: float, width: float, height: float, scale: float
) -> None:
    box = np.array([left, top, left + width, top + height], np.float32)
    crop = crop_of(PIXELS, box, scale)
    assert crop is not None
    assert 1 <= crop.shape[0] <= 120
    assert 1 <= crop.shape[1] <= 160


def test_a_crop_is_as_large_as_was_asked_where_there_is_room() -> None:
    crop = crop_of(PIXELS, BOX, 1.5)
    assert crop is not None
    # 30 by 40 px, half as much again, with the last row and column as Silent-Face counts them.
    assert crop.shape == (61, 46, 3)
