"""Where an error leaves the notes decides: settle what is known, or wait for a count."""

from collections.abc import Callable
from pathlib import Path

import pytest

from edge_atm.cash import faults, states
from edge_atm.cash.cashier import CashRules
from edge_atm.cash.outcomes import NOT_RUN
from edge_atm.device.lcdm_reports import ERROR_TEXTS
from edge_atm.errors import PayoutSuspect
from edge_atm.money import BEFORE_START, NO_NOTES, Operation, Outcome, Quantities, State
from tests.rig import dispenser_course
from tests.rig.dispenser_course import Fault
from tests.unit.books import BALANCE_CENTS, PURGED, Books, assert_balanced

ASKED: Quantities = (0, 2, 4, 0)
CENTS = 24_000
# After these a note may be left where a hand can reach it, or a wrong one has left; a motor or a
# solenoid may stop with one half out.
AT_EXIT = [0x04, 0x05, 0x06, 0x07, 0x08, 0x0A, 0x0E, 0x22, 0x23, 0x33, 0x34, 0x35, 0x36,
           0x40, 0x41, 0x42, 0x43]  # fmt: skip
# In no document; the first was seen in the field.
UNDOCUMENTED = [0x58, 0x0F, 0x27, 0x44, 0xDF]
DOUBTED = ["accurateSet", "inaccurate", "inaccurate", "accurateSet"]


@pytest.fixture
def books(tmp_path: Path) -> Books:
    books = Books(tmp_path)
    books.dispenser.outcome = PURGED
    return books


def answers(books: Books, answer: Outcome, memory: Outcome) -> None:
    """Let the next DISPENSE be answered and remembered like this; no note moves."""

    def dispense(asked: Quantities, **steps: Callable[[], None]) -> Outcome:
        steps["sending"]()
        steps["accepted"]()
        books.dispenser.outcome = memory
        return answer

    books.dispenser.dispense = dispense  # type: ignore[method-assign, assignment]


def paid(presented: Quantities, error: int, rejected: Quantities = NO_NOTES) -> Outcome:
    return Outcome(Operation.DISPENSE, error, presented, rejected)


def test_every_documented_code_has_its_place() -> None:
    assert BEFORE_START.isdisjoint(faults.INSIDE)
    assert set(ERROR_TEXTS) - faults.PROVEN == set(AT_EXIT)
    assert set(ERROR_TEXTS) >= faults.PROVEN
    assert faults.PROVEN.isdisjoint(UNDOCUMENTED)
    # The rig's dispenser was written from the same document on its own.
    assert BEFORE_START == dispenser_course.BEFORE_START
    assert faults.INSIDE == dispenser_course.INSIDE


@pytest.mark.parametrize("error", [*AT_EXIT, *UNDOCUMENTED])
def test_a_shortage_that_may_lie_in_the_exit_waits_for_a_count(books: Books, error: int) -> None:
    books.dispenser.plan = [error]
    with pytest.raises(PayoutSuspect):
        books.pay(CENTS)
    assert books.state("p1") == "SUSPECT"
    assert books.balance_and_hold() == (BALANCE_CENTS - CENTS, CENTS)
    assert (books.unknown(), books.accuracies()) == (list(ASKED), DOUBTED)
    # The customer takes the note while the technician is on the way.
    books.dispenser.take_from_exit()
    assert books.count_by_truth().presented == ASKED
    assert_balanced(books)


@pytest.mark.parametrize("error", [*AT_EXIT, *UNDOCUMENTED, *sorted(faults.INSIDE)])
def test_an_error_with_nothing_short_is_booked(books: Books, error: int) -> None:
    answers(books, paid(ASKED, error), paid(ASKED, error))
    payout = books.pay(CENTS)
    assert (payout.state, payout.presented) == ("SETTLED", ASKED)
    assert books.journal.entries()[-2].detail["state"] == "RESULT"
    assert (books.unknown(), books.accuracies()) == ([0, 0, 0, 0], DOUBTED)
    assert books.balance_and_hold() == (BALANCE_CENTS - CENTS, 0)


@pytest.mark.parametrize("error", sorted(faults.INSIDE))
def test_a_shortage_inside_gives_the_rest_of_the_hold_back(books: Books, error: int) -> None:
    books.dispenser.plan = [error]
    payout = books.pay(CENTS)
    assert (payout.state, payout.presented) == ("SETTLED", (0, 1, 4, 0))
    assert books.journal.entries()[-2].detail["state"] == "PARTIAL"
    assert books.accuracies() == DOUBTED
    assert_balanced(books, unknown=(0, 1, 0, 0))


@pytest.mark.parametrize("error", sorted(BEFORE_START))
def test_an_error_before_the_start_is_a_refusal(books: Books, error: int) -> None:
    books.dispenser.plan = [error]
    assert books.pay(CENTS).presented == NO_NOTES
    assert books.journal.entries()[-2].detail["state"] == "REFUSED"
    assert_balanced(books)


@pytest.mark.parametrize("error", sorted(BEFORE_START))
def test_an_error_before_the_start_that_counts_notes_has_begun(books: Books, error: int) -> None:
    began = paid((0, 1, 0, 0), error, (0, 0, 1, 0))
    answers(books, began, began)
    assert books.pay(CENTS).presented == (0, 1, 0, 0)
    assert books.journal.entries()[-2].detail["state"] == "PARTIAL"
    assert books.unknown() == [0, 1, 4, 0]


@pytest.mark.parametrize(
    ("answer", "memory", "presented"),
    [
        (paid((0, 1, 0, 0), 3), paid((0, 1, 0, 0), 3), (0, 1, 0, 0)),
        (paid((0, 1, 0, 0), 3), paid((0, 2, 0, 0), 3), (0, 2, 0, 0)),
        (paid((0, 1, 0, 0), 3), paid(ASKED, 0), ASKED),
        (paid(ASKED, 0, (0, 1, 0, 0)), paid(ASKED, 0), ASKED),
        (paid(NO_NOTES, 0x24), PURGED, NO_NOTES),
        (paid((0, 1, 0, 0), 3), PURGED, None),
        (paid((0, 1, 0, 0), 3), paid((0, 1, 0, 0), 5), None),
        (paid((0, 1, 0, 0), 3), Outcome(Operation.OTHER, 3, (0, 1, 0, 0), NO_NOTES), None),
    ],
)
def test_an_answer_not_as_asked_is_believed_when_told_twice(
    books: Books, answer: Outcome, memory: Outcome, presented: Quantities | None
) -> None:
    answers(books, answer, memory)
    if presented is None:
        with pytest.raises(PayoutSuspect):
            books.pay(CENTS)
        assert (books.state("p1"), books.unknown()) == ("SUSPECT", list(ASKED))
    else:
        assert books.pay(CENTS).presented == presented
        # Reject counts too are those of the memory.
        assert books.rejected() == [0, 0, 0, 0]
    assert books.dispenser.calls == ["last", "last"]


@pytest.mark.parametrize("fault", ["jam", 0x09])
def test_a_later_purge_finds_what_the_jam_left_inside(books: Books, fault: Fault) -> None:
    books.dispenser.plan = [fault]
    books.pay(CENTS)
    left = list(books.dispenser.path)
    short, rejected = books.unknown(), books.rejected()
    assert sum(left) > 0
    # The record has an error: the next payout begins with a purge.
    assert books.pay(1000).presented_cents == 1000
    assert books.rejected() == [n + m for n, m in zip(rejected, left, strict=True)]
    still = tuple(n - m for n, m in zip(short, left, strict=True))
    assert_balanced(books, unknown=still)  # type: ignore[arg-type]
    assert books.dispenser.path == [0, 0, 0, 0]


def test_notes_that_are_unknown_are_not_promised_again(books: Books) -> None:
    with books.store.transaction() as connection:
        connection.execute("UPDATE storage_units SET initial = 6 WHERE position = 2")
        connection.execute("UPDATE storage_units SET initial = 0 WHERE position <> 2")
    books.use(CashRules(20, equal_commands="suspect"))
    books.dispenser.plan = [0x01]
    books.pay(8000)
    assert (books.presented(), books.unknown()) == ([0, 3, 0, 0], [0, 1, 0, 0])
    assert books.cashier.obstacle("c0ffee", 6000) == "not_dispensable"
    assert books.cashier.obstacle("c0ffee", 4000) is None


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (NOT_RUN, State.REFUSED),
        (paid(NO_NOTES, 0x24), State.REFUSED),
        (paid(ASKED, 0), State.RESULT),
        (paid(ASKED, 5), State.RESULT),
        (paid((1, 2, 4, 0), 0x29), State.RESULT),
        (paid((1, 2, 3, 0), 0x29), State.PARTIAL),
        (paid((0, 2, 3, 0), 1), State.PARTIAL),
        (paid(NO_NOTES, 1), State.PARTIAL),
        (Outcome(Operation.OTHER, 0, NO_NOTES, NO_NOTES), State.PARTIAL),
    ],
)
def test_how_a_command_that_was_told_ends(outcome: Outcome, state: State) -> None:
    assert states.ended_as(ASKED, outcome) is state
