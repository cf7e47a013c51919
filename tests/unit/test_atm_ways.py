"""Which way a customer is offered, what closes it, and that he is told how long."""

import math
from dataclasses import replace

import pytest

from edge_atm.records import Customer, Verdict, Way
from tests.unit.counter import KNOWN, PIN, Counter
from tests.unit.test_policy import Bank

LIMIT = 5000
BANK = Bank(card_pin_limit_cents=LIMIT)
WAITING = replace(KNOWN, face_failures=6, face_since_seconds=20.0)
NEVER_ENROLLED = replace(KNOWN, enrolled=False)
LOCKED = replace(KNOWN, face_failures=50, face_since_seconds=1e9)
LOOKED = ("watch", "camera", "note_face", "template")


def test_the_way_is_chosen_before_the_camera_looks() -> None:
    counter = Counter(bank=BANK)
    assert counter.serve().reason == "matched_live"
    wanted = [("way", LIMIT), ("note_face", False)]
    assert counter.order(*wanted) == wanted
    assert counter.events.index(("note_face", False)) < counter.events.index(("camera",))


def test_who_cannot_turn_or_must_not_see_flashes_chooses_the_pin() -> None:
    counter = Counter(bank=BANK, chosen=Way.PIN)
    receipt = counter.serve()
    assert (receipt.verdict, receipt.reason, receipt.paid_cents) == (Verdict.PAY, "card_pin", 5000)
    assert not any(counter.named(step) for step in LOOKED)
    assert counter.journal[0]["tier"] == "card_pin"


@pytest.mark.parametrize(
    ("counter", "offered"),
    [
        (Counter(bank=BANK), LIMIT),
        # Not for this amount or not yet, and he may come again.
        (Counter(bank=BANK, cents=LIMIT + 1), LIMIT),
        (Counter(replace(KNOWN, pin_failures=3, pin_since_seconds=59), bank=BANK), LIMIT),
        (Counter(bank=BANK, lately={Way.PIN: 3599.0}), LIMIT),
        (Counter(), 0),
        (Counter(replace(KNOWN, has_pin=False), bank=BANK), 0),
        (Counter(replace(KNOWN, pin_failures=50), bank=BANK), 0),
        (Counter(replace(KNOWN, pin_failures=50), bank=BANK, cents=LIMIT + 1), 0),
        (Counter(replace(KNOWN, has_pin=False), bank=BANK, cents=LIMIT + 1), 0),
    ],
)
def test_only_what_is_a_way_is_offered(counter: Counter, offered: int) -> None:
    assert counter.serve().verdict is Verdict.PAY
    assert counter.named("way") == [(offered,)]


@pytest.mark.parametrize(
    "counter",
    [
        Counter(chosen=Way.PIN),
        Counter(bank=BANK, cents=LIMIT + 1, chosen=Way.PIN),
        Counter(replace(KNOWN, has_pin=False), bank=BANK, chosen=Way.PIN),
        Counter(replace(KNOWN, pin_failures=4, pin_since_seconds=0.0), bank=BANK, chosen=Way.PIN),
        Counter(bank=BANK, chosen=None),
    ],
)
def test_a_way_that_is_closed_is_refused_and_costs_nothing(counter: Counter) -> None:
    assert counter.serve().verdict is Verdict.REFUSE
    assert counter.named("pay") == counter.named("check_pin") == counter.named("note_face") == []


@pytest.mark.parametrize(
    ("customer", "lately"),
    [
        (WAITING, {}),
        (LOCKED, {}),
        (NEVER_ENROLLED, {}),
        (replace(KNOWN, revoked="leaked"), {}),
        (KNOWN, {Way.FACE: 1000.0}),
        (KNOWN, {Way.FACE: math.nan}),
    ],
)
def test_where_the_face_is_closed_the_pin_is_offered_by_itself(
    customer: Customer, lately: dict[Way, float]
) -> None:
    counter = Counter(customer, bank=BANK, lately=lately)
    assert counter.serve().reason == "card_pin"
    assert counter.named("way") == []
    assert counter.named("tell")[0] == ("card_pin_instead",)
    assert counter.named("check_pin") == [(PIN,)]
    assert not any(counter.named(step) for step in LOOKED)


@pytest.mark.parametrize(
    ("counter", "reason", "seconds"),
    [
        (Counter(WAITING), "face_waiting", 40.0),
        (Counter(WAITING, bank=BANK, cents=LIMIT + 1), "face_waiting", 40.0),
        (Counter(lately={Way.FACE: 1000.0}), "looks_closed", 2600.0),
        (Counter(cents=10_001, lately={Way.PIN: 1000.0}), "pins_closed", 2600.0),
        (Counter(replace(KNOWN, pin_failures=3, pin_since_seconds=15.0), cents=10_001),
         "pin_waiting", 45.0),
        (Counter(replace(LOCKED, pin_failures=4, pin_since_seconds=-1e9), bank=BANK),
         "pin_waiting", 120.0),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_who_has_to_wait_is_told_how_long(counter: Counter, reason: str, seconds: float) -> None:
    assert counter.serve().reason == reason
    assert counter.facts["wait"] == {"wait_seconds": seconds}
    assert counter.named("tell") == [("wait",), ("receipt",)]
    assert not any(counter.named(step) for step in (*LOOKED, "pin", "pay"))


def test_the_banks_numbers_close_the_unit() -> None:
    counter = Counter(bank=replace(BANK, failed_looks_per_hour_max=7, wrong_pins_per_hour_max=9))
    counter.serve()
    assert set(counter.named("lately")) == {(Way.FACE, 7), (Way.PIN, 9)}


@pytest.mark.parametrize(("failed", "tries"), [(0, 3), (1, 2), (2, 1)])
@pytest.mark.parametrize("chosen", list(Way))
def test_the_delay_begins_within_a_session(failed: int, tries: int, chosen: Way) -> None:
    customer = replace(KNOWN, pin_failures=failed, pin_since_seconds=5.0)
    cents = 10_001 if chosen is Way.FACE else LIMIT
    counter = Counter(customer, bank=BANK, cents=cents, chosen=chosen, pins=("0000",) * 9)
    assert counter.serve().reason == "wrong_pin"
    assert len(counter.named("check_pin")) == len(counter.named("pin")) == tries


def test_the_units_own_limit_holds_within_a_session_too() -> None:
    counter = Counter(bank=BANK, chosen=Way.PIN, pins=("0000",) * 9)

    def lately(way: Way, nth: int) -> float:
        return 1.0 if way is Way.PIN and counter.named("check_pin") else math.inf

    counter.unit_since_seconds = lately  # type: ignore[method-assign]
    assert counter.serve().reason == "wrong_pin"
    assert counter.named("check_pin") == [("0000",)]
