"""A payout in several commands: the first that falls short ends it, and each has its baseline."""

from pathlib import Path

import pytest

from edge_atm.cash.outcomes import from_text
from edge_atm.errors import LinkSilent, PayoutSuspect
from edge_atm.money import NO_NOTES, Operation, Outcome, Quantities
from edge_atm.store import Store
from tests.rig.dispenser_memory import Kind
from tests.unit.books import BALANCE_CENTS, CUSTOMER, PURGED, Books, assert_balanced

# Three commands of 20, 20 and 10 notes from the first cassette.
CENTS = 50_000
TWENTY: Quantities = (20, 0, 0, 0)
FIRST_DOUBTED = ["inaccurate", "accurate", "accurate", "accurate"]


@pytest.fixture
def books(tmp_path: Path) -> Books:
    books = Books(tmp_path)
    books.only_tens()
    return books


def asked(books: Books) -> list[str]:
    return [row[0] for row in books.store.rows("SELECT asked FROM batches ORDER BY batch")]


def baselines(books: Books) -> list[Outcome]:
    rows = books.store.rows("SELECT baseline FROM batches ORDER BY batch")
    return [from_text(row[0]) for row in rows]


def test_equal_commands_are_paid_and_booked_one_by_one(books: Books) -> None:
    payout = books.cashier.pay(CUSTOMER, "s1", CENTS)
    assert payout.presented_cents == CENTS
    assert asked(books) == ["[20, 0, 0, 0]", "[20, 0, 0, 0]", "[10, 0, 0, 0]"]
    twenty_paid = Outcome(Operation.DISPENSE, 0, TWENTY, NO_NOTES)
    assert baselines(books) == [PURGED, twenty_paid, twenty_paid]
    assert books.events() == [
        "purge", "purged", "intent", "booked", "intent", "booked", "intent", "booked", "settled"
    ]  # fmt: skip
    assert_balanced(books)


@pytest.mark.parametrize(
    ("fault", "notes", "rejected"),
    [("jam", 21, 1), ("short", 21, 0), ("over", 41, 0), ("silent_jam", 21, 1)],
)
def test_a_fault_in_the_second_command_ends_the_payout(
    books: Books, fault: Kind, notes: int, rejected: int
) -> None:
    books.dispenser.plan = ["well", fault]
    payout = books.cashier.pay(CUSTOMER, "s1", CENTS)
    assert (payout.state, payout.presented) == ("SETTLED", (notes, 0, 0, 0))
    assert books.dispenser.calls.count("dispense") == 2
    assert books.rejected() == [rejected, 0, 0, 0]
    assert books.accuracies() == FIRST_DOUBTED
    assert_balanced(books)


def test_an_error_with_all_notes_paid_ends_the_payout_too(books: Books) -> None:
    real = books.dispenser.dispense

    def note_stays_in_the_exit(quantities: Quantities) -> Outcome:
        answer = real(quantities)
        books.dispenser.outcome = Outcome(Operation.DISPENSE, 5, answer.presented, NO_NOTES)
        return books.dispenser.outcome

    books.dispenser.dispense = note_stays_in_the_exit  # type: ignore[method-assign]
    payout = books.cashier.pay(CUSTOMER, "s1", CENTS)
    assert payout.presented == TWENTY
    assert books.dispenser.calls.count("dispense") == 1
    assert books.accuracies() == FIRST_DOUBTED
    assert_balanced(books)


@pytest.mark.parametrize("fault", ["refuse", "nak"])
def test_a_second_command_that_did_not_run_ends_the_payout(books: Books, fault: Kind) -> None:
    # Twenty and then ten: what the memory says of the first cannot be the second.
    books.dispenser.plan = ["well", fault]
    payout = books.cashier.pay(CUSTOMER, "s1", 30_000)
    assert (payout.state, payout.presented) == ("SETTLED", TWENTY)
    assert books.accuracies() == ["accurate"] * 4
    assert_balanced(books)


@pytest.mark.parametrize("fault", ["silent_after", "nak_but_paid", "lie"])
def test_silence_in_the_second_command_is_proved_by_a_changed_memory(
    books: Books, fault: Kind
) -> None:
    books.dispenser.plan = ["well", fault]
    payout = books.cashier.pay(CUSTOMER, "s1", 30_000)
    assert payout.presented == (30, 0, 0, 0)
    assert_balanced(books)


@pytest.mark.parametrize("fault", ["silent_after", "nak_but_paid", "nak", "idle"])
def test_silence_in_an_equal_second_command_waits_for_a_count(books: Books, fault: Kind) -> None:
    books.dispenser.plan = ["well", fault]
    with pytest.raises(PayoutSuspect):
        books.cashier.pay(CUSTOMER, "s1", CENTS)
    assert books.presented() == [20, 0, 0, 0]
    assert books.unknown() == [20, 0, 0, 0]
    assert books.accuracies() == FIRST_DOUBTED
    assert books.balance_and_hold() == (BALANCE_CENTS - CENTS, CENTS)
    assert books.ledger.payout("p1").presented == TWENTY


def test_an_equal_second_command_that_was_never_sent_is_proved(books: Books) -> None:
    books.dispenser.plan = ["well", "refuse"]
    assert books.cashier.pay(CUSTOMER, "s1", CENTS).presented == TWENTY
    assert_balanced(books)


def test_each_command_is_asked_about_then_on_disk_then_told(books: Books) -> None:
    told = ["last", "purge", "last", "1 held", "dispense", "last", "2 held", "dispense",
            "last", "3 held", "dispense"]  # fmt: skip
    real = books.dispenser.dispense

    def spy(quantities: Quantities) -> Outcome:
        # A connection of its own sees only what is committed.
        store = Store(books.path)
        assert store.rows("SELECT sum(held_cents) FROM accounts")[0][0] == CENTS
        intents = store.rows("SELECT sequence FROM journal WHERE event = 'intent'")
        store.close()
        books.dispenser.calls.append(f"{len(intents)} held")
        return real(quantities)

    books.dispenser.dispense = spy  # type: ignore[method-assign]
    books.cashier.pay(CUSTOMER, "s1", CENTS)
    assert books.dispenser.calls == told


def test_the_baseline_is_what_the_device_says_now_not_what_it_answered(books: Books) -> None:
    """The first answer's reject count came damaged; the memory knows better."""
    real = books.dispenser.dispense

    def damaged(quantities: Quantities) -> Outcome:
        answer = real(quantities)
        return Outcome(answer.operation, 0, answer.presented, (2, 2, 0, 0))

    books.dispenser.dispense = damaged  # type: ignore[method-assign]
    books.dispenser.plan = ["well", "nak"]
    assert books.cashier.pay(CUSTOMER, "s1", 30_000).presented == TWENTY
    assert baselines(books)[1].rejected == NO_NOTES


def test_a_dispenser_that_dies_between_two_commands_is_settled_later(books: Books) -> None:
    real = books.dispenser.dispense

    def die(quantities: Quantities) -> Outcome:
        answer = real(quantities)
        books.dispenser.mute = True
        return answer

    books.dispenser.dispense = die  # type: ignore[method-assign]
    with pytest.raises(LinkSilent):
        books.cashier.pay(CUSTOMER, "s1", CENTS)
    assert books.state("p1") == "INTENT"
    books.dispenser.mute = False
    books.reopen()
    payout = books.cashier.recover()
    assert payout is not None
    assert (payout.state, payout.presented) == ("SETTLED", TWENTY)
    assert_balanced(books)
