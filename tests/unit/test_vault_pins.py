"""The terminal PIN: tries are counted before they are judged, whatever happens after."""

import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from edge_atm.errors import CardRefused, EdgeError, SealBroken
from edge_atm.store import Store
from edge_atm.vault import customers as customers_module
from edge_atm.vault import pins
from edge_atm.vault.customers import Customers
from edge_atm.vault.faces import Faces
from edge_atm.vault.rows import PIN_FAILURES_MAX
from tests.unit.test_vault_cards import new_card
from tests.unit.vaulted import OTHER_RING, RING, add, enrol

CARD, OTHER_CARD = new_card(5), new_card(6)
PIN, WRONG = "918273", "918274"
MALFORMED = ["", "123", "1234567", "12a4", "12 4", "1234\n", "\u0661\u0662\u0663\u0664", "-123"]


class PowerCut(BaseException):
    """No handler of the product can swallow it."""


def test_the_right_pin_ends_the_row_of_failures(store: Store, customers: Customers) -> None:
    customer_id = add(store, CARD, PIN)
    for _ in range(6):
        assert not customers.check_pin(customer_id, WRONG)
        assert customers.claim(CARD).pin_failures == 1
        assert customers.check_pin(customer_id, PIN)
        assert customers.claim(CARD).pin_failures == 0


def test_after_the_last_failure_nothing_is_checked(
    store: Store, customers: Customers, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer_id, other = add(store, CARD, PIN), add(store, OTHER_CARD, PIN)
    for _ in range(PIN_FAILURES_MAX):
        assert not customers.check_pin(customer_id, WRONG)
    with monkeypatch.context() as patched:
        patched.setattr(pins, "unseal", None)
        assert not customers.check_pin(customer_id, PIN)
    assert customers.claim(CARD).pin_failures == PIN_FAILURES_MAX
    assert customers.check_pin(other, PIN)
    assert add(store, CARD, WRONG) == customer_id
    assert not customers.check_pin(customer_id, PIN)
    assert customers.check_pin(customer_id, WRONG)


def test_loading_a_card_without_a_pin_buys_no_further_try(
    store: Store, customers: Customers
) -> None:
    customer_id = add(store, CARD, PIN)
    for _ in range(PIN_FAILURES_MAX):
        customers.check_pin(customer_id, WRONG)
    add(store, CARD)
    assert customers.claim(CARD).pin_failures == PIN_FAILURES_MAX
    assert not customers.check_pin(customer_id, PIN)
    add(store, CARD, PIN)
    assert customers.claim(CARD).pin_failures == 0
    assert customers.check_pin(customer_id, PIN)


@pytest.mark.parametrize("pin", MALFORMED)
def test_a_malformed_pin_is_a_failure(store: Store, customers: Customers, pin: str) -> None:
    customer_id = add(store, CARD, PIN)
    assert not customers.check_pin(customer_id, pin)
    assert customers.claim(CARD).pin_failures == 1
    with pytest.raises(CardRefused, match="4 to 6 digits"):
        add(store, CARD, pin)


def test_a_customer_without_a_pin_has_no_right_one(store: Store, customers: Customers) -> None:
    customer_id = add(store, CARD)
    for pin in ("0000", "", "000000"):
        assert not customers.check_pin(customer_id, pin)
    assert customers.claim(CARD).pin_failures == 3


@pytest.mark.parametrize("pin", [PIN, WRONG])
@pytest.mark.parametrize("step", ["hmac.compare_digest", "hashlib.scrypt", "unseal"])
def test_a_power_cut_during_the_check_costs_a_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pin: str, step: str
) -> None:
    def cut(*_: object, **__: object) -> None:
        raise PowerCut

    path = tmp_path / "unit.db"
    monkeypatch.setattr(customers_module, "PIN_FAILURES_MAX", 3)
    for failures in range(3):
        store = Store(path)
        customers = Customers(store, RING)
        customer_id = add(store, CARD, PIN) if failures == 0 else customers.claim(CARD).customer_id
        with monkeypatch.context() as patched:
            patched.setattr(f"edge_atm.vault.pins.{step}", cut)
            with pytest.raises(PowerCut):
                customers.check_pin(customer_id, pin)
        # What another connection reads was committed before the cut.
        witness = Store(path)
        assert Customers(witness, RING).claim(CARD).pin_failures == failures + 1
        witness.close()
        store.close()
    store = Store(path)
    assert not Customers(store, RING).check_pin(customer_id, PIN)
    store.close()


def test_a_pin_belongs_to_its_customer(store: Store, customers: Customers, faces: Faces) -> None:
    one, other = add(store, CARD, PIN), add(store, OTHER_CARD, WRONG)
    (box,) = store.rows("SELECT pin_box FROM customers WHERE customer_id = ?", one)
    with store.transaction() as connection:
        connection.execute(
            "UPDATE customers SET pin_box = ? WHERE customer_id = ?", (box[0], other)
        )
    with pytest.raises(SealBroken, match=other):
        customers.check_pin(other, PIN)
    assert customers.claim(OTHER_CARD).pin_failures == 1
    assert customers.verify_all(faces) == [other]


def test_two_customers_with_one_pin_do_not_look_alike() -> None:
    opened = {pins.open_pin(RING.rows, "a", pins.seal_pin(RING, "a", PIN)) for _ in range(2)}
    opened |= {pins.open_pin(RING.rows, "b", pins.seal_pin(RING, "b", PIN))}
    assert len({salt for salt, _ in opened}) == 3
    assert len({stretched for _, stretched in opened}) == 3
    same = {pins._stretched(RING.lasting, customer, bytes(16), PIN) for customer in "ab"}
    assert len(same) == 2


def test_a_pin_outlives_the_keys_of_the_rows() -> None:
    """`lasting` alone decides what a PIN becomes, so that rows can be sealed anew without it."""
    renewed = RING.renewed()
    box = pins.reseal_pin(RING.rows, renewed.rows, "a", pins.seal_pin(RING, "a", PIN))
    assert pins.pin_fits(renewed, "a", box, PIN)
    assert not pins.pin_fits(renewed, "a", box, WRONG)
    with pytest.raises(SealBroken):
        pins.pin_fits(RING, "a", box, PIN)
    assert not pins.pin_fits(replace(OTHER_RING, rows=renewed.rows), "a", box, PIN)


def test_no_fault_tells_a_secret(store: Store, customers: Customers, faces: Faces) -> None:
    name = "Zoroaster Quux"
    customer_id = add(store, CARD, PIN)
    enrol(store, customer_id, 1, name=name)
    with store.transaction() as connection:
        connection.execute("UPDATE templates SET box = zeroblob(99)")
        connection.execute("UPDATE customers SET pin_box = name_box, name_box = pin_box")
    calls: list[Callable[[], object]] = [
        faces.opened(customer_id).__enter__,
        lambda: customers.holder_name(customer_id),
        lambda: customers.check_pin(customer_id, PIN),
        lambda: customers.claim(OTHER_CARD),
        lambda: add(store, CARD, PIN + "0"),
        lambda: enrol(store, customer_id, 1, name=name + "\0."),
    ]
    for call in calls:
        with pytest.raises(EdgeError) as told:
            call()
        said = "".join(traceback.format_exception(told.value)) + repr(told.value) + told.value.hint
        for secret in (CARD, OTHER_CARD, PIN, name, bytes(range(32)).hex()):
            assert secret not in said
