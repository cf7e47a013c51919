"""The networks that make a habit of the taps: torch modules that ONNX can hold."""

import math
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

# Two taps on one key lie less than this apart, columns .33 and rows .22: all parts of the pad.
_SAME_X, _SAME_Y = 0.12, 0.09
# Keys of the pad in a row, and in a column, by the distance between their centres.
_KEYS_X, _KEYS_Y = 3.0, 4.4
# What Relations makes of each of six taps; without time; and of it time and repeats alone.
ALL = tuple(range(20))
PLACES, TIMES = ALL[1:], (0, *ALL[7:13])


class Relations(nn.Module):  # type: ignore[misc]
    """Add to each of T taps how it lies to all others, and where in its key.

    In: [N, T, 3], log gap seconds, x and y on a pad of 3 x 4 keys, 1 being its width and height.
    Out, for six taps: [N, 6, 20]: the gap, the place, its phases in a key; nearly 1 for each tap on
    the same key; the distance to each tap, and to the one before; of these the `kept` columns.
    """

    def __init__(self, kept: Sequence[int] = ALL):
        super().__init__()
        self.kept = list(kept)

    def forward(self, taps: torch.Tensor) -> torch.Tensor:
        """Return the channels."""
        gap, place = taps[..., :1], taps[..., 1:3]
        step = place[:, :, None] - place[:, None]
        x, y = step[..., 0], step[..., 1]
        same = torch.exp(-((x / _SAME_X) ** 2) - (y / _SAME_Y) ** 2)
        distance = torch.sqrt(x**2 + y**2 + 1e-6)
        before = torch.sqrt(((place[:, 1:] - place[:, :-1]) ** 2).sum(2, keepdim=True) + 1e-6)
        before = torch.cat([torch.zeros_like(gap[:, :1]), before], 1)
        related = torch.cat([gap, place, *phases(place), same, distance, before], 2)
        return related if len(self.kept) == len(ALL) else related[..., self.kept]


def phases(place: torch.Tensor) -> Sequence[torch.Tensor]:
    """Return sine and cosine, each [..., 2], of where in its key a tap at `place` [..., 2] is."""
    turn = 2 * math.pi * torch.cat([place[..., :1] * _KEYS_X, place[..., 1:] * _KEYS_Y], -1)
    return torch.sin(turn), torch.cos(turn)


class TapNetwork(nn.Module):  # type: ignore[misc]
    """A two-way LSTM over the taps; its states' mean and attended mean make the habit.

    In: [N, T, channels]; out: [N, size], of length 1.
    """

    def __init__(self, before: nn.Module, channels: int, states: int, size: int, drop: float):
        super().__init__()
        self.before, self.norm = before, nn.BatchNorm1d(channels)
        self.lstm = nn.LSTM(channels, states, batch_first=True, bidirectional=True)
        weigh = nn.Linear(2 * states, states), nn.Tanh(), nn.Linear(states, 1)
        self.attention = nn.Sequential(*weigh)
        self.drop, self.out = nn.Dropout(drop), nn.Linear(4 * states, size)

    def forward(self, taps: torch.Tensor) -> torch.Tensor:
        """Return the habits."""
        channels = self.norm(self.before(taps).transpose(1, 2)).transpose(1, 2)
        states, _ = self.lstm(self.drop(channels))
        attended = (torch.softmax(self.attention(states), 1) * states).sum(1)
        both = torch.cat([attended, states.mean(1)], 1)
        return functional.normalize(self.out(self.drop(both)), dim=1)
