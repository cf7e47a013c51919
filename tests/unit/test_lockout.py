"""Who failed has to wait, longer each time and then for good, whatever the clock says."""

import math
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_atm.policy.decision import Closed, card_pin_closed, face_closed, pin_closed, refusal
from edge_atm.policy.lockout import LOOKS, PINS, Lately, Rule, unit_wait_seconds
from edge_atm.records import Customer
from edge_atm.vault import rows
from tests.unit.counter import KNOWN
from tests.unit.test_policy import Bank

RULES = st.sampled_from([LOOKS, PINS])
FAILURES = st.integers(0, 200)
SECONDS = st.floats(allow_nan=True, allow_infinity=True)
PAST = st.floats(0, 1e12)
BANK = Bank(card_pin_limit_cents=5000)
# Only counts and times can close a card or a unit; the rest is all right.
CUSTOMERS = st.builds(
    replace,
    st.just(KNOWN),
    pin_failures=FAILURES,
    face_failures=FAILURES,
    pin_since_seconds=SECONDS,
    face_since_seconds=SECONDS,
)
LATELY = st.builds(Lately, SECONDS, SECONDS)


@given(RULES, FAILURES, SECONDS)
def test_a_wait_is_never_negative_and_never_longer_than_an_hour_before_the_end(
    rule: Rule, failures: int, since: float
) -> None:
    wait = rule.wait_seconds(failures, since)
    assert wait >= 0
    assert (wait == math.inf) == (failures >= rule.stop)
    assert wait <= rule.longest_seconds or failures >= rule.stop
    assert wait == 0 or failures >= rule.free


@given(RULES, FAILURES, FAILURES, PAST, PAST)
def test_more_failures_never_wait_less_and_time_only_helps(
    rule: Rule, few: int, many: int, short: float, long: float
) -> None:
    (few, many), (short, long) = sorted((few, many)), sorted((short, long))
    assert rule.wait_seconds(few, short) <= rule.wait_seconds(many, short)
    assert rule.wait_seconds(many, long) <= rule.wait_seconds(many, short)
    assert unit_wait_seconds(long) <= unit_wait_seconds(short)


@given(RULES, FAILURES, st.floats(max_value=0, exclude_max=True) | st.just(math.nan))
def test_a_clock_that_went_back_leaves_the_whole_delay(
    rule: Rule, failures: int, since: float
) -> None:
    assert rule.wait_seconds(failures, since) == rule.wait_seconds(failures, 0.0)
    assert unit_wait_seconds(since) == unit_wait_seconds(0.0) == 3600


@given(RULES, FAILURES, PAST)
def test_who_waits_as_long_as_he_is_told_may_try(rule: Rule, failures: int, since: float) -> None:
    wait = rule.wait_seconds(failures, since)
    if wait < math.inf:
        assert rule.wait_seconds(failures, since + wait) <= 1e-3
    assert unit_wait_seconds(since + unit_wait_seconds(since)) == 0


def delays(rule: Rule) -> Iterator[float]:
    return (rule.wait_seconds(failures, 0.0) for failures in range(rule.stop))


def test_the_delays_are_those_of_the_page() -> None:
    assert list(delays(LOOKS))[:10] == [0, 0, 0, 0, 0, 30, 60, 120, 240, 480]
    assert list(delays(PINS))[:7] == [0, 0, 0, 60, 120, 240, 480]
    # What closes a card for good takes a stranger so many hours at the machine.
    assert (round(sum(delays(LOOKS)) / 3600), round(sum(delays(PINS)) / 3600)) == (39, 42)
    assert PINS.stop == rows.PIN_FAILURES_MAX


@given(CUSTOMERS, LATELY, st.integers(1, 50_000))
def test_a_way_is_open_only_when_every_wait_is_over(
    customer: Customer, lately: Lately, cents: int
) -> None:
    looked = LOOKS.wait_seconds(customer.face_failures, customer.face_since_seconds)
    typed = PINS.wait_seconds(customer.pin_failures, customer.pin_since_seconds)
    pin_open = typed == unit_wait_seconds(lately.pins_since_seconds) == 0
    face_open = looked == unit_wait_seconds(lately.looks_since_seconds) == 0
    assert (pin_closed(customer, lately) is None) == pin_open
    card_pin = card_pin_closed(customer, cents, BANK, lately)
    assert (card_pin is None) == (pin_open and cents <= 5000)
    face = face_closed(customer, cents, BANK, lately)
    assert (face is None) == (face_open and (pin_open or cents <= 10_000))


@given(CUSTOMERS, FAILURES, SECONDS, SECONDS)
def test_failed_looks_never_close_card_number_and_pin(
    customer: Customer, looks: int, since: float, unit_since: float
) -> None:
    failed = replace(customer, face_failures=looks, face_since_seconds=since)
    assert pin_closed(failed, Lately(unit_since)) == pin_closed(customer, Lately())


@pytest.mark.parametrize(
    ("face", "card_pin", "told"),
    [
        ("face_waiting", "above_card_pin_limit", "face_waiting"),
        ("face_locked", "pin_waiting", "pin_waiting"),
        ("face_waiting", "pin_locked", "face_waiting"),
        ("face_revoked", "no_pin", "no_pin"),
        ("face_revoked", "above_card_pin_limit", "face_revoked"),
        ("not_enrolled", "no_pin", "not_enrolled"),
    ],
)
def test_of_two_closed_ways_the_one_that_helps_is_told(face: str, card_pin: str, told: str) -> None:
    ends = {"face_waiting": 30.0, "pin_waiting": 60.0}
    closed = [Closed(word, ends.get(word, math.inf)) for word in (face, card_pin)]
    assert refusal(*closed).reason == told
