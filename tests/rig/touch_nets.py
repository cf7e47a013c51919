"""Tiny networks with the inputs and outputs of trained touch models, and their manifest."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper

from edge_atm.assurance.touch_folds import FOLDS

FLOAT, WHOLE = TensorProto.FLOAT, TensorProto.INT64
WIDTH = 4


def write_nets(folder: Path, users: Sequence[Sequence[str]]) -> Path:
    """Write one of each kind for KakaoBank, and one for StrokePIN; `users` of each fold.

    The networks of single users are in two parts, the second half of the users first.
    """
    folder.mkdir()
    models = []
    for fold in range(FOLDS):
        built = {
            ("kakaobank", "lstm"): _linear(18, fold, ["N", 6, 3], "habit", WIDTH),
            ("kakaobank", "age-dnn"): _linear(75, fold, ["N", 75], "score", 1),
            ("kakaobank", "lstm-places"): _linear(18, 9, ["N", 6, 3], "habit", WIDTH),
            ("strokepin", "lstm-hold"): _linear(12, fold, ["N", 6, 2], "habit", WIDTH),
        }
        files: list[tuple[str, str, bytes, list[str]]]
        files = [(*named, content, []) for named, content in built.items()]
        half = len(users[fold]) // 2
        for whose in (list(users[fold][half:]), list(users[fold][:half])):
            files.append(("kakaobank", "siamese", _own(len(whose), fold), whose))
        for number, (of_set, model, content, whose) in enumerate(files):
            file, sha256 = f"{number}_fold{fold}.onnx", hashlib.sha256(content).hexdigest()
            (folder / file).write_bytes(content)
            models.append(
                {"file": file, "sha256": sha256, "set": of_set, "model": model, "fold": fold}
                | {"users": whose}
            )
    (folder / "manifest.json").write_text(json.dumps({"models": models}))
    return folder


def _linear(size: int, seed: int, shape: Sequence[str | int], output: str, width: int) -> bytes:
    weights = numpy_helper.from_array(_random(seed, size, width), "weights")
    name = "taps" if len(shape) == 3 else "features"
    nodes = [
        helper.make_node("Flatten", [name], ["flat"], axis=1),
        helper.make_node("MatMul", ["flat", "weights"], ["habit"]),
    ]
    given = [helper.make_tensor_value_info("habit", FLOAT, ["N", width])]
    if output == "score":
        one = numpy_helper.from_array(np.array([1]), "one")
        nodes.append(helper.make_node("Squeeze", ["habit", "one"], ["score"]))
        given = [helper.make_tensor_value_info("score", FLOAT, ["N"])]
        return _model(nodes, [(name, FLOAT, shape)], given, [weights, one])
    return _model(nodes, [(name, FLOAT, shape)], given, [weights])


def _own(users: int, seed: int) -> bytes:
    """Return a net in which each user has weights of his own."""
    weights = numpy_helper.from_array(_random(seed, users, 75, WIDTH), "weights")
    middle = numpy_helper.from_array(np.array([1]), "middle")
    nodes = [
        helper.make_node("Gather", ["weights", "user"], ["own"], axis=0),
        helper.make_node("Unsqueeze", ["features", "middle"], ["row"]),
        helper.make_node("MatMul", ["row", "own"], ["product"]),
        helper.make_node("Squeeze", ["product", "middle"], ["habit"]),
    ]
    taken = [("features", FLOAT, ["N", 75]), ("user", WHOLE, ["N"])]
    given = [helper.make_tensor_value_info("habit", FLOAT, ["N", WIDTH])]
    return _model(nodes, taken, given, [weights, middle])


def _model(nodes: list, taken: list, given: list, weights: list) -> bytes:  # type: ignore[type-arg]
    inputs = [helper.make_tensor_value_info(*put) for put in taken]
    graph = helper.make_graph(nodes, "touch", inputs, given, weights)
    opset = helper.make_opsetid("", 17)
    model = helper.make_model(graph, ir_version=8, opset_imports=[opset])
    checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


def _random(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)
