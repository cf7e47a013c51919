"""What taps on a shuffled pad say about age, and the two networks that judge it: torch modules."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional

from export.touch.trees_onnx import SLOPE

TAPS = 6
# Columns of `pair_features`, 6 taps: seconds from each tap to the next, and from first to last.
_NEXT, _WHOLE = (0, 5, 9, 12, 14), 4
_PLACES = slice(60, 72)
# The pad's lines between columns and rows, then centres: means over all phones, for no phone type
# is told. All parts of the pad's width and height.
_COLUMN_ENDS, _ROW_ENDS = (0.34, 0.68), (0.265, 0.485, 0.70)
_FIRST_CENTRE, _PITCH = (0.17, 0.14), (0.3375, 0.23)
# About the smallest travel that counts, as part of the pad; about the log of a repeat's seconds.
_TRAVEL, _REPEAT, _SEARCH = 0.1, -1.5, -0.7
# Columns that `AgeFeatures` adds.
ADDED = slice(75, 126)
# Deviations beyond which a value says no more.
_FAR = 4.0
# Offsets from a key's centre are hundredths: this brings them to about 1.
_OFFSET_SCALE = 8.0


class Related(NamedTuple):
    """How each of 6 taps lies to those before it; all [N, 6] but `off`, float32, the first tap 0.

    `same`: the key of the tap before; `moved`: another; `seen`: a key tapped earlier; `distance`
    from the tap before; `off` [N, 6, 2] from the key's centre, `along` and `across` the way there.
    """

    same: torch.Tensor
    moved: torch.Tensor
    seen: torch.Tensor
    distance: torch.Tensor
    off: torch.Tensor
    along: torch.Tensor
    across: torch.Tensor


def related(places: torch.Tensor) -> Related:
    """Find the keys of taps at `places` [N, 6, 2] and what follows from them."""
    column = sum((places[..., 0] > end) * 1.0 for end in _COLUMN_ENDS)
    row = sum((places[..., 1] > end) * 1.0 for end in _ROW_ENDS)
    cell = torch.stack([column, row], 2)
    off = places - torch.tensor(_FIRST_CENTRE) - torch.tensor(_PITCH) * cell
    step = functional.pad(places[:, 1:] - places[:, :-1], (0, 0, 1, 0))
    distance = torch.sqrt((step**2).sum(2) + 1e-6)
    key = row * 3 + column
    same = functional.pad((key[:, 1:] == key[:, :-1]) * 1.0, (1, 0))
    earlier = torch.ones(TAPS, TAPS).tril(-1)
    seen = (((key[:, :, None] == key[:, None]) * earlier).sum(2) > 0) * 1.0
    moved = functional.pad(1 - same[:, 1:], (1, 0))
    way = step / distance[..., None]
    along = (off * way).sum(2) * moved
    across = (off[..., 0] * way[..., 1] - off[..., 1] * way[..., 0]) * moved
    return Related(same, moved, seen, distance * moved, off, along, across)


class AgeFeatures(nn.Module):  # type: ignore[misc]
    """Add 51 features to the 75: "features" [N, 75] in, [N, 126] out.

    The gaps, sorted and as statistics; apart for repeats, for keys tapped earlier and for keys to
    be looked for, with the travel taken out; where in its key a finger lands.
    """

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return the features."""
        gaps = features[:, list(_NEXT)]
        to = related(features[:, _PLACES].reshape(-1, TAPS, 2))
        return torch.cat(
            [features, *_times(gaps, features[:, _WHOLE]), *_moves(gaps, to), *_places(to)], 1
        )


def _times(gaps: torch.Tensor, whole: torch.Tensor) -> Sequence[torch.Tensor]:
    ranked = torch.sort(gaps, 1)[0]
    longest = ranked[:, -1]
    each = [gaps.mean(1), _spread(gaps), whole, longest - ranked[:, 0], longest - ranked[:, 2]]
    return [gaps, ranked, torch.stack(each, 1)]


def _moves(gaps: torch.Tensor, to: Related) -> Sequence[torch.Tensor]:
    same, moved, seen = to.same[:, 1:], to.moved[:, 1:], to.seen[:, 1:]
    repeated, searched = _mean(gaps, same, _REPEAT), _mean(gaps, 1 - seen, _SEARCH)
    travel = torch.log(to.distance[:, 1:] + _TRAVEL)
    each = [
        repeated, searched, searched - repeated, _mean(gaps, moved, _SEARCH),
        _mean(gaps, seen * moved, _SEARCH), _mean(gaps - travel, moved, -_SEARCH),
        torch.where(moved > 0, gaps, 2.0).amin(1), torch.where(moved > 0, gaps, -5.0).amax(1),
    ]  # fmt: skip
    return [torch.stack(each, 1), torch.where(same > 0, gaps, _REPEAT)]


def _places(to: Related) -> Sequence[torch.Tensor]:
    x, y = to.off[..., 0], to.off[..., 1]
    radius = torch.sqrt(x**2 + y**2)
    slip = torch.sqrt(((to.off[:, 1:] - to.off[:, :-1]) ** 2).sum(2))
    each = [
        x.mean(1), y.mean(1), _spread(x), _spread(y), x.abs().mean(1), y.abs().mean(1),
        radius.mean(1), _mean(slip, to.same[:, 1:], 0.04),
        _mean(to.along, to.moved, 0.0), _mean(to.across, to.moved, 0.0),
    ]  # fmt: skip
    return [to.off.flatten(1), torch.stack(each, 1)]


def _spread(rows: torch.Tensor) -> torch.Tensor:
    return torch.sqrt(((rows - rows.mean(1, keepdim=True)) ** 2).mean(1) + 1e-6)


def _mean(rows: torch.Tensor, chosen: torch.Tensor, none: float) -> torch.Tensor:
    count = chosen.sum(1)
    return torch.where(count > 0, (rows * chosen).sum(1) / count.clamp(min=1), none)


class AgeDnn(nn.Module):  # type: ignore[misc]
    """Two hidden layers on what `AgeFeatures` adds: "features" [N, 75] in, [N] out.

    `centre`, `scale` [51]: mean and deviation of that over the training entries. The 75 themselves
    are left out: which keys were where would only tell training users apart.
    """

    def __init__(self, centre: torch.Tensor, scale: torch.Tensor, hidden: int, drop: float):
        super().__init__()
        self.derived = AgeFeatures()
        self.centre, self.scale = nn.Buffer(centre), nn.Buffer(scale)
        self.noise = 0.1
        self.layers = nn.Sequential(
            nn.Linear(len(self.centre), hidden), nn.ReLU(), nn.Dropout(drop),
            nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(drop), nn.Linear(hidden, 1),
        )  # fmt: skip

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return the scores."""
        given = (self.derived(features)[:, ADDED] - self.centre) / self.scale
        given = given.clamp(-_FAR, _FAR)
        if self.training:
            given = given + self.noise * torch.randn_like(given)
        return self.layers(given)[:, 0]


class AgeLstm(nn.Module):  # type: ignore[misc]
    """A two-way LSTM over the taps with attention: "taps" [N, 6, 3] in, [N] out."""

    CHANNELS = 14

    def __init__(self, states: int, drop: float):
        super().__init__()
        self.norm = nn.BatchNorm1d(self.CHANNELS, affine=False)
        self.enter = nn.Linear(self.CHANNELS, states)
        self.lstm = nn.LSTM(states, states, batch_first=True, bidirectional=True)
        self.attention, self.out = nn.Linear(2 * states, 1), nn.Linear(4 * states, 1)
        self.drop = nn.Dropout(drop)

    def forward(self, taps: torch.Tensor) -> torch.Tensor:
        """Return the scores."""
        channels = self.norm(_channels(taps).transpose(1, 2)).transpose(1, 2).clamp(-_FAR, _FAR)
        states, _ = self.lstm(self.drop(torch.relu(self.enter(channels))))
        states = self.drop(states)
        attended = (torch.softmax(self.attention(states), 1) * states).sum(1)
        both = torch.cat([attended, states.mean(1)], 1)
        return self.out(self.drop(both))[:, 0]


def _channels(taps: torch.Tensor) -> torch.Tensor:
    gap, to = taps[..., 0], related(taps[..., 1:])
    first = torch.zeros_like(gap)
    first[:, 0] = 1
    looked = (1 - to.seen) * (1 - first)
    off = _OFFSET_SCALE * to.off
    each = [
        gap, to.distance, to.same, to.seen, to.same * (gap - _REPEAT), looked * (gap - _SEARCH),
        first, off[..., 0], off[..., 1], _OFFSET_SCALE * to.along, torch.sqrt((off**2).sum(2)),
        gap - torch.log(to.distance + _TRAVEL), taps[..., 1], taps[..., 2],
    ]  # fmt: skip
    return torch.stack(each, 2)


class Mean(nn.Module):  # type: ignore[misc]
    """The mean m of several networks, as log odds where both are as likely: SLOPE (m - 1/2)."""

    def __init__(self, networks: Sequence[nn.Module]):
        super().__init__()
        self.networks = nn.ModuleList(networks)

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        """Return the scores; NaN where anything given is no number: bounds may hide it."""
        mean = torch.stack([network(given) for network in self.networks]).mean(0)
        return SLOPE * (mean - 0.5) + 0 * given.flatten(1).sum(1)
