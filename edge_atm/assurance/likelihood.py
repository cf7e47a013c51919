"""How well likelihood ratios keep their word: Cllr, its minimum, and the calibration error.

Both kinds of comparison weigh the same however many there are: a prior of one half.
"""

from dataclasses import dataclass

import numpy as np

from edge_atm.assurance.rates import Scores
from edge_atm.policy import calibration

PRIOR = 0.5
BINS = 15


def costs(llr_log10: Scores, genuine: bool) -> Scores:
    """Return each comparison's cost in bits (Brümmer and du Preez 2006)."""
    natural = np.asarray(llr_log10) * np.log(10)
    return np.asarray(np.logaddexp(0, -natural if genuine else natural) / np.log(2))


def cllr(genuine: Scores, impostor: Scores) -> float:
    """Return Cllr of log10 likelihood ratios: 0 is perfect, 1 says nothing."""
    return float(costs(genuine, True).mean() + costs(impostor, False).mean()) / 2


def cllr_min(genuine: Scores, impostor: Scores) -> float:
    """Return Cllr of scores of the same order, perfectly calibrated by isotonic regression."""
    blocks = isotonic(genuine, impostor)
    whole = blocks.sum(axis=0)
    # A class that a block does not hold costs nothing, however certain the block is.
    share = np.divide(blocks, whole, where=blocks > 0, out=np.ones_like(blocks))
    return float((blocks * -np.log2(share)).sum())


def isotonic(genuine: Scores, impostor: Scores) -> Scores:
    """Return the blocks of pool-adjacent-violators [2, blocks], in rising order of score.

    Each block's mass of genuine and of impostor scores; either class has .5 in all.
    """
    _, place = np.unique(np.concatenate([genuine, impostor]), return_inverse=True)
    places = place[: len(genuine)], place[len(genuine) :]
    mass = np.stack([np.bincount(p, minlength=place.max() + 1) / (2 * len(p)) for p in places])
    # Neighbours of one class alone pool in any case: what is left is short.
    kind = np.sign(mass[0]) - np.sign(mass[1])
    begins = np.flatnonzero((np.diff(kind, prepend=2) != 0) | (kind == 0))
    blocks: list[Scores] = []
    for block in np.add.reduceat(mass, begins, axis=1).T:
        blocks.append(block)
        while len(blocks) > 1 and _share(blocks[-2]) >= _share(blocks[-1]):
            last = blocks.pop()
            blocks[-1] = blocks[-1] + last
    return np.stack(blocks, axis=1)


def _share(block: Scores) -> float:
    return float(block[0] / block.sum())


def calibration_error(genuine: Scores, impostor: Scores) -> tuple[float, list[dict[str, float]]]:
    """Return the expected calibration error of posteriors at PRIOR, and its bins of equal mass.

    Equal posteriors stay in one bin, so there may be fewer than BINS.
    """
    values, place = np.unique(np.concatenate([genuine, impostor]), return_inverse=True)
    places = place[: len(genuine)], place[len(genuine) :]
    mass = [np.bincount(p, minlength=len(values)) / (2 * len(p)) for p in places]
    whole = mass[0] + mass[1]
    number = np.minimum(((np.cumsum(whole) - whole / 2) * BINS).astype(int), BINS - 1)
    sums = [np.bincount(number, part, BINS) for part in (whole, whole * values, mass[0])]
    counts = np.bincount(number[place], minlength=BINS)
    bins = [
        {"n": int(n), "mass": m, "confidence": confident / m, "share_genuine": share / m}
        for n, m, confident, share in zip(counts, *(part.tolist() for part in sums), strict=True)
        if n
    ]
    return sum(b["mass"] * abs(b["share_genuine"] - b["confidence"]) for b in bins), bins


@dataclass(frozen=True, slots=True)
class Fit:
    """A line from a cosine to a log10 likelihood ratio, and where it is clipped."""

    offset: float = calibration.LLR_OFFSET
    slope: float = calibration.LLR_SLOPE
    log10_max: float = calibration.LLR_LOG10_MAX

    def line(self, scores: Scores) -> Scores:
        """Return the log10 likelihood ratios before they are clipped."""
        return self.offset + self.slope * scores

    def clipped(self, scores: Scores) -> Scores:
        """Return `calibration.llr_log10` of many: what a unit with this fit claims."""
        return np.clip(self.line(scores), -self.log10_max, self.log10_max)


RELEASED = Fit()


def posteriors(llr_log10: Scores) -> Scores:
    """Return `calibration.posterior` of many at PRIOR."""
    odds = 10.0**llr_log10 * PRIOR / (1 - PRIOR)
    return np.asarray(odds / (1 + odds))


def percents(posterior: Scores) -> Scores:
    """Return `calibration.percent` of many, as a share."""
    return np.minimum(99, np.floor(100 * posterior)) / 100


def quality_of_scores(genuine: Scores, impostor: Scores, fit: Fit = RELEASED) -> dict[str, object]:
    """Return Cllr, Cllr_min, Cllr_cal and ECE of a calibration.

    `ece` is of posteriors clipped as the unit does it, `ece_unclipped` of what the fitted line
    gives, `ece_shown` of the whole percent on the screen.
    """
    raw = [fit.line(scores) for scores in (genuine, impostor)]
    llr = [fit.clipped(scores) for scores in (genuine, impostor)]
    claimed = [posteriors(values) for values in llr]
    least = cllr_min(genuine, impostor)
    unclipped, bins = calibration_error(*(posteriors(values) for values in raw))
    return {
        "prior": PRIOR,
        "cllr": cllr(*llr),
        "cllr_min": least,
        "cllr_cal": cllr(*llr) - least,
        "ece": calibration_error(*claimed)[0],
        "ece_shown": calibration_error(*(percents(values) for values in claimed))[0],
        "ece_unclipped": unclipped,
        "bins": bins,
    }
