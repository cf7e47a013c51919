"""No note is paid twice and none is booked from a request, wherever the line or power fails."""

from pathlib import Path

import pytest

from edge_atm.errors import LinkSilent, PayoutSuspect, StoreFault
from tests.unit.books import BALANCE_CENTS, CUSTOMER, Books, Crash


@pytest.fixture
def books(tmp_path: Path) -> Books:
    return Books(tmp_path)


def assert_balanced(books: Books) -> None:
    """Debits are the notes that left, and every note is somewhere."""
    units = books.ledger.storage_units()
    assert [unit.presented for unit in units] == books.dispenser.presented
    presented_cents = sum(unit.presented * unit.value_cents for unit in units)
    assert books.balance_and_hold() == (BALANCE_CENTS - presented_cents, 0)
    assert books.journal.verify() > 0


def test_pays_the_fewest_notes_and_debits_them(books: Books) -> None:
    payout = books.cashier.pay(CUSTOMER, "s1", 8000)
    assert (payout.state, payout.presented_cents) == ("SETTLED", 8000)
    assert books.presented() == [1, 1, 1, 0]
    assert_balanced(books)


def test_pays_in_commands_no_larger_than_allowed(books: Books) -> None:
    with books.store.transaction() as connection:
        connection.execute("UPDATE storage_units SET initial = 0 WHERE position > 1")
    payout = books.cashier.pay(CUSTOMER, "s1", 50_000)
    assert payout.presented_cents == 50_000
    asked = [row[0] for row in books.store.rows("SELECT asked FROM batches ORDER BY batch")]
    assert asked == ["[20, 0, 0, 0]", "[20, 0, 0, 0]", "[10, 0, 0, 0]"]
    assert_balanced(books)


@pytest.mark.parametrize("fault", ["silent_before", "silent_after", "refuse"])
def test_silence_is_asked_about_and_booked_once(books: Books, fault: str) -> None:
    books.dispenser.fault = fault
    payout = books.cashier.pay(CUSTOMER, "s1", 8000)
    assert payout.state == "SETTLED"
    assert payout.presented_cents == (8000 if fault == "silent_after" else 0)
    assert_balanced(books)


def test_power_cut_is_settled_at_start_by_asking(books: Books) -> None:
    books.dispenser.fault = "crash_after"
    with pytest.raises(Crash):
        books.cashier.pay(CUSTOMER, "s1", 8000)
    books.reopen()
    assert books.cashier.obstacle(CUSTOMER, 1000) == "dispenser_closed"
    (payout,) = books.cashier.recover()
    assert payout.presented_cents == 8000
    assert books.cashier.recover() == []
    assert_balanced(books)
    assert books.cashier.obstacle(CUSTOMER, 1000) is None


def test_power_cut_that_left_no_trace_waits_for_a_count(books: Books) -> None:
    books.dispenser.fault = "crash_before"
    with pytest.raises(Crash):
        books.cashier.pay(CUSTOMER, "s1", 8000)
    books.reopen()
    with pytest.raises(PayoutSuspect):
        books.cashier.recover()
    assert books.balance_and_hold() == (BALANCE_CENTS - 8000, 8000)


def test_jam_books_what_left_and_gives_the_rest_back(books: Books) -> None:
    books.dispenser.fault = "jam"
    payout = books.cashier.pay(CUSTOMER, "s1", 24_000)
    assert payout.presented == (0, 1, 1, 0)
    assert payout.presented_cents == 7000
    assert_balanced(books)
    assert {unit.accuracy for unit in books.ledger.storage_units()} == {"accurate", "inaccurate"}


def test_surplus_note_is_booked_and_is_the_banks_loss(books: Books) -> None:
    books.dispenser.fault = "over"
    payout = books.cashier.pay(CUSTOMER, "s1", 8000)
    assert payout.presented_cents == 9000
    assert books.balance_and_hold() == (BALANCE_CENTS - 8000, 0)
    assert books.presented() == books.dispenser.presented


def test_same_counts_twice_and_silence_end_suspect(books: Books) -> None:
    books.cashier.pay(CUSTOMER, "s1", 8000)
    books.dispenser.fault = "silent_after"
    with pytest.raises(PayoutSuspect):
        books.cashier.pay(CUSTOMER, "s2", 8000)
    assert books.balance_and_hold() == (BALANCE_CENTS - 16_000, 8000)
    assert [unit.unknown for unit in books.ledger.storage_units()] == [1, 1, 1, 0]
    assert books.cashier.obstacle(CUSTOMER, 1000) == "dispenser_closed"
    with pytest.raises(PayoutSuspect):
        books.cashier.recover()


def test_a_dispenser_that_lost_its_memory_proves_nothing(books: Books) -> None:
    books.dispenser.fault = "reset_after"
    with pytest.raises(PayoutSuspect):
        books.cashier.pay(CUSTOMER, "s1", 8000)
    assert books.balance_and_hold()[1] == 8000


def test_a_dispenser_that_stays_silent_keeps_the_payout_open(books: Books) -> None:
    books.cashier.pay(CUSTOMER, "s1", 1000)
    books.dispenser.fault = "silent_after"
    real_last, books.dispenser.last = books.dispenser.last, _after_one(books)  # type: ignore[method-assign]
    with pytest.raises(LinkSilent):
        books.cashier.pay(CUSTOMER, "s2", 8000)
    books.dispenser.last = real_last  # type: ignore[method-assign]
    books.reopen()
    (payout,) = books.cashier.recover()
    assert payout.presented_cents == 8000
    assert_balanced(books)


def test_a_result_is_booked_once(books: Books) -> None:
    payout = books.cashier.pay(CUSTOMER, "s1", 1000)
    with pytest.raises(StoreFault):
        books.ledger.book(payout.payout_id, 1, books.dispenser.outcome)
    with pytest.raises(StoreFault):
        books.ledger.settle(payout.payout_id)
    assert_balanced(books)


def test_intent_and_hold_are_on_disk_before_notes_move(books: Books) -> None:
    seen: list[tuple[tuple[int, int], list[str]]] = []
    dispense = books.dispenser.dispense

    def spy(quantities: tuple[int, int, int, int]) -> object:
        other = Books.__new__(Books)
        other.path, other.dispenser, other._payouts = books.path, books.dispenser, 0
        other.open()
        events = [entry.event for entry in other.journal.entries()]
        seen.append((other.balance_and_hold(), events))
        other.store.close()
        return dispense(quantities)

    books.dispenser.dispense = spy  # type: ignore[method-assign, assignment]
    books.cashier.pay(CUSTOMER, "s1", 8000)
    assert seen == [((BALANCE_CENTS - 8000, 8000), ["intent"])]


@pytest.mark.parametrize(
    ("amount_cents", "word"),
    [(0, "insufficient_funds"), (-1000, "insufficient_funds"), (1, "not_dispensable"),
     (BALANCE_CENTS + 1000, "insufficient_funds"), (1500, "not_dispensable"), (1000, None)],
)  # fmt: skip
def test_obstacles(books: Books, amount_cents: int, word: str | None) -> None:
    assert books.cashier.obstacle(CUSTOMER, amount_cents) == word
    assert books.cashier.obstacle("nobody", 1000) == "insufficient_funds"


def _after_one(books: Books):  # type: ignore[no-untyped-def]
    """Answer the baseline question, then fall silent."""
    answers = iter([books.dispenser.outcome])

    def last() -> object:
        for answer in answers:
            return answer
        raise LinkSilent("no answer")

    return last
