"""Train one network: sampling, jitter, the optimiser and its schedule; one seed decides all."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from edge_atm.records import Floats
from export.touch.losses import arcface

Labels = npt.NDArray[np.int64]

BATCH = 256
# Part of the training in which the rate rises.
_WARMING = 0.15
_CENTRE_SPREAD = 0.1


@dataclass(frozen=True, slots=True)
class Settings:
    """How to train with ArcFace.

    `gap_jitter`: standard deviation of each log gap; `tempo_jitter`: of all gaps of an entry
    together; `place_jitter`: of x and y.
    """

    epochs: int = 30
    rate: float = 6e-3
    decay: float = 1e-3
    margin: float = 0.2
    scale: float = 12.0
    gap_jitter: float = 0.1
    tempo_jitter: float = 0.1
    place_jitter: float = 0.01


def seed(number: int) -> None:
    """Make what follows the same each time on one machine: one thread, one seed."""
    torch.set_num_threads(1)
    torch.manual_seed(number)


def fit(network: nn.Module, size: int, taps: Floats, users: Labels, settings: Settings) -> None:
    """Train `network` to tell users apart, with ArcFace.

    `taps` [N, T, C] as edge_atm/touch/features.py's `sequence`; `users` [N] count from 0; `size`:
    the habits' length. A user is drawn by the square root of the number of his entries.
    """
    given, who = torch.from_numpy(taps), torch.from_numpy(users)
    centres = nn.Parameter(torch.randn(int(users.max()) + 1, size) * _CENTRE_SPREAD)
    batches = max(1, len(taps) // BATCH)
    parts: list[dict[str, Any]] = [
        {"params": network.parameters()},
        {"params": [centres], "weight_decay": 0.0},
    ]
    descent, schedule = optimiser(parts, settings.rate, settings.decay, settings.epochs * batches)
    often = torch.bincount(who)[who].double() ** -0.5
    network.train()
    for _ in range(settings.epochs):
        for batch in torch.multinomial(often, BATCH * batches, replacement=True).view(-1, BATCH):
            habits = network(jittered(given[batch], settings))
            loss = arcface(habits, centres, who[batch], settings.margin, settings.scale)
            descent.zero_grad()
            loss.backward()
            descent.step()
            schedule.step()


def optimiser(parts: list[dict[str, Any]], rate: float, decay: float, steps: int) -> Any:
    """Return AdamW and a schedule that rises to `rate`, then falls, over `steps`."""
    descent = torch.optim.AdamW(parts, lr=rate, weight_decay=decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(descent, rate, steps, pct_start=_WARMING)
    return descent, schedule


def jittered(taps: torch.Tensor, settings: Settings) -> torch.Tensor:
    """Return entries that the same person might have typed; channels log gap, then all others."""
    gap, others = taps[..., :1], taps[..., 1:]
    hurry = torch.randn(len(taps), 1, 1) * settings.tempo_jitter
    moved = torch.randn(gap.shape) * settings.gap_jitter + hurry
    # The first tap has no gap.
    moved[:, 0] = 0
    others = others + torch.randn(others.shape) * settings.place_jitter
    return torch.cat([gap + moved, others], 2)
