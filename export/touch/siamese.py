"""A Siamese network of each user's own: from one start, trained on his five entries."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from edge_atm.touch.features import Doubles, pair_features
from export.touch.losses import same_user
from export.touch.networks import phases
from export.touch.training import Labels, optimiser

HIDDEN, SIZE = 48, 24
# The start: so many users, and entries of each, in a batch.
_EPOCHS, _USERS, _EACH, _RATE, _DECAY, _DROP, _START_NOISE = 30, 48, 4, 2e-3, 1e-3, 0.2, 0.1
# Each user's own: entries made from his five, of which so many, and of strangers, in a step.
_STEPS, _MADE, _OWN, _STRANGERS, _OWN_RATE, _OWN_NOISE = 60, 60, 16, 96, 1e-3, 0.2
# What holds each user's weights at the start's.
_PULL = 0.1
_GAP_JITTER, _TEMPO_JITTER, _PLACE_JITTER = 0.15, 0.1, 0.005
# Standardised values beyond this say no more.
_FAR = 4.0
# Two taps closer than about this part of the pad are on one key.
_SAME = 0.13
_PAIRS = 15
_WIDE = 129


class Features(nn.Module):  # type: ignore[misc]
    """The 75 features of six taps (`pair_features`) as what a small network can use: [N, 129].

    Angles become sine and cosine; each distance also says how nearly two taps are on one key, each
    place where in its key it is. Standardised by the mean and deviation of `examples` [N, 75].
    """

    def __init__(self, examples: torch.Tensor):
        super().__init__()
        told = self.told(examples)
        self.register_buffer("centre", told.mean(0))
        self.register_buffer("scale", told.std(0) + 1e-6)

    @staticmethod
    def told(features: torch.Tensor) -> torch.Tensor:
        """Return them before they are standardised."""
        distance, angle = features[:, _PAIRS : 2 * _PAIRS], features[:, 2 * _PAIRS : 3 * _PAIRS]
        places = features[:, 4 * _PAIRS : 4 * _PAIRS + 12].reshape(-1, 6, 2)
        same = torch.exp(-((distance / _SAME) ** 2))
        turns = [turn.reshape(-1, 12) for turn in phases(places)]
        seconds, others = features[:, : 2 * _PAIRS], features[:, 3 * _PAIRS :]
        return torch.cat([seconds, same, torch.sin(angle), torch.cos(angle), others, *turns], 1)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return [N, 129]."""
        return ((self.told(features) - self.centre) / self.scale).clamp(-_FAR, _FAR)


class Siamese(nn.Module):  # type: ignore[misc]
    """As many small networks as users, side by side: two layers each."""

    def __init__(self, features: Features, layers: Sequence[torch.Tensor]):
        """`layers`: [U, 129, hidden], [U, 1, hidden], [U, hidden, size], [U, 1, size]."""
        super().__init__()
        self.features = features
        self.layers = nn.ParameterList([nn.Parameter(layer.clone()) for layer in layers])

    def forward(self, features: torch.Tensor, user: torch.Tensor) -> torch.Tensor:
        """Return the habits [N, size], length 1, of `features` [N, 75] by the networks `user`."""
        rows = self.features(features)[:, None]
        return _habits(rows, [layer[user] for layer in self.layers])[:, 0]

    def habits(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the habits [U, n, size] of standardised `rows` [U, n, 129]."""
        return _habits(rows, list(self.layers))


def _habits(rows: torch.Tensor, layers: Sequence[torch.Tensor]) -> torch.Tensor:
    weight, bias, out, out_bias = layers
    hidden = torch.relu(rows @ weight + bias)
    return functional.normalize(hidden @ out + out_bias, dim=-1)


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """What every user's network begins with: one network, and the pairs' `slope` and `middle`."""

    network: Siamese
    slope: float
    middle: float


def start(features: Doubles, users: Labels, random: np.random.Generator) -> Start:
    """Train one network on pairs of entries of `users` [N], who count from 0."""
    given = torch.from_numpy(features.astype(np.float32))
    network = Siamese(Features(given), _fresh())
    slope, middle = nn.Parameter(torch.tensor(10.0)), nn.Parameter(torch.tensor(0.5))
    rows = network.features(given)
    of_user = [np.flatnonzero(users == user) for user in range(int(users.max()) + 1)]
    steps = max(1, _EPOCHS * (len(rows) // (_USERS * _EACH)))
    parts: list[dict[str, Any]] = [
        {"params": network.layers},
        {"params": [slope, middle], "weight_decay": 0.0},
    ]
    descent, schedule = optimiser(parts, _RATE, _DECAY, steps)
    for _ in range(steps):
        chosen = random.choice(len(of_user), min(_USERS, len(of_user)), replace=False)
        batch = np.concatenate([_some(of_user[user], random) for user in chosen])
        found = _noisy(rows[batch], _START_NOISE)
        habits = network.habits(functional.dropout(found, _DROP)[None])[0]
        who = torch.from_numpy(users[batch])
        counted = ~torch.eye(len(batch), dtype=torch.bool)
        same = who[:, None] == who[None]
        loss = same_user(habits @ habits.T, same, counted, slope, middle)
        descent.zero_grad()
        loss.backward()
        descent.step()
        schedule.step()
    return Start(network, slope.item(), middle.item())


def own(begun: Start, enrolled: Doubles, made: Doubles, strangers: Doubles) -> Siamese:
    """Train the network of each of U users on his entries against those of `strangers` [N, 75].

    `enrolled` [U, 5, 75]: his entries, whose mean habit stands for him; `made` [U, M, 75] from
    them (`mixed`). No user's entries are used for another's network.
    """
    network = Siamese(
        begun.network.features, [w.detach().expand(len(made), -1, -1) for w in begun.network.layers]
    )
    five, his, theirs = (_rows(network, part) for part in (enrolled, made, strangers[None]))
    descent = torch.optim.Adam(network.layers.parameters(), lr=_OWN_RATE)
    users = torch.arange(len(made))[:, None]
    for _ in range(_STEPS):
        drawn = his[users, torch.randint(his.shape[1], (len(made), _OWN))]
        others = theirs[0, torch.randint(theirs.shape[1], (len(made), _STRANGERS))]
        habits = network.habits(_noisy(torch.cat([drawn, others], 1), _OWN_NOISE))
        mean = functional.normalize(network.habits(five).mean(1), dim=1)
        cosines = (habits @ mean[:, :, None])[..., 0]
        same = (torch.arange(cosines.shape[1]) < _OWN).expand_as(cosines)
        # Each user's loss counts in full, as if he were trained alone.
        loss = len(made) * same_user(
            cosines, same, torch.ones_like(same), begun.slope, begun.middle
        )
        for layer, first in zip(network.layers, begun.network.layers, strict=True):
            loss = loss + _PULL * ((layer - first.detach()) ** 2).sum()
        descent.zero_grad()
        loss.backward()
        descent.step()
    return network


def mixed(down_seconds: Doubles, xy: Doubles, random: np.random.Generator) -> Doubles:
    """Return the features [U, M, 75] of entries that U users might have typed.

    `down_seconds` [U, 5, 6], `xy` [U, 5, 6, 2]: the times of one of a user's entries, jittered, and
    the places of another, so that which taps fall on one key stays his PIN's.
    """
    users, entries, taps = down_seconds.shape
    who = np.arange(users)[:, None]
    times, places = random.integers(entries, size=(2, users, _MADE))
    gaps = np.diff(down_seconds[who, times], axis=2)
    hurry = random.normal(0, _TEMPO_JITTER, (users, _MADE, 1))
    gaps = gaps * np.exp(random.normal(0, _GAP_JITTER, gaps.shape) + hurry)
    down = np.concatenate([np.zeros((users, _MADE, 1)), np.cumsum(gaps, axis=2)], axis=2)
    place = xy[who, places] + random.normal(0, _PLACE_JITTER, (users, _MADE, taps, 2))
    made = pair_features(down.reshape(-1, taps), place.reshape(-1, taps, 2))
    return made.reshape(users, _MADE, -1)


def _fresh() -> list[torch.Tensor]:
    return [
        torch.randn(1, _WIDE, HIDDEN) / _WIDE**0.5, torch.zeros(1, 1, HIDDEN),
        torch.randn(1, HIDDEN, SIZE) / HIDDEN**0.5, torch.zeros(1, 1, SIZE),
    ]  # fmt: skip


def _some(entries: Labels, random: np.random.Generator) -> Labels:
    return random.choice(entries, _EACH, replace=len(entries) < _EACH)


def _noisy(rows: torch.Tensor, spread: float) -> torch.Tensor:
    return rows + spread * torch.randn_like(rows)


def _rows(network: Siamese, features: Doubles) -> torch.Tensor:
    flat = torch.from_numpy(features.reshape(-1, features.shape[-1]).astype(np.float32))
    return network.features(flat).reshape(*features.shape[:2], -1)
