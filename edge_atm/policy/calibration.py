"""From a cosine to a likelihood ratio and a probability that can be shown."""

import math

# Fitted on people whose name has an even SHA-256 (`make calibrate`): templates of five photographs
# of 62 people; against three others of their own (1,240 draws), three of each other person (3,782
# scores), and single ones of 969 strangers (60,078). On all other people, who were not looked at
# for this: 1 of 900 genuine draws (45 people) below SCORE_MIN; 0 of 1,980 and 0 of 45,495 others
# reach it. A false match rate of 1e-4 for fused probes is not measurable: n < 3/FMR.
LLR_OFFSET = -12.035
LLR_SLOPE = 22.630
# No more evidence than strangers were seen: log10(969).
LLR_LOG10_MAX = 2.986
# The higher of two limits: 1e-3 of the fused probes and 1e-4 of the single ones reach it.
SCORE_MIN = 0.622


def llr_log10(score: float) -> float:
    """Return the calibrated log10 likelihood ratio of a fused score, clipped; NaN stays NaN."""
    if math.isnan(score):
        return math.nan
    return max(-LLR_LOG10_MAX, min(LLR_LOG10_MAX, LLR_OFFSET + LLR_SLOPE * score))


def posterior(llr_log10: float, prior_genuine: float) -> float:
    """Return Pr(genuine | score) under the stated prior; NaN stays NaN."""
    if math.isnan(llr_log10):
        return math.nan
    odds: float = 10.0**llr_log10 * prior_genuine / (1.0 - prior_genuine)
    return odds / (1.0 + odds)


def percent(posterior: float) -> int:
    """Return what the screen shows: rounded down and never 100, which nobody can promise."""
    return min(99, math.floor(100.0 * posterior))
