"""The ledger refuses what no cashier may do, and writes down who, what and how much."""

from pathlib import Path

import pytest

from edge_atm.cash.outcomes import NOT_RUN
from edge_atm.errors import StoreFault
from edge_atm.money import NO_NOTES, Operation, Outcome, Quantities, State
from tests.unit.books import (
    BALANCE_CENTS,
    CUSTOMER,
    NEIGHBOUR,
    NEIGHBOUR_CENTS,
    PURGED,
    Books,
    assert_balanced,
)

ASKED: Quantities = (1, 1, 1, 0)
PAID = Outcome(Operation.DISPENSE, 0, ASKED, NO_NOTES)


@pytest.fixture
def books(tmp_path: Path) -> Books:
    return Books(tmp_path)


def intend(books: Books, payout_id: str = "p", cents: int = 8000) -> None:
    books.ledger.intend(payout_id, CUSTOMER, "s", cents, ASKED, PURGED)


def tell(books: Books, payout_id: str = "p", batch: int = 1) -> None:
    books.ledger.note_sent(payout_id, batch)
    books.ledger.note_accepted(payout_id, batch)


def test_each_customer_may_draw_his_own(books: Books) -> None:
    assert books.ledger.available_cents(CUSTOMER) == BALANCE_CENTS
    assert books.ledger.available_cents(NEIGHBOUR) == NEIGHBOUR_CENTS
    for nobody in ("", "a", "c0ffef", "zzz"):
        assert books.ledger.available_cents(nobody) == 0
    books.ledger.intend("p", NEIGHBOUR, "s", 8000, ASKED, PURGED)
    assert books.ledger.available_cents(NEIGHBOUR) == NEIGHBOUR_CENTS - 8000
    assert books.balance_and_hold(CUSTOMER) == (BALANCE_CENTS, 0)
    tell(books)
    books.ledger.book("p", 1, PAID)
    books.ledger.settle("p")
    assert books.balance_and_hold(NEIGHBOUR) == (NEIGHBOUR_CENTS - 8000, 0)
    assert books.balance_and_hold(CUSTOMER) == (BALANCE_CENTS, 0)


@pytest.mark.parametrize("customer_id", [CUSTOMER, "nobody"])
def test_an_amount_above_the_balance_is_not_intended(books: Books, customer_id: str) -> None:
    with pytest.raises(StoreFault, match="cannot cover"):
        books.ledger.intend("p", customer_id, "s", BALANCE_CENTS + 1, ASKED, PURGED)
    assert (books.events(), books.ledger.open_payout()) == ([], None)
    assert books.balance_and_hold() == (BALANCE_CENTS, 0)
    intend(books, "q", BALANCE_CENTS)
    assert books.balance_and_hold() == (0, BALANCE_CENTS)


@pytest.mark.parametrize("first", [state for state in State if state is not State.SETTLED])
def test_the_schema_allows_one_open_payout(books: Books, first: State) -> None:
    intend(books)
    with books.store.transaction() as connection:
        connection.execute("UPDATE payouts SET state = ?", (first,))
    events = books.events()
    with pytest.raises(StoreFault, match="UNIQUE"):
        intend(books, "q")
    # Nothing of the second is left: no hold, no batch, no entry.
    assert (books.balance_and_hold(), books.events()) == ((BALANCE_CENTS - 8000, 8000), events)
    assert books.ledger.open_batch("q") is None


def test_any_number_of_settled_payouts_may_stand_beside_an_open_one(books: Books) -> None:
    for payout_id in ("p", "q"):
        intend(books, payout_id)
        tell(books, payout_id)
        books.ledger.book(payout_id, 1, PAID)
        books.ledger.settle(payout_id)
    intend(books, "r")
    payout = books.ledger.open_payout()
    assert payout is not None
    assert payout.payout_id == "r"


def test_a_payout_with_an_unanswered_command_is_not_settled(books: Books) -> None:
    intend(books)
    refuse_to_settle(books, "INTENT")
    books.ledger.note_sent("p", 1)
    refuse_to_settle(books, "SENT")
    books.ledger.note_accepted("p", 1)
    refuse_to_settle(books, "ACCEPTED")
    books.ledger.book("p", 1, PAID)
    books.ledger.intend_batch("p", 2, ASKED, PAID)
    refuse_to_settle(books, "INTENT")
    books.ledger.book("p", 2, NOT_RUN)
    assert books.state("p") == "NOT_SENT"
    assert books.ledger.settle("p").presented == ASKED


def test_a_command_that_fell_short_is_followed_by_none(books: Books) -> None:
    intend(books)
    tell(books)
    books.ledger.book("p", 1, Outcome(Operation.DISPENSE, 3, (1, 1, 0, 0), NO_NOTES))
    with pytest.raises(StoreFault, match="cannot become INTENT"):
        books.ledger.intend_batch("p", 2, ASKED, PAID)
    assert books.ledger.open_batch("p") is None
    assert books.events()[-1] == "booked"


def test_a_settled_payout_is_not_settled_again_with_another_ones_hold(books: Books) -> None:
    books.pay(8000)
    intend(books)
    with pytest.raises(StoreFault, match="cannot become SETTLED"):
        books.ledger.settle("p1")
    assert books.balance_and_hold() == (BALANCE_CENTS - 16_000, 8000)


def refuse_to_settle(books: Books, state: str) -> None:
    with pytest.raises(StoreFault, match="cannot become SETTLED"):
        books.ledger.settle("p")
    assert books.state("p") == state
    assert books.balance_and_hold() == (BALANCE_CENTS - 8000, 8000)


def test_a_result_without_an_intent_is_not_booked(books: Books) -> None:
    for payout_id, batch in (("p", 1), ("q", 1), ("p", 2)):
        with pytest.raises((StoreFault, IndexError)):
            books.ledger.book(payout_id, batch, PAID)
        assert books.presented() == [0, 0, 0, 0]
        if books.ledger.open_payout() is None:
            intend(books)
            tell(books)


def test_a_result_of_a_command_that_was_not_told_is_not_booked(books: Books) -> None:
    intend(books)
    with pytest.raises((AssertionError, StoreFault)):
        books.ledger.book("p", 1, PAID)
    books.ledger.book("p", 1, NOT_RUN)
    assert books.state("p") == "NOT_SENT"
    assert books.ledger.settle("p").presented_cents == 0
    assert books.balance_and_hold() == (BALANCE_CENTS, 0)


def test_a_suspect_payout_is_suspect_once(books: Books) -> None:
    intend(books)
    with pytest.raises(StoreFault, match="cannot become SUSPECT"):
        books.ledger.suspect("p")
    tell(books)
    books.ledger.suspect("p")
    with pytest.raises(StoreFault):
        books.ledger.suspect("p")
    assert books.unknown() == [1, 1, 1, 0]
    assert books.events() == ["intent", "sent", "accepted", "suspect"]
    with pytest.raises(StoreFault, match="cannot become SETTLED"):
        books.ledger.settle("p")


def test_a_settled_payout_does_not_become_suspect(books: Books) -> None:
    payout = books.pay(8000)
    with pytest.raises(AssertionError, match="nothing is unknown"):
        books.ledger.suspect(payout.payout_id)
    assert_balanced(books)


def test_the_journal_names_who_drew_what_and_what_became_of_it(books: Books) -> None:
    books.dispenser.outcome = PURGED
    books.pay(8000)
    counts = {"operation": "dispense", "error": 0, "presented": [1, 1, 1, 0], "rejected": [0] * 4}
    purged = counts | {"operation": "purge", "presented": [0] * 4}
    assert [(entry.event, entry.detail) for entry in books.journal.entries()] == [
        ("intent", {"payout": "p1", "customer": CUSTOMER, "session": "s", "cents": 8000,
                    "batch": 1, "asked": [1, 1, 1, 0], "baseline": purged}),
        ("sent", {"payout": "p1", "batch": 1}),
        ("accepted", {"payout": "p1", "batch": 1}),
        ("booked", {"payout": "p1", "batch": 1, "state": "RESULT", "unknown": [0] * 4, **counts}),
        ("settled", {"payout": "p1", "customer": CUSTOMER, "requested_cents": 8000,
                     "presented_cents": 8000}),
    ]  # fmt: skip


def test_the_journal_names_the_notes_that_nobody_can_place(books: Books) -> None:
    intend(books)
    books.ledger.note_sent("p", 1)
    books.ledger.suspect("p")
    entry = books.journal.entries()[-1]
    assert (entry.event, entry.detail) == (
        "suspect", {"payout": "p", "batch": 1, "asked": [1, 1, 1, 0], "unknown": [1, 1, 1, 0]}
    )  # fmt: skip


def test_the_table_itself_takes_one_result_for_each_command(books: Books) -> None:
    intend(books)
    tell(books)
    books.ledger.book("p", 1, PAID)
    with pytest.raises(StoreFault, match="UNIQUE"), books.store.transaction() as connection:
        connection.execute("INSERT INTO results SELECT * FROM results")
