"""The two networks of the talk, on KakaoBank's entries: one for all users, and one for each."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edge_atm.assurance.touch_data import KakaoBank, read_kakaobank
from edge_atm.assurance.touch_design import Design, designs, first_five
from edge_atm.assurance.touch_folds import folds_of
from edge_atm.records import Floats
from edge_atm.touch.features import Level, pair_features, sequence
from export.touch import siamese, training
from export.touch.built import Built, Inputs, from_torch
from export.touch.networks import ALL, PLACES, TIMES, Relations, TapNetwork

SET = "kakaobank"
# Chosen, as all settings here, on a fifth of the users who train in fold 0, never on who is tested.
_STATES, _SIZE, _DROP = 48, 64, 0.15
# A user's network has 30 kB: with so many in one file it stays below 1 MB.
_USERS_MAX = 30
# Rows on which ONNX and torch are compared.
_COMPARED = 256


def lstm(data: Path, fold: int, seed: int) -> Built:
    """Train one LSTM with attention for all users: "taps" [N, 6, 3] to "habit" [N, 64].

    `data`: the folder that holds kakaobank/. Users of `fold` are never seen. Raises OSError,
    ValueError, ExportError.
    """
    return _lstm(data, fold, seed, ALL)


def places(data: Path, fold: int, seed: int) -> Built:
    """Train the same without time: what the PIN's repeats, the phone and the hand's place tell."""
    return _lstm(data, fold, seed, PLACES)


def times(data: Path, fold: int, seed: int) -> Built:
    """Train the same on time and the PIN's repeats: no pad's geometry is in it."""
    return _lstm(data, fold, seed, TIMES)


def _lstm(data: Path, fold: int, seed: int, kept: Sequence[int]) -> Built:
    found, design = _entries(data, fold)
    training.seed(seed)
    network = TapNetwork(Relations(kept), len(kept), _STATES, _SIZE, _DROP)
    given = sequence(found.taps, Level.PLACE)
    _, users = np.unique(found.users[design.train], return_inverse=True)
    training.fit(network, _SIZE, given[design.train], users, training.Settings())
    return from_torch(network, {"taps": given[design.probes[:_COMPARED]]}, "habit")


def own(data: Path, fold: int, seed: int) -> list[Built]:
    """Train a Siamese network for each user of `fold`: "features" [N, 75], "user" [N] to "habit".

    Beside his five enrolled entries it sees users of the other folds alone. In parts of at
    most 30 users, each of whom "user" counts from 0. Raises as `lstm`.
    """
    found, design = _entries(data, fold)
    training.seed(seed)
    random = np.random.default_rng(seed)
    features = pair_features(found.down_seconds, found.xy)
    _, users = np.unique(found.users[design.train], return_inverse=True)
    begun = siamese.start(features[design.train], users, random)
    enrolled = design.enrolled
    made = siamese.mixed(found.down_seconds[enrolled], found.xy[enrolled], random)
    network = siamese.own(begun, features[enrolled], made, features[design.train])
    compared = features[design.probes[:_COMPARED]].astype(np.float32)
    whose = found.users[enrolled[:, 0]].tolist()
    return [
        _part(network, whose, range(first, min(first + _USERS_MAX, len(whose))), compared)
        for first in range(0, len(whose), _USERS_MAX)
    ]


def _part(network: siamese.Siamese, whose: list[str], users: range, features: Floats) -> Built:
    chosen = slice(users.start, users.stop)
    inputs: Inputs = {
        "features": features,
        "user": np.arange(len(features), dtype=np.int64) % len(users),
    }
    part = siamese.Siamese(network.features, [layer.detach()[chosen] for layer in network.layers])
    return from_torch(part, inputs, "habit", whose[chosen])


def _entries(data: Path, fold: int) -> tuple[KakaoBank, Design]:
    found = read_kakaobank(data / SET)
    users, everybody = found.users, np.ones(len(found.users), dtype=np.bool_)
    one_pin = np.full(len(users), "")
    folds = designs(users, folds_of(SET, users), one_pin, first_five, everybody, everybody)
    return found, folds[fold]
