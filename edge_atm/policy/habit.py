"""What a PIN that is typed unlike its holder changes: it is asked again, then it pays less."""

import enum
import math
from collections.abc import Sequence
from dataclasses import dataclass

from edge_atm.records import Decision, Verdict

# Before so many right entries were learnt nothing counts; only the newest are kept.
ENTRIES_MIN = 5
ENTRIES_MAX = 20
# Of the evidence in one entry what counts once the habit is learnt: never more than there is.
WEIGHT = 1.0
# Below this an entry, or the sum of two, is unlike. Of people whom the shipped models had not seen,
# 3.6 to 5.4 % of the genuine entries are, mean of two sets (docs/touch-models.md).
LLR_LOG10_MIN = -0.5
# One entry says no more than ten to one, either way: a hand that was interrupted can be made good
# by a second entry, and a lucky one makes nothing good that was far off.
LLR_LOG10_MAX = 1.0
# Nine to one: the net's log odds of 50 years or more, from which a tap of the other band differs.
AGE_LOG_ODDS_MIN = math.log(9)
# The bands an account may be given, as the command line has them.
AGE_BANDS = ("under-50", "50-plus")


@enum.unique
class Rhythm(enum.Enum):
    """What the habit said of a right PIN; UNKNOWN: too little is learnt to say anything."""

    UNKNOWN = "unknown"
    ALIKE = "alike"
    ALIKE_AGAIN = "alike_again"
    UNLIKE = "unlike"


@dataclass(frozen=True, slots=True)
class Heard:
    """One entry against what was learnt: from how many entries, and the calibrated log10 LR.

    `llr_log10` is NaN where the entry or the model tells nothing. `age_differs`: the account's age
    band and the tapping differ clearly; a word for the journal.
    """

    entries: int
    llr_log10: float
    age_differs: bool = False


def weight(entries: int) -> float:
    """Return how much of the evidence counts: 0 until enough is learnt, and never above 1."""
    return WEIGHT if entries >= ENTRIES_MIN else 0.0


def evidence(heard: Sequence[Heard]) -> float | None:
    """Return the sum of what entries of one session say, log10; None where nothing counts yet.

    NaN for an entry that tells nothing though the habit is learnt: a pad that tells no taps must
    not be a way round.
    """
    weights = [weight(each.entries) for each in heard]
    if not all(weights):
        return None
    return sum(share * _clipped(each.llr_log10) for share, each in zip(weights, heard, strict=True))


def rhythm(heard: Sequence[Heard]) -> Rhythm:
    """Judge the right entries of one session, the first or both."""
    said = evidence(heard)
    if said is None:
        return Rhythm.UNKNOWN
    if not said >= LLR_LOG10_MIN:
        return Rhythm.UNLIKE
    return Rhythm.ALIKE if len(heard) == 1 else Rhythm.ALIKE_AGAIN


def limited(
    decision: Decision, found: Rhythm | None, amount_cents: int, strange_limit_cents: int
) -> Decision:
    """Return `decision`, or the refusal of an amount that an unlike entry does not pay.

    `found` is None where no habit was asked. A refusal stays the refusal that it is: no habit ever
    makes one a payment.
    """
    if decision.verdict is not Verdict.PAY or found is not Rhythm.UNLIKE:
        return decision
    if not amount_cents <= strange_limit_cents:
        return Decision(Verdict.REFUSE, "above_strange_limit")
    return decision


def may_learn(found: Rhythm | None) -> bool:
    """Return whether a paid session may teach anything: never one that was typed unlike."""
    return found is not Rhythm.UNLIKE


def age_differs(band: str | None, log_odds: float) -> bool:
    """Return whether an account's band and a tap's log odds of 50 years or more clearly differ.

    False without a band, for an unknown one, and for NaN.
    """
    if band == "under-50":
        return log_odds >= AGE_LOG_ODDS_MIN
    return band == "50-plus" and log_odds <= -AGE_LOG_ODDS_MIN


def _clipped(llr_log10: float) -> float:
    if math.isnan(llr_log10):
        return math.nan
    return max(-LLR_LOG10_MAX, min(LLR_LOG10_MAX, llr_log10))
