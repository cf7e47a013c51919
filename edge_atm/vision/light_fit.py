"""How rows of colour fields, seen at one lag, explain a track of colours."""

import itertools
from functools import cache

import numpy as np
from numpy.typing import NDArray

from edge_atm.records import Colour

Doubles = NDArray[np.float64]
Rows = NDArray[np.int64]

FRAMES_PER_FIELD_MIN = 2
# An exposure and the panel's response smear a change over this.
CHANGE_SECONDS = 0.05
# How much each channel answers the screen's white light beside lamps of 2,300 to 9,000 K, for a
# mean of 1: inverse to a black body's colour in sRGB (Kim et al., US 7024034). Beside a lamp poor
# in blue the screen's blue counts for more. Free channels would fit what the fields do not tell.
LAMPS = np.array(
    (
        *((0.10, 0.32, 2.58), (0.22, 0.54, 2.24), (0.40, 0.75, 1.85), (0.58, 0.89, 1.54)),
        *((0.78, 0.98, 1.24), (0.98, 1.04, 0.99), (1.16, 1.06, 0.78)),
    )
)
# What is common to the channels is shading, exposure and the head's distance.
CHROMATIC = np.eye(3) - 1 / 3
# Chi-squared, 99 %, one degree of freedom: fields that explain the light better by no more than
# this may be mistaken for those commanded.
BETTER_BY = 6.63
# With as many degrees of freedom as fields, for rows that share one colour with those commanded.
MUCH_BETTER_BY = 23.2
# In this order the fields count up: the first bit is blue, the second green.
COLOURS = np.array([colour.value for colour in Colour])
BLUE, GREEN = 1, 2
TINY = 1e-30


class Fit:
    """How fields, as seen at one lag, explain a ratio of colours [N, 3]."""

    def __init__(self, at_seconds: Doubles, began: Doubles, ratio: Doubles) -> None:
        overlap = np.minimum(at_seconds[:, None], began[1:]) - np.maximum(
            at_seconds[:, None] - CHANGE_SECONDS, began[:-1]
        )
        shares = np.clip(overlap / CHANGE_SECONDS, 0, 1)
        # Before the first field and after the last one the screen shows a picture nobody knows.
        self._lit = shares.sum(axis=1) > 0.99
        shares = shares[self._lit]
        self.known = bool(((shares > 0.99).sum(axis=0) >= FRAMES_PER_FIELD_MIN).all())
        if not self.known:
            return
        time = at_seconds[self._lit] - began[0]
        # Slow drifts: of the white balance, of a head that moves on to another lamp.
        self._slow = np.linalg.qr(np.stack([np.ones_like(time), time, time**2], axis=1))[0]
        self._track = _Track(self._steady(shares), self._steady(ratio[self._lit]))

    def correlation(self, own: Rows, axes: Doubles) -> tuple[float, Doubles]:
        """Return the ratio's with fields `own`, and beside which of LAMPS it is so large."""
        if not self.known:
            return 0.0, LAMPS[-1]
        found = self._track.explained(COLOURS[own] * LAMPS[:, None] @ axes, axes)
        return float(found.max()), LAMPS[int(np.argmax(found))]

    def is_best(self, own: Rows, lamp: Doubles, axes: Doubles) -> bool:
        """Whether no other fields would explain the ratio clearly better.

        Tried are those other in one or two places, and all with the same blue or the same green.
        """
        few = (own + _changes(len(own))) % len(COLOURS)
        any_bits = np.arange(2 ** len(own))[:, None] >> np.arange(len(own)) & 1
        one_colour = np.concatenate([own & BLUE | any_bits * GREEN, own & GREEN | any_bits * BLUE])
        # The other colour may be what is held for noise, and the lamp one that hides it.
        return (
            self._better(own, few, lamp[None], axes) <= BETTER_BY
            and self._better(own, one_colour, LAMPS, CHROMATIC) <= MUCH_BETTER_BY
        )

    def _better(self, own: Rows, others: Rows, lamps: Doubles, axes: Doubles) -> float:
        lights = COLOURS * lamps[:, None] @ axes
        found = [self._track.explained(light[own][None], axes)[0] for light in lights]
        track = self._track.changes(lights[int(np.argmax(found))][own], axes)
        rows = np.vstack([own, others])
        explained = np.max([track.explained(light[rows], axes) for light in lights], axis=0)
        # Of normal noise: twice the logarithm of the likelihoods' ratio.
        left_own, left_best = (
            1 - min(max(float(one), 0), 1 - 1e-9) ** 2 for one in (explained[0], explained.max())
        )
        return float(track.ratio.shape[0] * axes.shape[1] * np.log(left_own / left_best))

    def expected(self, lights: Doubles) -> Doubles:
        """Return what the ratio would be, [N, axes], for each field's light [fields, axes]."""
        return np.asarray(self._track.shares @ lights)

    def answers(self, colours: Doubles, light: Doubles) -> Doubles:
        """Return how much a full field adds to each of `colours` [N, patches, 3], relatively."""
        patches = np.moveaxis(colours[self._lit] @ CHROMATIC, 1, 0)
        # `light` is steady already, so what is not in the patches adds nothing.
        return np.asarray((patches * light).sum(axis=(1, 2)) / max(float(np.sum(light**2)), TINY))

    def whitening(self, light: Doubles) -> Doubles:
        """Return the axes [3, 2] along which what `light` leaves unexplained is even."""
        left = _left(self._track.ratio @ CHROMATIC, light)
        values, vectors = np.linalg.eigh(left.T @ left)
        # The first is the channels' common part, which is not there.
        return np.asarray(vectors[:, 1:] / np.sqrt(np.maximum(values[1:], 1e-3 * values[2] + TINY)))

    def _steady(self, values: Doubles) -> Doubles:
        return np.asarray(values - self._slow @ (self._slow.T @ values))


class _Track:
    """A steady ratio of colours [N, 3], and how much of each field each frame shows [N, fields]."""

    def __init__(self, shares: Doubles, ratio: Doubles) -> None:
        self.shares, self.ratio = shares, ratio
        # All that rows of fields need of the frames: so many rows cost no more than one.
        self._products, self._covered = shares.T @ shares, shares.T @ ratio

    def explained(self, rows: Doubles, axes: Doubles) -> Doubles:
        """Return correlations of the ratio with each of `rows` [any, fields, axes] of light."""
        covered = (rows * (self._covered @ axes)).sum(axis=(1, 2))
        squares = (rows * (self._products @ rows)).sum(axis=(1, 2))
        length = max(float(np.linalg.norm(self.ratio @ axes)), TINY)
        return np.asarray(covered / np.sqrt(np.maximum(squares, TINY)) / length)

    def changes(self, light: Doubles, axes: Doubles) -> "_Track":
        """Return what is new in each frame: all less what goes on of what `light` leaves.

        In real video that is .6 to .85 of it: by its slow part alone it would look like a field of
        another colour, but a field begins at once (Cochrane & Orcutt 1949).
        """
        left = _left(self.ratio @ axes, self.shares @ light)
        again = float(np.sum(left[1:] * left[:-1])) / max(float(np.sum(left**2)), TINY)
        again = min(max(again, 0.0), 1.0)
        new = [values[1:] - again * values[:-1] for values in (self.shares, self.ratio)]
        return _Track(*new)


def _left(ratio: Doubles, light: Doubles) -> Doubles:
    # What as much of `light` as explains most does not explain.
    return np.asarray(ratio - np.sum(light * ratio) / max(float(np.sum(light**2)), TINY) * light)


@cache
def _changes(count: int) -> Rows:
    # Of none of the fields, each one, each two.
    changes = np.eye(count, dtype=np.int64)[:, None] * np.arange(len(COLOURS))[:, None]
    pairs = [
        (changes[first][:, None] + changes[second]).reshape(-1, count)
        for first, second in itertools.combinations(range(count), 2)
    ]
    return np.unique(np.concatenate(pairs), axis=0)
