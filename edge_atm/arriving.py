"""Who comes, for how much, and how he will prove who he is: all before a camera looks."""

import math
from dataclasses import dataclass

from edge_atm.errors import CardRefused
from edge_atm.machine import Machine
from edge_atm.money import Wish
from edge_atm.policy.decision import Closed, card_pin_closed, face_closed, pin_closed, refusal
from edge_atm.policy.lockout import Lately
from edge_atm.records import Customer, Way


@dataclass(frozen=True, slots=True)
class Visit:
    """One customer whose card is known, who said how much and chose his way."""

    atm: Machine
    session_id: str
    customer: Customer
    wish: Wish
    way: Way


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """Nothing was proved, and nothing is counted against the card."""

    reason: str
    card_last4: str = ""


def arrive(atm: Machine, session_id: str) -> Visit | TurnedAway:
    """Ask for card, amount and way. Nobody turns his head for what cannot be paid."""
    if (number := atm.pad.card_number()) is None:
        return TurnedAway("walked_away")
    try:
        customer = atm.people.claim(number)
    except CardRefused as error:
        atm.screen.tell("card_refused", why=str(error))
        return TurnedAway("card_refused")
    if (wish := atm.pad.wish()) is None:
        return TurnedAway("walked_away", customer.card_last4)
    if not 0 < wish.amount_cents <= atm.limits.amount_cents_max:
        return TurnedAway("amount_out_of_range", customer.card_last4)
    way = _way(atm, customer, wish.amount_cents)
    if isinstance(way, TurnedAway):
        return way
    return Visit(atm, session_id, customer, wish, way)


def lately(atm: Machine) -> Lately:
    """Return how much failed at this unit lately, whatever the cards."""
    return Lately(
        atm.people.unit_since_seconds(Way.FACE, atm.limits.failed_looks_per_hour_max),
        atm.people.unit_since_seconds(Way.PIN, atm.limits.wrong_pins_per_hour_max),
    )


def _way(atm: Machine, customer: Customer, amount_cents: int) -> Way | TurnedAway:
    before = lately(atm)
    face = face_closed(customer, amount_cents, atm.limits, before)
    card_pin = card_pin_closed(customer, amount_cents, atm.limits, before)
    if face is not None and card_pin is not None:
        return _refused(atm, customer, refusal(face, card_pin))
    why_not = atm.cashier.obstacle(customer.customer_id, amount_cents)
    if why_not is not None:
        return TurnedAway(why_not, customer.card_last4)
    if face is not None:
        atm.screen.tell("card_pin_instead", why=face.reason)
        _tell_wait(atm, face)
        return Way.PIN
    # Closed for now, or for so much, it is still a way: who chooses it is told why not, and when.
    pin = pin_closed(customer, before)
    is_way = pin is None or pin.wait_seconds < math.inf
    way = atm.pad.way(atm.limits.card_pin_limit_cents if is_way else 0)
    if way is None:
        return TurnedAway("walked_away", customer.card_last4)
    if way is not Way.FACE and card_pin is not None:
        return _refused(atm, customer, card_pin)
    return way


def _refused(atm: Machine, customer: Customer, closed: Closed) -> TurnedAway:
    _tell_wait(atm, closed)
    return TurnedAway(closed.reason, customer.card_last4)


def _tell_wait(atm: Machine, closed: Closed) -> None:
    if closed.wait_seconds < math.inf:
        atm.screen.tell("wait", wait_seconds=closed.wait_seconds)
