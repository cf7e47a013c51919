"""A payout in several commands: the first that falls short ends it, and each has its baseline."""

from collections.abc import Callable
from pathlib import Path

import pytest

from edge_atm.cash.outcomes import from_text
from edge_atm.errors import LinkSilent
from edge_atm.money import NO_NOTES, Operation, Outcome, Quantities
from edge_atm.store import Store
from tests.rig.dispenser_course import Fault
from tests.unit.books import PURGED, Books, assert_balanced

# Three commands from the first cassette: 20, 19 and 11 notes, no two neighbours alike.
CENTS = 50_000
TWENTY: Quantities = (20, 0, 0, 0)
FIRST_DOUBTED = ["inaccurate", "accurateSet", "accurateSet", "accurateSet"]


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


def test_a_payout_in_three_commands_is_booked_one_by_one(books: Books) -> None:
    payout = books.pay(CENTS)
    assert payout.presented_cents == CENTS
    assert asked(books) == ["[20, 0, 0, 0]", "[19, 0, 0, 0]", "[11, 0, 0, 0]"]
    paid = [Outcome(Operation.DISPENSE, 0, (n, 0, 0, 0), NO_NOTES) for n in (20, 19)]
    assert baselines(books) == [PURGED, *paid]
    one = ["intent", "sent", "accepted", "booked"]
    assert books.events() == ["service", "service_counted", *one, *one, *one, "settled"]
    assert_balanced(books)


def test_the_first_command_differs_from_the_last_one_of_the_payout_before(books: Books) -> None:
    books.pay(20_000)
    books.dispenser.plan = ["silent_after"]
    assert books.pay(20_000).presented == TWENTY
    assert asked(books) == ["[20, 0, 0, 0]", "[19, 0, 0, 0]", "[1, 0, 0, 0]"]
    assert books.dispenser.calls.count("purge") == 1
    assert_balanced(books)


@pytest.mark.parametrize(
    ("fault", "notes", "rejected", "unknown"),
    [("jam", 21, 1, 18), ("short", 21, 0, 18), ("over", 40, 0, 0), ("silent_jam", 21, 1, 18)],
)
def test_a_fault_in_the_second_command_ends_the_payout(
    books: Books, fault: Fault, notes: int, rejected: int, unknown: int
) -> None:
    books.dispenser.plan = ["well", fault]
    payout = books.pay(CENTS)
    assert (payout.state, payout.presented) == ("SETTLED", (notes, 0, 0, 0))
    assert books.dispenser.calls.count("dispense") == 2
    assert books.rejected() == [rejected, 0, 0, 0]
    assert books.accuracies() == FIRST_DOUBTED
    assert_balanced(books, unknown=(unknown, 0, 0, 0))


def test_an_error_with_all_notes_paid_ends_the_payout_too(books: Books) -> None:
    real = books.dispenser.dispense

    def note_stays_in_the_exit(quantities: Quantities, **steps: Callable[[], None]) -> Outcome:
        answer = real(quantities, **steps)
        books.dispenser.outcome = Outcome(Operation.DISPENSE, 5, answer.presented, NO_NOTES)
        return books.dispenser.outcome

    books.dispenser.dispense = note_stays_in_the_exit  # type: ignore[method-assign, assignment]
    payout = books.pay(CENTS)
    assert payout.presented == TWENTY
    assert books.dispenser.calls.count("dispense") == 1
    assert books.accuracies() == FIRST_DOUBTED
    assert_balanced(books)


@pytest.mark.parametrize("fault", ["refuse", "nak"])
def test_a_second_command_that_did_not_run_ends_the_payout(books: Books, fault: Fault) -> None:
    # Twenty and then ten: what the memory says of the first cannot be the second.
    books.dispenser.plan = ["well", fault]
    payout = books.pay(30_000)
    assert (payout.state, payout.presented) == ("SETTLED", TWENTY)
    assert books.accuracies() == ["accurateSet"] * 4
    assert_balanced(books)


@pytest.mark.parametrize("fault", ["silent_after", "nak_but_paid", "lie"])
def test_silence_in_the_second_command_is_proved_by_a_changed_memory(
    books: Books, fault: Fault
) -> None:
    books.dispenser.plan = ["well", fault]
    payout = books.pay(30_000)
    assert payout.presented == (30, 0, 0, 0)
    assert_balanced(books)


def test_each_command_is_asked_about_then_on_disk_then_told(books: Books) -> None:
    told = ["last", "purge", "last", "1 held", "dispense", "last", "2 held", "dispense",
            "last", "3 held", "dispense", "last"]  # fmt: skip
    real = books.dispenser.dispense

    def spy(quantities: Quantities, **steps: Callable[[], None]) -> Outcome:
        # A connection of its own sees only what is committed.
        store = Store(books.path)
        assert store.rows("SELECT sum(held_cents) FROM accounts")[0][0] == CENTS
        intents = store.rows("SELECT sequence FROM journal WHERE event = 'intent'")
        store.close()
        books.dispenser.calls.append(f"{len(intents)} held")
        return real(quantities, **steps)

    books.dispenser.dispense = spy  # type: ignore[method-assign, assignment]
    books.pay(CENTS)
    assert books.dispenser.calls == told


def test_the_baseline_is_what_the_device_says_now_not_what_it_answered(books: Books) -> None:
    """The first answer's reject count came damaged; the memory knows better."""
    real = books.dispenser.dispense

    def damaged(quantities: Quantities, **steps: Callable[[], None]) -> Outcome:
        answer = real(quantities, **steps)
        return Outcome(answer.operation, 0, answer.presented, (2, 2, 0, 0))

    books.dispenser.dispense = damaged  # type: ignore[method-assign, assignment]
    books.dispenser.plan = ["well", "nak"]
    assert books.pay(30_000).presented == TWENTY
    assert baselines(books)[1].rejected == NO_NOTES


def test_a_dispenser_that_dies_between_two_commands_is_settled_later(books: Books) -> None:
    real = books.dispenser.dispense

    def die(quantities: Quantities, **steps: Callable[[], None]) -> Outcome:
        answer = real(quantities, **steps)
        books.dispenser.mute = True
        return answer

    books.dispenser.dispense = die  # type: ignore[method-assign, assignment]
    with pytest.raises(LinkSilent):
        books.pay(CENTS)
    assert books.state("p1") == "ACCEPTED"
    books.dispenser.mute = False
    books.reopen()
    payout = books.cashier.recover()
    assert payout is not None
    assert (payout.state, payout.presented) == ("SETTLED", TWENTY)
    assert_balanced(books)


def test_small_notes_are_paid_when_the_customer_wishes(tmp_path: Path) -> None:
    books = Books(tmp_path)
    assert books.pay(8000, small_notes=True).presented == (8, 0, 0, 0)
    assert books.pay(8000).presented == (1, 1, 1, 0)
    assert_balanced(books)
