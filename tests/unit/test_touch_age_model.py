"""An operator's own age net: opened by its digest alone, and silent where it was not told."""

import hashlib
import math
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from edge_atm.errors import ModelMismatch
from edge_atm.taps import Entry, Tap
from edge_atm.touch.age_model import AgeModel

SLOW = 0.5


def net(channels: Any = 1, rank: int = 3, kind: int = TensorProto.FLOAT) -> bytes:
    """Return a net whose output is the sum of its input."""
    shape = ["N", "T", channels][:rank]
    axes = onnx.numpy_helper.from_array(np.arange(1, rank, dtype=np.int64), "axes")
    graph = helper.make_graph(
        [helper.make_node("ReduceSum", ["taps", "axes"], ["score"], keepdims=0)],
        "tiny",
        [helper.make_tensor_value_info("taps", kind, shape)],
        [helper.make_tensor_value_info("score", kind, ["N"])],
        [axes],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return bytes(model.SerializeToString())


def opened(folder: Path, content: bytes) -> AgeModel:
    path = folder / "age.onnx"
    path.write_bytes(content)
    return AgeModel(path, hashlib.sha256(content).hexdigest())


def entry(**told: float) -> Entry:
    taps = [Tap(key, SLOW * n, **told) for n, key in enumerate("47110")]
    return Entry("47110", tuple(taps))


def test_it_is_told_the_level_that_its_channels_name(tmp_path: Path) -> None:
    assert opened(tmp_path, net()).log_odds(entry()) == pytest.approx(4 * math.log(SLOW))
    placed = opened(tmp_path, net(3)).log_odds(entry(x=0.1, y=0.2))
    assert placed == pytest.approx(4 * math.log(SLOW) + 5 * 0.3)


def test_what_the_pad_does_not_tell_is_no_number(tmp_path: Path) -> None:
    assert math.isnan(opened(tmp_path, net(3)).log_odds(entry()))
    assert math.isnan(opened(tmp_path, net(2)).log_odds(entry()))
    assert math.isnan(opened(tmp_path, net()).log_odds(Entry("4711")))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (net(5), "5 channels"),
        (net("C"), "C channels"),
        (net(rank=2), "not float32"),
        (net(kind=TensorProto.DOUBLE), "not float32"),
        (b"no net", "no net that can run"),
    ],
)
def test_another_net_stops_the_unit(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(ModelMismatch, match=said) as caught:
        opened(tmp_path, content)
    assert "touch.age_model" in caught.value.hint


def test_other_bytes_stop_the_unit(tmp_path: Path) -> None:
    (tmp_path / "age.onnx").write_bytes(net())
    with pytest.raises(ModelMismatch, match="wanted 000000000000"):
        AgeModel(tmp_path / "age.onnx", "0" * 64)
