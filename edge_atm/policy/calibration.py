"""From a cosine to a likelihood ratio and a probability that can be shown."""

import math

# Fitted on people whose name has an even SHA-256 (`make calibrate`): templates of five photographs
# of 62 people, 20 draws of each; against three others of their own (1,240 scores), three of each
# other person who has three (230,640), and single ones of 969 strangers (60,078). On all other
# people, who were not looked at for this: 900 of 900 genuine scores (45 people) reach SCORE_MIN,
# and so do 4 of 159,300 fused and 1 of 45,495 single ones of others.
LLR_OFFSET = -9.146
LLR_SLOPE = 16.858
# No more evidence than strangers were seen: log10(969).
LLR_LOG10_MAX = 2.986
# The higher of two limits: 1e-3 of the fused probes and 1e-4 of the single ones reach it.
SCORE_MIN = 0.598


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
