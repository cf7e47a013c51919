"""The judgement of one withdrawal: pure, and it says why in a fixed word."""

import math
from dataclasses import dataclass
from typing import Protocol

from edge_atm.policy import calibration
from edge_atm.policy.lockout import LOOKS, PINS, Lately, unit_wait_seconds
from edge_atm.records import Customer, Decision, Liveness, Match, Verdict

# What a look asks for less .02, so that it is also there in the median of a few frames. Of 56 photo
# twins one, bent to 6 cm about an upright axis, reached .596 with a head's depth, and one creased
# along the nose .77 (docs/liveness.md).
TURN_RANGE_MIN = 0.60
NOSE_RESIDUAL_MIN = 0.40
# A bent picture gets that far if it is turned further than heads are. In ways from the eyes to the
# mouth two real heads had .35 and .68; of 4,000 simulated ones .8 % had less than this, of 8,000
# simulated pictures bent to 6 cm about a level axis the highest had .245.
NOSE_DEPTH_MIN = 0.28
# Photo twins that are straight from brow to mouth had at most .028, heads at least .057.
MIDLINE_MIN = 0.04
LIGHT_GAIN_MIN = 0.003
LIGHT_FIT_MIN = 0.85
MATCH_FRAMES_MIN = 5
ENROL_FRAMES_MIN = 5


@dataclass(frozen=True, slots=True)
class Closed:
    """The fixed word for what closes a way, and how long; infinity: until the bank opens it."""

    reason: str
    wait_seconds: float = math.inf


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
    @property
    def failed_looks_per_hour_max(self) -> int: ...
    @property
    def wrong_pins_per_hour_max(self) -> int: ...


def face_closed(
    customer: Customer, amount_cents: int, limits: Limits, lately: Lately
) -> Closed | None:
    """Return why this customer cannot have so much by face now, None when he may try."""
    if customer.revoked is not None:
        return Closed("face_revoked")
    if not customer.enrolled:
        return Closed("not_enrolled")
    wait = LOOKS.wait_seconds(customer.face_failures, customer.face_since_seconds)
    if not wait < math.inf:
        return Closed("face_locked")
    if not wait <= 0:
        return Closed("face_waiting", wait)
    if not (wait := unit_wait_seconds(lately.looks_since_seconds)) <= 0:
        return Closed("looks_closed", wait)
    if not amount_cents <= limits.face_only_limit_cents:
        return pin_closed(customer, lately)
    return None


def card_pin_closed(
    customer: Customer, amount_cents: int, limits: Limits, lately: Lately
) -> Closed | None:
    """Return why he cannot have so much by card number and PIN now, None when he may try."""
    if not amount_cents <= limits.card_pin_limit_cents:
        return Closed("above_card_pin_limit")
    return pin_closed(customer, lately)


def pin_closed(customer: Customer, lately: Lately) -> Closed | None:
    """Return why no PIN is taken of this customer now, None when he may type one."""
    if not customer.has_pin:
        return Closed("no_pin")
    wait = PINS.wait_seconds(customer.pin_failures, customer.pin_since_seconds)
    if not wait < math.inf:
        return Closed("pin_locked")
    if not wait <= 0:
        return Closed("pin_waiting", wait)
    if not (wait := unit_wait_seconds(lately.pins_since_seconds)) <= 0:
        return Closed("pins_closed", wait)
    return None


def refusal(face: Closed, card_pin: Closed) -> Closed:
    """Return which of two closed ways to tell of: the one that opens sooner, else the face."""
    gone = face.reason == "face_revoked" and card_pin.reason != "above_card_pin_limit"
    return card_pin if gone or card_pin.wait_seconds < face.wait_seconds else face


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
    """Judge one withdrawal by card number and PIN: nobody looked.

    A typed card number is a claim, not possession: the PIN is the only proof here, and the bank's
    limit for it is the bank's risk. `pin_right` is None before it is asked.
    """
    if not 0 < amount_cents <= limits.amount_cents_max:
        return Decision(Verdict.REFUSE, "amount_out_of_range")
    if not amount_cents <= limits.card_pin_limit_cents:
        return Decision(Verdict.REFUSE, "above_card_pin_limit")
    if pin_right is None:
        return Decision(Verdict.ASK_PIN, "nobody_looked")
    if pin_right is not True:
        return Decision(Verdict.REFUSE, "wrong_pin")
    return Decision(Verdict.PAY, "card_pin")


def is_live(liveness: Liveness | None) -> bool:
    """Return whether the challenge was met whole: a solid head, lit by this unit's screen.

    Each cue must hold by itself; none can be made up for by another.
    """
    return (
        liveness is not None
        and liveness.fault is None
        and liveness.turn_range >= TURN_RANGE_MIN
        and liveness.nose_residual >= NOSE_RESIDUAL_MIN
        and liveness.nose_depth >= NOSE_DEPTH_MIN
        and liveness.midline >= MIDLINE_MIN
        and liveness.light_gain >= LIGHT_GAIN_MIN
        and liveness.light_fit >= LIGHT_FIT_MIN
    )


def is_match(match: Match | None, posterior_min: float) -> bool:
    """Return whether enough frames fit well enough, by score and by probability."""
    return (
        match is not None
        and match.frames >= MATCH_FRAMES_MIN
        and match.score >= calibration.SCORE_MIN
        and match.posterior >= posterior_min
    )
