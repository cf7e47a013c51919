"""One LSTM for all users of a fixed pad, on StrokePIN: to compare with the linear models."""

from pathlib import Path

import numpy as np
from torch import nn

from edge_atm.assurance.touch_data import read_strokepin
from edge_atm.assurance.touch_folds import folds_of, tested_pins
from edge_atm.touch.features import Level, sequence
from export.touch import training
from export.touch.built import Built, from_torch
from export.touch.networks import TapNetwork

SET = "strokepin"
# As for KakaoBank; nothing was chosen on this set.
_STATES, _SIZE, _DROP = 48, 64, 0.15
_COMPARED = 256


def place(data: Path, fold: int, seed: int) -> Built:
    """Train on gaps and places: "taps" [N, 6, 3] to "habit" [N, 64]. Raises as `lstm`."""
    return lstm(data, fold, seed, Level.PLACE)


def place_hold(data: Path, fold: int, seed: int) -> Built:
    """Train on gaps, holds and places: "taps" [N, 6, 4]. Raises as `lstm`."""
    return lstm(data, fold, seed, Level.PLACE_HOLD)


def contact(data: Path, fold: int, seed: int) -> Built:
    """Train on all that the panel tells: "taps" [N, 6, 6]. Raises as `lstm`."""
    return lstm(data, fold, seed, Level.CONTACT)


def lstm(data: Path, fold: int, seed: int, level: Level) -> Built:
    """Train an LSTM with attention; users of `fold` and the 6 tested PINs are never seen.

    `data`: the folder that holds strokepin/. A class is a user, whatever PIN he types. Raises
    OSError, ValueError, ExportError.
    """
    found = read_strokepin(data / SET)
    tested = folds_of(SET, found.users) == fold
    train = ~tested & ~np.isin(found.pins, sorted(tested_pins(found.pins.tolist())))
    given = sequence(found.taps, level)
    training.seed(seed)
    channels = given.shape[2]
    network = TapNetwork(nn.Identity(), channels, _STATES, _SIZE, _DROP)
    _, users = np.unique(found.users[train], return_inverse=True)
    training.fit(network, _SIZE, given[train], users, training.Settings())
    return from_torch(network, {"taps": given[tested][:_COMPARED]}, "habit")
