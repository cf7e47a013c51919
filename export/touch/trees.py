"""Boosted trees on age, grown by scikit-learn on the features of age_networks.py."""

import io
import warnings
from importlib import import_module
from pathlib import Path

import numpy as np
import onnx
import torch

from edge_atm.assurance.touch_data import read_kakaobank
from edge_atm.inference import new_session
from edge_atm.records import Floats
from edge_atm.touch.features import Doubles
from export.onnxgraph import OPSET
from export.touch.age import COMPARED, aged
from export.touch.age_networks import AgeFeatures
from export.touch.built import Built, compared
from export.touch.trees_onnx import SLOPE, with_trees

# Chosen, as age.py's, among the users who train in fold 0.
_GROWTH = {
    "max_iter": 150, "learning_rate": 0.05, "max_leaf_nodes": 6, "min_samples_leaf": 40,
    "l2_regularization": 5.0, "max_features": 0.3, "early_stopping": False,
}  # fmt: skip


def train(data: Path, fold: int, seed: int) -> Built:
    """Grow the trees on AgeFeatures: "features" [N, 75] to "score" [N], as age.py's.

    `data`: the folder that holds kakaobank/. Users of `fold` are never seen. Raises OSError,
    ValueError, ExportError.
    """
    found = aged(read_kakaobank(data / "kakaobank"), fold)
    before = features_graph()
    # By the graph that the unit runs, so no value lies on the other side of a branch there.
    known = ran(before, found.features[found.trained])
    # By name: scikit-learn is not where the types are checked.
    ensemble = import_module("sklearn.ensemble")
    grown = ensemble.HistGradientBoostingRegressor(random_state=seed, **_GROWTH)
    grown.fit(known, found.targets[found.trained], found.weights[found.trained])
    unseen = found.features[~found.trained][:COMPARED]
    wanted = SLOPE * (grown.predict(ran(before, unseen)) - 0.5)
    trees = [tree.nodes for (tree,) in grown._predictors]
    base = float(grown._baseline_prediction.ravel()[0])
    return compared(with_trees(before, trees, base), {"features": unseen}, wanted)


def features_graph() -> onnx.ModelProto:
    """Return AgeFeatures as ONNX: "features" [N, 75] to "derived" [N, 126]."""
    held = io.BytesIO()
    with warnings.catch_warnings():
        # As in built.py.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            AgeFeatures(), (torch.zeros(1, 75),), held, dynamo=False, opset_version=OPSET,
            input_names=["features"], output_names=["derived"],
            dynamic_axes={"features": {0: "N"}, "derived": {0: "N"}},
        )  # fmt: skip
    return onnx.load_model_from_string(held.getvalue())


def ran(model: onnx.ModelProto, features: Floats) -> Doubles:
    """Return what the model's only output is for `features`, as float64."""
    session = new_session(model.SerializeToString())
    return np.asarray(session.run(None, {"features": features})[0], dtype=np.float64)
