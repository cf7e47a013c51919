"""The age models: trees as ONNX without scikit-learn; training where torch is there."""

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from onnx import TensorProto, helper

from edge_atm.assurance.touch_data import KakaoBank, read_kakaobank
from export.touch import trees_onnx

NODE = np.dtype(
    [("value", "f8"), ("feature_idx", "i4"), ("num_threshold", "f8"),
     ("left", "u4"), ("right", "u4"), ("is_leaf", "u1")]
)  # fmt: skip
# One branch on feature 0 at a tenth, which float32 rounds up; one on feature 1, twice.
TREES = [
    np.array([(0, 0, 0.1, 1, 2, 0), (-1, 0, 0, 0, 0, 1), (2, 0, 0, 0, 0, 1)], dtype=NODE),
    np.array(
        [(0, 1, -0.5, 1, 2, 0), (0.25, 0, 0, 0, 0, 1), (0, 1, 0.5, 3, 4, 0),
         (0.5, 0, 0, 0, 0, 1), (4, 0, 0, 0, 0, 1)], dtype=NODE),
]  # fmt: skip
BASE = 0.25


def judged(nodes: np.ndarray[Any, Any], row: np.ndarray[Any, Any]) -> float:
    node = nodes[0]
    while not node["is_leaf"]:
        lower = float(row[node["feature_idx"]]) <= node["num_threshold"]
        node = nodes[node["left"] if lower else node["right"]]
    return float(node["value"])


@pytest.fixture(scope="module")
def session() -> ort.InferenceSession:
    """The trees behind a graph that passes its two features on."""
    features = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["N", 2])
    derived = helper.make_tensor_value_info("derived", TensorProto.FLOAT, ["N", 2])
    node = helper.make_node("Identity", ["features"], ["derived"])
    graph = helper.make_graph([node], "before", [features], [derived])
    before = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    content = trees_onnx.with_trees(before, TREES, BASE)
    assert onnx.load_model_from_string(content).graph.output[0].name == "score"
    return ort.InferenceSession(content, providers=["CPUExecutionProvider"])


@given(
    hnp.arrays(
        np.float32,
        st.tuples(st.integers(1, 8), st.just(2)),
        elements=st.sampled_from(
            [-0.5, 0.5, np.float32(0.1), np.nextafter(np.float32(0.1), np.float32(0))]
        )
        | st.floats(-2, 2, width=32),
    )
)
def test_onnx_takes_the_branches_that_the_trees_take(
    session: ort.InferenceSession, rows: np.ndarray[Any, Any]
) -> None:
    scores = session.run(["score"], {"features": rows})[0]
    wanted = [4 * (BASE + sum(judged(tree, row) for tree in TREES) - 0.5) for row in rows]
    assert scores.shape == (len(rows),)
    np.testing.assert_allclose(scores, wanted, rtol=1e-5)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_what_is_no_number_gives_no_score(session: ort.InferenceSession, wrong: float) -> None:
    rows = np.array([[0, wrong], [0, 0]], dtype=np.float32)
    assert np.isnan(session.run(["score"], {"features": rows})[0]).tolist() == [True, False]


def test_a_threshold_between_two_float32_goes_down() -> None:
    above = np.float32(0.1)
    assert float(above) > 0.1
    branches = trees_onnx.ensemble(TREES, 0.0, 1.0)["nodes_values"]
    assert branches[0] == np.nextafter(above, np.float32(0))
    # What float32 holds stays.
    assert branches[3] == -0.5


def kakaobank(folder: Path, users: int = 40, entries: int = 12) -> KakaoBank:
    """Write and read a made-up set: the older, the slower; the pad shuffled."""
    random = np.random.default_rng(3)
    names = [*(f"T{i}" for i in range(1, 6)), *(f"{a}{i}" for a in "XY" for i in range(1, 7))]
    rows, people = [",".join(["A_new", *names, "B", "C", "D"])], ["A_new,n,B,C,D,pin_structure"]
    for user in range(users):
        device, age = user % 2, 1 + user % 7
        people.append(f"u{user},{entries},{device},{age},0,ABCDEF")
        for _ in range(entries):
            times = np.cumsum(random.lognormal(5.5 + 0.1 * age, 0.2, 5)).round().astype(int)
            keys = random.permutation(10)[:6]
            x, y = 0.17 + 0.3375 * (keys % 3), 0.14 + 0.23 * (keys // 3)
            rows.append(",".join(map(str, [f"u{user}", *times, *x, *y, device, age, 0])))
    folder.mkdir(parents=True)
    for name, lines in (("data.csv", rows), ("users.csv", people)):
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_kakaobank(folder)


@pytest.fixture
def age() -> ModuleType:
    """What trains the networks, where torch is installed."""
    pytest.importorskip("torch")
    from export.touch import age

    return age


def test_both_ages_and_all_users_count(age: ModuleType, tmp_path: Path) -> None:
    found = kakaobank(tmp_path / "kakaobank")
    aged = age.aged(found, 0)
    old, trained = found.age >= 5, aged.trained
    assert 0 < trained.sum() < len(trained)
    young = aged.weights[trained & ~old].sum()
    assert aged.weights[trained & old].sum() == pytest.approx(young)
    assert aged.weights[trained].mean() == pytest.approx(1)
    assert set(aged.targets[found.age == 4]) == {0.5}


def test_related_taps_know_repeats_and_returns(age: ModuleType) -> None:
    import torch

    from export.touch.age_networks import related

    # Keys 1 1 5 1 9 9 of a plain pad.
    cells = torch.tensor([[0, 0], [0, 0], [1, 1], [0, 0], [2, 2], [2, 2]])
    to = related((torch.tensor([0.17, 0.14]) + torch.tensor([0.3375, 0.23]) * cells)[None])
    assert to.same[0].tolist() == [0, 1, 0, 0, 0, 1]
    assert to.moved[0].tolist() == [0, 0, 1, 1, 1, 0]
    assert to.seen[0].tolist() == [0, 1, 0, 1, 0, 1]
    assert to.off.abs().max() < 1e-6
    assert to.distance[0, 2] == pytest.approx(float(np.hypot(0.3375, 0.23)), abs=1e-4)


@pytest.mark.parametrize("name", ["dnn", "lstm", "trees"])
def test_each_model_tells_the_slow_old_from_the_young(
    age: ModuleType, name: str, tmp_path: Path
) -> None:
    found = kakaobank(tmp_path / "kakaobank", entries=30)
    if name == "trees":
        pytest.importorskip("sklearn")
        from export.touch import trees

        built = trees.train(tmp_path, 0, 7)
    else:
        built = getattr(age, name)(tmp_path, 0, 7)
    assert len(built.content) < 1_000_000
    session = ort.InferenceSession(built.content, providers=["CPUExecutionProvider"])
    aged = age.aged(found, 0)
    asked = session.get_inputs()[0].name
    rows = getattr(aged, asked)[~aged.trained]
    scores = session.run(["score"], {asked: rows})[0]
    old = found.age[~aged.trained] >= 5
    assert scores[old].mean() > scores[~old].mean() + 0.3
    rows[0].flat[-1] = np.nan
    assert np.isnan(session.run(["score"], {asked: rows[:2]})[0]).tolist() == [True, False]
