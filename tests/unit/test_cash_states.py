"""A payout moves on one commit at a time, and only along the ways that are drawn."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from importlib import resources
from itertools import product
from pathlib import Path

import pytest

from edge_atm.cash import states
from edge_atm.cash.cashier import CashRules
from edge_atm.errors import LinkSilent, PayoutSuspect, StoreFault
from edge_atm.money import NO_NOTES, Operation, Outcome, State
from tests.rig.dispenser_course import Fault
from tests.unit.books import BALANCE_CENTS, CUSTOMER, PURGED, Books, assert_balanced

SCHEMA = resources.files("edge_atm").joinpath("schema.sql").read_text(encoding="utf-8")
# From each state, those that may follow; the count's road leaves SUSPECT.
WAYS = {
    State.INTENT: {State.SENT, State.NOT_SENT},
    State.SENT: {State.ACCEPTED, State.RESULT, State.PARTIAL, State.REFUSED, State.SUSPECT},
    State.ACCEPTED: {State.RESULT, State.PARTIAL, State.REFUSED, State.SUSPECT},
    State.RESULT: {State.INTENT, State.SETTLED},
    State.PARTIAL: {State.SETTLED},
    State.REFUSED: {State.SETTLED},
    State.NOT_SENT: {State.SETTLED},
    State.SUSPECT: {State.RESULT, State.PARTIAL, State.REFUSED},
    State.SETTLED: set[State](),
}


@pytest.fixture
def books(tmp_path: Path) -> Books:
    books = Books(tmp_path)
    books.dispenser.outcome = PURGED
    return books


@pytest.fixture
def payout() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(SCHEMA)
        connection.execute(
            "INSERT INTO payouts (payout_id, customer_id, session_id, state, requested_cents,"
            " opened_at) VALUES ('p', 'c', 's', 'INTENT', 1, '')"
        )
        yield connection


def state_of(connection: sqlite3.Connection) -> str:
    return str(connection.execute("SELECT state FROM payouts").fetchone()[0])


def test_the_table_is_the_one_that_was_drawn() -> None:
    assert set(states.BEFORE) == set(WAYS) == set(State)
    for before, after in product(State, State):
        assert (before in states.BEFORE[after]) == (after in WAYS[before])


@pytest.mark.parametrize(("before", "after"), [*product(State, State)])
def test_only_the_drawn_ways_are_open(
    payout: sqlite3.Connection, before: State, after: State
) -> None:
    payout.execute("UPDATE payouts SET state = ?", (before,))
    if after in WAYS[before]:
        states.enter(payout, "p", after)
        assert state_of(payout) == after
    else:
        with pytest.raises(StoreFault, match=f"payout p cannot become {after} now"):
            states.enter(payout, "p", after)
        assert state_of(payout) == before


@pytest.mark.parametrize("state", State)
def test_a_payout_that_is_not_there_enters_nothing(
    payout: sqlite3.Connection, state: State
) -> None:
    with pytest.raises(StoreFault):
        states.enter(payout, "q", state)
    assert state_of(payout) == "INTENT"


def test_the_schema_knows_these_states_and_no_other(payout: sqlite3.Connection) -> None:
    for state in State:
        payout.execute("UPDATE payouts SET state = ?", (state,))
    with pytest.raises(sqlite3.IntegrityError):
        payout.execute("UPDATE payouts SET state = 'PAID'")


def commits(books: Books) -> list[str]:
    """Return a list that grows with the state that each commit leaves."""
    seen: list[str] = []

    def trace(statement: str) -> None:
        # Called before it runs, so the connection itself sees what is about to be kept.
        if statement == "COMMIT":
            books.store._connection.set_trace_callback(None)
            seen.append(books.store.rows("SELECT state FROM payouts ORDER BY rowid DESC")[0][0])
            books.store._connection.set_trace_callback(trace)

    books.store._connection.set_trace_callback(trace)
    return seen


def test_the_ordinary_payout_is_five_commits(books: Books) -> None:
    seen = commits(books)
    books.pay(8000)
    assert seen == ["INTENT", "SENT", "ACCEPTED", "RESULT", "SETTLED"]
    assert books.events() == ["intent", "sent", "accepted", "booked", "settled"]
    assert books.journal.entries()[3].detail["state"] == "RESULT"


def test_a_further_command_adds_four_commits(books: Books) -> None:
    books.use(CashRules(notes_per_command_max=2))
    seen = commits(books)
    books.pay(8000)
    assert seen == ["INTENT", "SENT", "ACCEPTED", "RESULT"] * 2 + ["SETTLED"]


@pytest.mark.parametrize(
    ("fault", "ways"),
    [
        ("refuse", ["INTENT", "NOT_SENT", "SETTLED"]),
        ("nak", ["INTENT", "SENT", "REFUSED", "SETTLED"]),
        ("nak_but_paid", ["INTENT", "SENT", "RESULT", "SETTLED"]),
        ("silent_after", ["INTENT", "SENT", "ACCEPTED", "RESULT", "SETTLED"]),
        ("refused_unsaid", ["INTENT", "SENT", "ACCEPTED", "REFUSED", "SETTLED"]),
        (0x24, ["INTENT", "SENT", "ACCEPTED", "REFUSED", "SETTLED"]),
        ("jam", ["INTENT", "SENT", "ACCEPTED", "PARTIAL", "SETTLED"]),
        ("over", ["INTENT", "SENT", "ACCEPTED", "RESULT", "SETTLED"]),
        ("idle", ["INTENT", "SENT", "ACCEPTED", "SUSPECT"]),
        (0x05, ["INTENT", "SENT", "ACCEPTED", "SUSPECT"]),
    ],
)
def test_each_fault_takes_its_way_and_each_step_is_one_commit(
    books: Books, fault: Fault, ways: list[str]
) -> None:
    books.dispenser.plan = [fault]
    seen = commits(books)
    if ways[-1] == "SUSPECT":
        with pytest.raises(PayoutSuspect):
            books.pay(24_000)
    else:
        books.pay(24_000)
    assert seen == ways
    words = {"INTENT": "intent", "SENT": "sent", "ACCEPTED": "accepted", "SUSPECT": "suspect",
             "SETTLED": "settled"}  # fmt: skip
    assert books.events() == [words.get(state, "booked") for state in ways]


def test_nothing_was_told_so_nothing_is_asked_before_the_hold_comes_back(books: Books) -> None:
    books.ledger.intend("p", CUSTOMER, "s", 8000, (1, 1, 1, 0), PURGED)
    books.dispenser.mute = True
    books.reopen()
    with pytest.raises(LinkSilent):
        books.cashier.recover()
    assert books.dispenser.calls == []
    assert (books.state("p"), books.events()[1:]) == ("SETTLED", ["booked", "settled"])
    assert books.journal.entries()[1].detail["state"] == "NOT_SENT"
    assert books.balance_and_hold() == (BALANCE_CENTS, 0)


@pytest.mark.parametrize("accepted", [False, True])
def test_what_may_be_on_the_wire_is_asked_about(books: Books, accepted: bool) -> None:
    books.ledger.intend("p", CUSTOMER, "s", 8000, (1, 1, 1, 0), PURGED)
    books.ledger.note_sent("p", 1)
    if accepted:
        books.ledger.note_accepted("p", 1)
    books.reopen()
    # Nothing is remembered, and how much was heard died with the process.
    with pytest.raises(PayoutSuspect):
        books.cashier.recover()
    assert books.dispenser.calls == ["last"]


def test_a_settled_road_has_one_end(books: Books) -> None:
    outcome = Outcome(Operation.DISPENSE, 0, (1, 1, 1, 0), NO_NOTES)
    books.pay(8000)
    for again in (
        lambda: books.ledger.note_sent("p1", 1),
        lambda: books.ledger.note_accepted("p1", 1),
        lambda: books.ledger.intend_batch("p1", 2, (1, 0, 0, 0), outcome),
        lambda: books.ledger.book("p1", 1, outcome),
        lambda: books.ledger.settle("p1"),
    ):
        with pytest.raises(StoreFault, match="cannot become"):
            again()
    assert_balanced(books)
