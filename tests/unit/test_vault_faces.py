"""Failed looks and wrong PINs are counted with their times, of a card and of the whole unit."""

import math
from datetime import UTC, datetime, timedelta

import pytest

from edge_atm.policy.lockout import LOOKS, PINS, unit_wait_seconds
from edge_atm.records import Customer, Way
from edge_atm.store import Store
from edge_atm.vault import failures
from edge_atm.vault.customers import Customers
from tests.unit.test_vault_cards import new_card
from tests.unit.vaulted import RING, add

CARD, OTHER_CARD = new_card(1), new_card(2)
PIN, WRONG = "918273", "918274"
YEARS = timedelta(days=3000)


class Clock:
    """A unit's clock, that runs when told to, and can be wrong."""

    def __init__(self) -> None:
        self.time = datetime(2031, 1, 1, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def run(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def customers(store: Store, clock: Clock) -> Customers:
    return Customers(store, RING, clock)


def face_wait(customer: Customer) -> float:
    return LOOKS.wait_seconds(customer.face_failures, customer.face_since_seconds)


def pin_wait(customer: Customer) -> float:
    return PINS.wait_seconds(customer.pin_failures, customer.pin_since_seconds)


def test_failed_looks_are_counted_in_a_row(
    store: Store, customers: Customers, clock: Clock
) -> None:
    customer_id = add(store, CARD)
    for failed in range(1, 8):
        customers.note_face(customer_id, ok=False)
        clock.run(2)
        known = customers.claim(CARD)
        assert (known.face_failures, known.face_since_seconds) == (failed, 2.0)
        assert (known.pin_failures, known.pin_since_seconds) == (0, math.inf)
    customers.note_face(customer_id, ok=True)
    known = customers.claim(CARD)
    assert (known.face_failures, known.face_since_seconds) == (0, math.inf)


@pytest.mark.parametrize("pin", [None, PIN])
def test_loading_a_card_again_opens_its_face(
    store: Store, customers: Customers, pin: str | None
) -> None:
    customer_id, other = add(store, CARD, PIN), add(store, OTHER_CARD)
    for _ in range(5):
        customers.note_face(customer_id, ok=False)
        customers.note_face(other, ok=False)
    add(store, CARD, pin)
    assert face_wait(customers.claim(CARD)) == 0
    assert face_wait(customers.claim(OTHER_CARD)) == 30


def test_looks_close_no_pin_and_pins_close_no_face(store: Store, customers: Customers) -> None:
    customer_id, other = add(store, CARD, PIN), add(store, OTHER_CARD, PIN)
    for _ in range(60):
        customers.note_face(customer_id, ok=False)
        customers.check_pin(other, WRONG)
    assert (face_wait(customers.claim(CARD)), pin_wait(customers.claim(CARD))) == (math.inf, 0)
    closed = customers.claim(OTHER_CARD)
    assert (face_wait(closed), pin_wait(closed)) == (0, math.inf)
    assert customers.check_pin(customer_id, PIN)


@pytest.mark.parametrize("back", [timedelta(minutes=1), YEARS])
def test_a_clock_that_went_back_opens_nothing_and_closes_for_one_delay(
    store: Store, customers: Customers, clock: Clock, back: timedelta
) -> None:
    customer_id = add(store, CARD, PIN)
    for _ in range(6):
        customers.note_face(customer_id, ok=False)
        customers.check_pin(customer_id, WRONG)
    clock.run(59)
    clock.time -= back
    # Listing changes nothing, and shows the whole delay.
    ((listed, _),) = customers.listing()
    assert (face_wait(listed), pin_wait(listed)) == (60, 480)
    for waited in (0, 20):
        known = customers.claim(CARD)
        assert (face_wait(known), pin_wait(known)) == (60 - waited, 480 - waited)
        assert unit_wait_seconds(customers.unit_since_seconds(Way.FACE, 6)) == 3600 - waited
        clock.run(20)
    clock.run(600)
    assert (face_wait(customers.claim(CARD)), pin_wait(customers.claim(CARD))) == (0, 0)
    clock.run(3000)
    assert unit_wait_seconds(customers.unit_since_seconds(Way.FACE, 6)) == 0


def test_a_failure_without_a_time_is_one_of_now(
    store: Store, customers: Customers, clock: Clock
) -> None:
    customer_id = add(store, CARD, PIN)
    with store.transaction() as connection:
        connection.execute("UPDATE customers SET face_failures = 5, pin_failures = 3")
    assert math.isnan(customers.listing()[0][0].face_since_seconds)
    assert (face_wait(customers.claim(CARD)), pin_wait(customers.claim(CARD))) == (30, 60)
    clock.run(60)
    assert (face_wait(customers.claim(CARD)), pin_wait(customers.claim(CARD))) == (0, 0)
    assert customers.check_pin(customer_id, PIN)


def test_the_unit_counts_over_all_cards_but_not_what_succeeded(
    store: Store, customers: Customers, clock: Clock
) -> None:
    one, other = add(store, CARD, PIN), add(store, OTHER_CARD, PIN)
    assert customers.unit_since_seconds(Way.FACE, 1) == math.inf
    for who in (one, other, one):
        clock.run(10)
        customers.note_face(who, ok=False)
        assert not customers.check_pin(who, WRONG)
    assert customers.check_pin(other, PIN)
    since = [customers.unit_since_seconds(way, nth) for way in Way for nth in (1, 2, 3, 4)]
    assert since == [0, 10, 20, math.inf] * 2
    # A look that succeeded was counted as failed when it began.
    customers.note_face(one, ok=False)
    assert customers.unit_since_seconds(Way.FACE, 4) == 20
    customers.note_face(one, ok=True)
    assert customers.unit_since_seconds(Way.FACE, 4) == math.inf


def test_only_the_newest_are_kept(
    store: Store, customers: Customers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failures, "HOURLY_MAX", 3)
    customer_id = add(store, CARD, PIN)
    for _ in range(20):
        customers.note_face(customer_id, ok=False)
        customers.check_pin(customer_id, WRONG)
    assert store.rows("SELECT count(*) FROM failures")[0][0] == 6
    assert all(math.isfinite(customers.unit_since_seconds(way, 3)) for way in Way)
