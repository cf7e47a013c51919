"""Train the networks that judge from one entry whether somebody of 50 or more typed it.

Settings were chosen by cross-validation among the users who train in fold 0, then left alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from edge_atm.assurance.touch_age import AGE_OLD
from edge_atm.assurance.touch_data import KakaoBank, read_kakaobank
from edge_atm.assurance.touch_folds import folds_of
from edge_atm.records import Floats
from edge_atm.touch.features import Doubles, Level, pair_features, sequence
from export.touch import training
from export.touch.age_networks import ADDED, AgeDnn, AgeFeatures, AgeLstm, Mean
from export.touch.built import Built, from_torch

# What each decade, teens to 70 and more, is taught as: those in their 40s tap in between.
TARGETS = np.array([0.0, 0.0, 0.15, 0.5, 1.0, 1.2, 1.2])
NETWORKS = 3
# Rows on which ONNX and torch are compared.
COMPARED = 256


@dataclass(frozen=True, slots=True)
class Settings:
    """How to train one network; `gap_jitter`, `place_jitter`: deviations of log gaps, places."""

    epochs: int
    rate: float
    decay: float
    batch: int
    gap_jitter: float = 0.0
    place_jitter: float = 0.0


_DNN = Settings(epochs=10, rate=2e-3, decay=0.3, batch=256)
_LSTM = Settings(epochs=8, rate=3e-3, decay=0.1, batch=128, gap_jitter=0.1, place_jitter=0.005)


@dataclass(frozen=True, slots=True, eq=False)
class Aged:
    """Entries to train on and to compare: `features` [N, 75], `taps` [N, 6, 3], float32.

    `targets`, `weights` [N] float64; `trained` [N] bool: not of the fold's users.
    """

    features: Floats
    taps: Floats
    targets: Doubles
    weights: Doubles
    trained: NDArray[np.bool_]


def dnn(data: Path, fold: int, seed: int) -> Built:
    """Train three networks of two hidden layers: "features" [N, 75] to "score" [N].

    The score is about the log odds of 50 or more, were both ages as frequent. `data`: the folder
    that holds kakaobank/. Users of `fold` are never seen. Raises OSError, ValueError, ExportError.
    """
    found = aged(read_kakaobank(data / "kakaobank"), fold)
    with torch.no_grad():
        added = AgeFeatures()(torch.from_numpy(found.features[found.trained]))[:, ADDED]
    centre, scale = added.mean(0), added.std(0) + 1e-3
    network = _mean_of(lambda: AgeDnn(centre, scale, 32, 0.4), found.features, found, _DNN, seed)
    return from_torch(network, {"features": found.features[~found.trained][:COMPARED]}, "score")


def lstm(data: Path, fold: int, seed: int) -> Built:
    """Train three LSTMs with attention: "taps" [N, 6, 3] to "score" [N]; else as `dnn`."""
    found = aged(read_kakaobank(data / "kakaobank"), fold)
    network = _mean_of(lambda: AgeLstm(24, 0.4), found.taps, found, _LSTM, seed)
    return from_torch(network, {"taps": found.taps[~found.trained][:COMPARED]}, "score")


def aged(taps: KakaoBank, fold: int) -> Aged:
    """Return the entries with what is to be learnt; the phone's type is nowhere in it."""
    trained = folds_of("kakaobank", taps.users) != fold
    return Aged(
        pair_features(taps.down_seconds, taps.xy).astype(np.float32),
        sequence(taps.taps, Level.PLACE),
        TARGETS[taps.age - 1],
        weights(taps, trained),
        trained,
    )


def weights(taps: KakaoBank, trained: NDArray[np.bool_]) -> Doubles:
    """Return what each entry counts [N]: 1 / sqrt(entries of its user), both ages alike in sum.

    The mean over `trained` is 1.
    """
    _, user, entries = np.unique(taps.users, return_inverse=True, return_counts=True)
    counts = entries[user] ** -0.5
    old = taps.age >= AGE_OLD
    counts[old] *= counts[trained & ~old].sum() / counts[trained & old].sum()
    return np.asarray(counts / counts[trained].mean())


def _mean_of(
    network: Callable[[], nn.Module], given: Floats, found: Aged, settings: Settings, seed: int
) -> nn.Module:
    networks = []
    for number in range(NETWORKS):
        training.seed(seed + number)
        networks.append(network())
        _fit(networks[-1], given, found, settings)
    return Mean(networks)


def _fit(network: nn.Module, given: Floats, found: Aged, settings: Settings) -> None:
    """Least squares, so that one entry far off costs no more than it must."""
    rows = torch.from_numpy(given[found.trained])
    told = np.stack([found.targets, found.weights], axis=1)[found.trained]
    targets, counts = torch.from_numpy(told.astype(np.float32)).unbind(1)
    batches = len(rows) // settings.batch
    descent, schedule = training.optimiser(
        [{"params": network.parameters()}], settings.rate, settings.decay, settings.epochs * batches
    )
    network.train()
    for _ in range(settings.epochs):
        order = torch.randperm(len(rows))[: batches * settings.batch]
        for batch in order.view(batches, settings.batch):
            away = network(_jittered(rows[batch], settings)) - targets[batch]
            descent.zero_grad()
            (away**2 * counts[batch]).mean().backward()
            descent.step()
            schedule.step()


def _jittered(rows: torch.Tensor, settings: Settings) -> torch.Tensor:
    if not settings.gap_jitter:
        return rows
    spread = torch.tensor([settings.gap_jitter, settings.place_jitter, settings.place_jitter])
    return rows + spread * torch.randn_like(rows)
