"""How much colours beside each other answer the screen's fields: one fit over all frames."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge_atm.records import Colour
from edge_atm.vision.light_fit import CHROMATIC, COLOURS, Doubles, Fit

# The first patches are skin, then comes what may lie over the face (`vision/veil.py`); the next two
# are just beside the head.
SKIN, INNER = 3, 2
FACE = SKIN + 1
# From the time stamp of the frame after which a field was commanded to the first frame in its
# light: processing, the panel, exposure. Found to .02 s.
LAG_MAX, LAG_STEP = 0.34, 0.02
# Lags are sought beyond the window, too, to see that the best one is not out there.
LAGS_BEYOND = 0.3
# A patch that cannot be seen in more of the frames does not count as seen.
SEEN_MIN = 0.8
# A background that answers four fifths as much as the skin is on the same sheet, or the same pane.
BACKGROUND_WEIGHT = 1.25
# Mirrored over a picture, all of the answer is a veil: for cameras whose tone curve bends upwards
# simulated ones of .7 of the answer and more. On pictures of faces that were lit by one lamp and
# are lit from elsewhere as well up to a third of the answer looked like one (docs/liveness.md).
VEIL_WEIGHT = 1.5
UNKNOWN = (float("nan"), float("nan"))


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
    fits = [Fit(at_seconds[whole] - lag, began, ratio) for lag in lags]
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
