"""How far an enrolled face may follow its owner: a little at a time, never far from enrolment."""

from collections.abc import Sequence

import numpy as np

from edge_atm.policy.calibration import SCORE_MIN
from edge_atm.policy.decision import MATCH_FRAMES_MIN
from edge_atm.policy.match import AGREEMENT_MIN, agreement, fuse, scores
from edge_atm.records import Decision, Embedding, Floats, Verdict

# Five moves of this weight, towards photographs of other days, take a template to DRIFT_MIN: of 63
# fit people, enrolled with one photograph, 4,030 of 6,300 moves were made; of 1,260 single
# photographs 24.7 % did not match before and 19.4 % after, 19.0 % without a bound on the drift.
WEIGHT = 0.05
# Lowest cosine of an adapted face to the one at enrolment. Whoever has the PIN and morphs the looks
# gets his own face accepted once the template went far enough his way. At the worst template that
# this bound allows .14 % of 11,532 pairs of fit people (fused probes) are accepted, before .05 %;
# at .99 .25 %, at .98 .57 %, at .95 2.6 %, without a bound 98 %.
DRIFT_MIN = 0.995
REST_HOURS_MIN = 20.0


def is_earned(decision: Decision, paid_cents: int) -> bool:
    """Return whether a session proved enough: face, life and PIN, and notes were paid.

    A debit on the holder's statement is what tells him of somebody else's sessions, and what each
    of them costs.
    """
    proven = decision.verdict is Verdict.PAY and decision.reason == "matched_live_pin"
    return proven and paid_cents > 0


def is_rested(hours_since_last: float | None) -> bool:
    """Return whether the last move is long enough ago; None when there was none."""
    return hours_since_last is None or hours_since_last >= REST_HOURS_MIN


def adapted(
    enrolled: Floats, now: Floats, probe: Sequence[Embedding], mean: Floats
) -> tuple[Floats, float] | None:
    """Return the moved face and its cosine to the enrolled one, or None when a bound forbids it.

    `enrolled`, `now`: float32 [512] of unit length, uncentred, of the model space in which `probe`
    has matched; `mean`: float32 [512]. Asks of the look what matching asks, against both faces:
    against `now` alone each step would carry the next one further. A move beyond DRIFT_MIN is not
    made at all.
    """
    if not (len(probe) >= MATCH_FRAMES_MIN and agreement(probe, mean) >= AGREEMENT_MIN):
        return None
    look = fuse(probe).vector
    if not (scores(np.stack([enrolled, now]), look, mean) >= SCORE_MIN).all():
        return None
    moved = (1 - WEIGHT) * now + WEIGHT * look
    face = np.asarray(moved / np.linalg.norm(moved), dtype=np.float32)
    drift = float(scores(face[np.newaxis], enrolled, mean)[0])
    return (face, drift) if drift >= DRIFT_MIN else None
