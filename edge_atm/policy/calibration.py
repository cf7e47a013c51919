"""From a cosine to a likelihood ratio and a probability that can be shown."""

import math

# Logistic fit on people whose name has an even SHA-256 (`make calibrate`): 62 people against
# themselves, five photographs against three of other days, 1,240 draws; 969 strangers against
# them, 60,078 scores. On all other people, who were not looked at for this: 0 of 900 genuine
# draws (45 people) below SCORE_MIN, 3 of 45,495 stranger scores at or above it.
LLR_OFFSET = -14.197
LLR_SLOPE = 26.755
# No more evidence than strangers were seen: log10(969).
LLR_LOG10_MAX = 2.986
# The strangers' quantile at a false match rate of 1e-4.
SCORE_MIN = 0.588


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
