"""The judgement of one withdrawal: pure, and it says why in a fixed word."""

from typing import Protocol

from edge_atm.policy import calibration
from edge_atm.records import Customer, Decision, Liveness, Match, Verdict

# Six real clips that reached this range of a turn had residuals of .56 to 1.54; of 28 photo twins
# (flat, or bent to 12 and 6 cm) none reached the range, and their residuals went up to .41.
TURN_RANGE_MIN = 0.50
NOSE_RESIDUAL_MIN = 0.40
MATCH_FRAMES_MIN = 5
ENROL_FRAMES_MIN = 5


class Limits(Protocol):
    """What the bank allows; the configuration has exactly these."""

    @property
    def amount_cents_max(self) -> int: ...
    @property
    def face_only_limit_cents(self) -> int: ...
    @property
    def card_pin_limit_cents(self) -> int: ...
    @property
    def prior_genuine(self) -> float: ...
    @property
    def posterior_min(self) -> float: ...


def obstacle(customer: Customer, amount_cents: int, limits: Limits) -> str | None:
    """Return the fixed word for what keeps this customer from so much, whatever a look may show."""
    if not 0 < amount_cents <= limits.amount_cents_max:
        return "amount_out_of_range"
    if customer.revoked is not None:
        if not amount_cents <= limits.card_pin_limit_cents:
            return "face_revoked"
    elif not customer.enrolled:
        return "not_enrolled"
    elif customer.face_locked:
        return "face_locked"
    if customer.revoked is not None or not amount_cents <= limits.face_only_limit_cents:
        if not customer.has_pin:
            return "no_pin"
        if customer.pin_locked:
            return "pin_locked"
    return None


def decide(
    amount_cents: int,
    liveness: Liveness | None,
    match: Match | None,
    pin_right: bool | None,
    limits: Limits,
) -> Decision:
    """Judge one withdrawal. Missing evidence refuses; `pin_right` is None before it is asked."""
    # Each test says what must be true, then negates it: NaN makes every comparison false.
    if not 0 < amount_cents <= limits.amount_cents_max:
        return Decision(Verdict.REFUSE, "amount_out_of_range")
    # A failure to acquire says nothing about the head: it is counted and told apart.
    if liveness is not None and liveness.fault == "not_acquired":
        return Decision(Verdict.REFUSE, "not_acquired")
    if not is_live(liveness):
        return Decision(Verdict.REFUSE, "not_live")
    if not is_match(match, limits.posterior_min):
        return Decision(Verdict.REFUSE, "no_match")
    if pin_right is False:
        return Decision(Verdict.REFUSE, "wrong_pin")
    if pin_right is True:
        return Decision(Verdict.PAY, "matched_live_pin")
    if not amount_cents <= limits.face_only_limit_cents:
        return Decision(Verdict.ASK_PIN, "above_face_only_limit")
    return Decision(Verdict.PAY, "matched_live")


def decide_without_face(amount_cents: int, pin_right: bool | None, limits: Limits) -> Decision:
    """Judge one withdrawal of a customer whose face was revoked: card number and PIN decide.

    A typed card number is a claim, not possession: the PIN is the only proof here, and the bank's
    limit for it is the bank's risk. `pin_right` is None before it is asked.
    """
    if not 0 < amount_cents <= limits.amount_cents_max:
        return Decision(Verdict.REFUSE, "amount_out_of_range")
    if not amount_cents <= limits.card_pin_limit_cents:
        return Decision(Verdict.REFUSE, "face_revoked")
    if pin_right is None:
        return Decision(Verdict.ASK_PIN, "face_revoked")
    if pin_right is not True:
        return Decision(Verdict.REFUSE, "wrong_pin")
    return Decision(Verdict.PAY, "card_pin")


def is_live(liveness: Liveness | None) -> bool:
    """Return whether the head turn was whole, far enough, and that of a solid head."""
    return (
        liveness is not None
        and liveness.fault is None
        and liveness.turn_range >= TURN_RANGE_MIN
        and liveness.nose_residual >= NOSE_RESIDUAL_MIN
    )


def is_match(match: Match | None, posterior_min: float) -> bool:
    """Return whether enough frames fit well enough, by score and by probability."""
    return (
        match is not None
        and match.frames >= MATCH_FRAMES_MIN
        and match.score >= calibration.SCORE_MIN
        and match.posterior >= posterior_min
    )
