"""How much colours beside each other answer the screen's fields: one fit over all frames."""

import itertools
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from edge_atm.records import Colour

Doubles = NDArray[np.float64]
Rows = NDArray[np.int64]

# The first patches are skin, then comes what may lie over the face (`vision/veil.py`); the next two
# are just beside the head.
SKIN, INNER = 3, 2
FACE = SKIN + 1
FRAMES_PER_FIELD_MIN = 2
# From the time stamp of the frame after which a field was commanded to the first frame in its
# light: processing, the panel, exposure. Found to .02 s.
LAG_MAX, LAG_STEP = 0.34, 0.02
# Lags are sought beyond the window, too, to see that the best one is not out there.
LAGS_BEYOND = 0.3
# An exposure and the panel's response smear a change over this.
CHANGE_SECONDS = 0.05
# A patch that cannot be seen in more of the frames does not count as seen.
SEEN_MIN = 0.8
# A background that answers four fifths as much as the skin is on the same sheet, or the same pane.
BACKGROUND_WEIGHT = 1.25
# Mirrored over a picture, all of the answer is a veil: for cameras whose tone curve bends upwards
# simulated ones of .7 of the answer and more. On pictures of faces that were lit by one lamp and
# are lit from elsewhere as well up to a third of the answer looked like one (docs/liveness.md).
VEIL_WEIGHT = 1.6
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
UNKNOWN = (float("nan"), float("nan"))
TINY = 1e-30


def response(
    at_seconds: Doubles, began: Doubles, fields: Sequence[Colour], light: Doubles
) -> tuple[float, float]:
    """Return (light gain, light fit) of one track.

    `at_seconds` [N]: the frames'. `began` [fields + 1]: when each field was commanded, and when the
    last one ended. `light` [N, patches, 3]: linear, NaN where unknown; skin, then what it is if all
    that changes is a veil over the face, then background.

    The gain is relative: how much a full field adds to the skin patch that answers it least, less
    BACKGROUND_WEIGHT of what it adds to the background that answers it most, or VEIL_WEIGHT of what
    lies over the face, if that is more. The fit is the correlation, over frames and channels, of
    the skin's light over the background's with the fields; 0 when that is best at a lag outside the
    camera's, or clearly better with other fields. Either is NaN when it cannot be known.
    """
    whole, used = _seen(light)
    # A sheet so white that only what is farther out can be seen proves nothing.
    if not (used[:FACE].all() and used[FACE : FACE + INNER].any()):
        return UNKNOWN
    # The logarithm makes factors sums; without what the channels share only colour is left.
    colour = np.log(light[whole][:, used])
    ratio = colour[:, :SKIN].mean(axis=1) - colour[:, FACE:].mean(axis=1)
    lags = np.arange(-LAGS_BEYOND, LAG_MAX + LAGS_BEYOND, LAG_STEP)
    fits = [_Fit(at_seconds[whole] - lag, began, ratio) for lag in lags]
    own = np.array([list(Colour).index(field) for field in fields])
    found = [fit.correlation(own, CHROMATIC) for fit in fits]
    best = int(np.argmax([correlation for correlation, _ in found]))
    fit, (_, lamp) = fits[best], found[best]
    if not fit.known:
        return UNKNOWN
    light = fit.expected(COLOURS[own] * lamp @ CHROMATIC)
    gain = _gain(fit.answers(colour, light))
    # Once more at this lag, each direction of colour by how little else happens in it.
    axes = CHROMATIC @ fit.whitening(light)
    correlation, lamp = fit.correlation(own, axes)
    in_time = -LAG_STEP / 2 < lags[best] < LAG_MAX + LAG_STEP / 2
    return gain, correlation if in_time and fit.is_best(own, lamp, axes) else 0.0


def _gain(answers: Doubles) -> float:
    most = np.maximum(VEIL_WEIGHT * answers[SKIN], BACKGROUND_WEIGHT * answers[FACE:].max())
    return float(answers[:SKIN].min() - most)  # numpy's hand NaN on, and that refuses


def _seen(light: Doubles) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    # The patches seen in most of the frames, and the frames that show all of these.
    seen = np.asarray(np.isfinite(light).all(axis=2) & (light > 0).all(axis=2))
    used = seen.sum(axis=0) >= SEEN_MIN * len(seen)
    return np.asarray(seen[:, used].all(axis=1)), np.asarray(used)


class _Fit:
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
        self._shares, self._ratio = self._steady(shares), self._steady(ratio[self._lit])
        # All that rows of fields need of the frames: so many rows cost no more than one.
        self._products = self._shares.T @ self._shares
        self._covered = self._shares.T @ self._ratio

    def correlation(self, own: Rows, axes: Doubles) -> tuple[float, Doubles]:
        """Return the ratio's with fields `own`, and beside which of LAMPS it is so large."""
        if not self.known:
            return 0.0, LAMPS[-1]
        found = self._explained(COLOURS[own] * LAMPS[:, None] @ axes, axes)
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
        # Of normal noise: twice the logarithm of the likelihoods' ratio.
        rows = np.vstack([own, others])
        explained = np.max(
            [self._explained((COLOURS * lamp @ axes)[rows], axes) for lamp in lamps], 0
        )
        left_own, left_best = (
            1 - min(max(float(one), 0), 1 - 1e-9) ** 2 for one in (explained[0], explained.max())
        )
        return float(len(self._ratio) * axes.shape[1] * np.log(left_own / left_best))

    def expected(self, lights: Doubles) -> Doubles:
        """Return what the ratio would be, [N, axes], for each field's light [fields, axes]."""
        return np.asarray(self._shares @ lights)

    def answers(self, colours: Doubles, light: Doubles) -> Doubles:
        """Return how much a full field adds to each of `colours` [N, patches, 3], relatively."""
        patches = np.moveaxis(colours[self._lit] @ CHROMATIC, 1, 0)
        # `light` is steady already, so what is not in the patches adds nothing.
        return np.asarray((patches * light).sum(axis=(1, 2)) / max(float(np.sum(light**2)), TINY))

    def whitening(self, light: Doubles) -> Doubles:
        """Return the axes [3, 2] along which what `light` leaves unexplained is even."""
        ratio = self._ratio @ CHROMATIC
        left = ratio - np.sum(light * ratio) / max(float(np.sum(light**2)), TINY) * light
        values, vectors = np.linalg.eigh(left.T @ left)
        # The first is the channels' common part, which is not there.
        return np.asarray(vectors[:, 1:] / np.sqrt(np.maximum(values[1:], 1e-3 * values[2] + TINY)))

    def _explained(self, rows: Doubles, axes: Doubles) -> Doubles:
        # Correlations with each of `rows` [any, fields, axes] of light.
        covered = (rows * (self._covered @ axes)).sum(axis=(1, 2))
        squares = (rows * (self._products @ rows)).sum(axis=(1, 2))
        length = max(float(np.linalg.norm(self._ratio @ axes)), TINY)
        return np.asarray(covered / np.sqrt(np.maximum(squares, TINY)) / length)

    def _steady(self, values: Doubles) -> Doubles:
        return np.asarray(values - self._slow @ (self._slow.T @ values))


@cache
def _changes(count: int) -> Rows:
    # Of none of the fields, each one, each two.
    changes = np.eye(count, dtype=np.int64)[:, None] * np.arange(len(COLOURS))[:, None]
    pairs = [
        (changes[first][:, None] + changes[second]).reshape(-1, count)
        for first, second in itertools.combinations(range(count), 2)
    ]
    return np.unique(np.concatenate(pairs), axis=0)
