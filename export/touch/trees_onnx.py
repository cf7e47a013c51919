"""Write scikit-learn's boosted trees as ONNX's TreeEnsembleRegressor."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, checker, helper, numpy_helper

from edge_atm.records import Floats
from edge_atm.touch.features import Doubles
from export.onnxgraph import IR_VERSION

# A share of 1/2 is log odds of 0, and this is their slope there.
SLOPE = 4.0
_TREES_DOMAIN, _TREES_OPSET = "ai.onnx.ml", 3


def with_trees(before: onnx.ModelProto, trees: Sequence[NDArray[Any]], base: float) -> bytes:
    """Return `before` followed by the trees, each an array of scikit-learn's nodes, as ONNX.

    Output: float32 "score" [N]: SLOPE (s - 1/2) of the trees' sum s with `base`; NaN where
    anything given is no number.
    """
    model = onnx.ModelProto()
    model.CopyFrom(before)
    nodes = ensemble(trees, SLOPE * (base - 0.5), SLOPE)
    model.graph.initializer.extend([
        numpy_helper.from_array(np.array([1], dtype=np.int64), "columns"),
        numpy_helper.from_array(np.zeros(1, dtype=np.float32), "nothing"),
    ])  # fmt: skip
    given = model.graph.output.pop().name
    model.graph.node.extend([
        helper.make_node(
            "TreeEnsembleRegressor", [given], ["summed"], domain=_TREES_DOMAIN, **nodes
        ),
        # A branch takes NaN for large: what is no number must not become a score.
        helper.make_node("Mul", [model.graph.input[0].name, "nothing"], ["numbers"]),
        helper.make_node("ReduceSum", ["numbers", "columns"], ["number"]),
        helper.make_node("Add", ["summed", "number"], ["scores"]),
        helper.make_node("Squeeze", ["scores", "columns"], ["score"]),
    ])  # fmt: skip
    model.graph.output.append(helper.make_tensor_value_info("score", TensorProto.FLOAT, ["N"]))
    model.opset_import.append(helper.make_opsetid(_TREES_DOMAIN, _TREES_OPSET))
    model.ir_version = IR_VERSION
    checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))


def ensemble(trees: Sequence[NDArray[Any]], base: float, factor: float) -> dict[str, Any]:
    """Return the attributes of a TreeEnsembleRegressor: the sum of leaves times factor, and `base`.

    `trees`: for each the nodes with scikit-learn's fields `value`, `feature_idx`, `num_threshold`,
    `left`, `right`, `is_leaf`. No feature may be missing or a category.
    """
    counts = [len(nodes) for nodes in trees]
    number = np.repeat(np.arange(len(trees)), counts)
    node = np.concatenate([np.arange(count) for count in counts])
    whole = np.concatenate(list(trees))
    leaf = whole["is_leaf"].astype(bool)
    return {
        "n_targets": 1,
        "base_values": [base],
        "nodes_treeids": number.tolist(),
        "nodes_nodeids": node.tolist(),
        "nodes_featureids": np.where(leaf, 0, whole["feature_idx"]).tolist(),
        "nodes_modes": np.where(leaf, "LEAF", "BRANCH_LEQ").tolist(),
        "nodes_values": np.where(leaf, 0, _not_above(whole["num_threshold"])).tolist(),
        "nodes_truenodeids": np.where(leaf, 0, whole["left"]).tolist(),
        "nodes_falsenodeids": np.where(leaf, 0, whole["right"]).tolist(),
        "target_treeids": number[leaf].tolist(),
        "target_nodeids": node[leaf].tolist(),
        "target_ids": [0] * int(leaf.sum()),
        "target_weights": (factor * whole["value"][leaf]).tolist(),
    }


def _not_above(thresholds: Doubles) -> Floats:
    """The largest float32 not above each: float32 x <= it just where x <= the threshold."""
    nearest = thresholds.astype(np.float32)
    lower = np.nextafter(nearest, np.float32(-np.inf))
    return np.where(nearest > thresholds, lower, nearest)
