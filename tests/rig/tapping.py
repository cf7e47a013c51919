"""A bench's unit that learns how PINs are tapped, and two made-up people who tap A's."""

from dataclasses import replace

import numpy as np

from edge_atm.records import Way
from edge_atm.sections import Touch
from edge_atm.taps import Entry
from tests.rig.bench import CARD_A, PIN_A, Bench
from tests.rig.camera import ScriptedCamera
from tests.rig.customer import Customer
from tests.rig.rhythms import Person

LIMIT_CENTS = 2000
HOLDER = Person(0.2, 0.04, 0.07, 0.0, 0.0, 0.4, 0.4, spread=0.08)
STRANGER = Person(0.9, 0.3, 0.3, 0.0, 0.0, 0.4, 0.4, spread=0.08)


def touch_on(at: Bench) -> Bench:
    """Return the bench with `[touch] use`, and with card number and PIN as a way."""
    config = at.unit.config
    limits = config.limits.model_copy(update={"card_pin_limit_cents": 50_000})
    touch = Touch(use=True, strange_limit_cents=LIMIT_CENTS)
    config = config.model_copy(update={"limits": limits, "touch": touch})
    return replace(at, unit=replace(at.unit, config=config))


def learn(at: Bench) -> None:
    """Let A agree, and come five times."""
    who = at.unit.customers.claim(CARD_A).customer_id
    with at.unit.store.transaction() as connection:
        at.unit.habits.agree(connection, who, None)
    for seed in range(5):
        come(at, 1000, tapped(HOLDER, seed))


def tapped(person: Person, seed: int) -> Entry:
    """Return A's PIN as this person taps it this time."""
    return person.entry(PIN_A, np.random.default_rng([seed, 1]))


def come(at: Bench, cents: int, *entries: Entry) -> Customer:
    """Let somebody claim A's card, choose card number and PIN, and type these."""
    customer = Customer(None, CARD_A, cents, list(entries), chosen=Way.PIN)
    at.serve(customer, ScriptedCamera([], stop_after=0))
    return customer
