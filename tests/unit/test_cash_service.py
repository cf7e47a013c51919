"""What moves or is missing without a customer: test dispenses, and cassettes that were away."""

from pathlib import Path

import pytest

from edge_atm.cash import storage
from edge_atm.errors import LinkFault, LinkSilent, StoreFault
from edge_atm.money import NO_NOTES, Operation, Outcome, Quantities
from tests.rig.dispenser_course import Fault
from tests.rig.dispenser_memory import Crash
from tests.unit.books import (
    BALANCE_CENTS,
    CUSTOMER,
    PURGED,
    VALUES,
    Books,
    assert_balanced,
    assert_no_note_is_promised_twice,
)

ASKED: Quantities = (2, 0, 1, 0)
ASKED_DOUBTED = ["inaccurate", "accurateSet", "inaccurate", "accurateSet"]


@pytest.fixture
def books(tmp_path: Path) -> Books:
    books = Books(tmp_path)
    books.dispenser.outcome = PURGED
    return books


def test_tested_notes_are_in_the_tray_and_nobodys_debit(books: Books) -> None:
    counted = books.upkeep.test(ASKED)
    assert counted == Outcome(Operation.TEST_DISPENSE, 0, NO_NOTES, ASKED)
    assert books.dispenser.calls == ["last", "test", "last"]
    assert [(e.event, e.detail.get("told")) for e in books.journal.entries()] == [
        ("service", "test_dispense"), ("service_counted", None)
    ]  # fmt: skip
    assert books.accuracies() == ["accurateSet"] * 4
    assert_balanced(books)


@pytest.mark.parametrize("fault", ["silent_after", "nak_but_paid"])
def test_a_lost_answer_is_counted_from_the_memory(books: Books, fault: Fault) -> None:
    books.dispenser.plan = [fault]
    assert books.upkeep.test(ASKED).rejected == ASKED
    assert_balanced(books)


@pytest.mark.parametrize("fault", ["nak", "idle", "power_stale", "power_cleared"])
def test_a_test_that_no_memory_tells_of_leaves_its_notes_unknown(
    books: Books, fault: Fault
) -> None:
    books.dispenser.plan = [fault]
    with pytest.raises(LinkSilent):
        books.upkeep.test(ASKED)
    assert (books.rejected(), books.unknown()) == ([0] * 4, list(ASKED))
    assert books.accuracies() == ASKED_DOUBTED
    assert_no_note_is_promised_twice(books)
    # Counted once: looking again changes nothing.
    books.cashier.recover()
    assert books.unknown() == list(ASKED)


@pytest.mark.parametrize(
    ("error", "rejected", "unknown"),
    [(0x02, [1, 0, 1, 0], [1, 0, 0, 0]), (0x58, [1, 0, 1, 0], [1, 0, 0, 0]),
     (0x24, [0] * 4, [0] * 4)],
)  # fmt: skip
def test_what_a_test_left_on_the_way_is_unknown(
    books: Books, error: int, rejected: list[int], unknown: list[int]
) -> None:
    books.dispenser.plan = [error]
    assert books.upkeep.test(ASKED).error == error
    assert (books.rejected(), books.unknown()) == (rejected, unknown)
    assert books.accuracies() == (ASKED_DOUBTED if any(unknown) else ["accurateSet"] * 4)
    assert_no_note_is_promised_twice(books)


def test_a_dispenser_that_dies_in_a_test_is_counted_when_it_answers_again(books: Books) -> None:
    books.dispenser.plan = ["dead"]
    with pytest.raises(LinkSilent):
        books.upkeep.test(ASKED)
    assert books.ledger.service.uncounted() is Operation.TEST_DISPENSE
    books.dispenser.mute = False
    books.reopen()
    assert books.cashier.recover() is None
    assert_balanced(books)


@pytest.mark.parametrize(("fault", "moved"), [("crash_after", True), ("crash_before", False)])
def test_power_cut_in_a_test_is_counted_at_the_next_start(
    books: Books, fault: Fault, moved: bool
) -> None:
    books.dispenser.plan = [fault]
    with pytest.raises(Crash):
        books.upkeep.test(ASKED)
    books.reopen()
    # A payout looks too, before it asks for anything.
    assert books.pay(8000).presented_cents == 8000
    assert books.rejected() == list(ASKED if moved else NO_NOTES)
    assert books.unknown() == list(NO_NOTES if moved else ASKED)
    assert books.accuracies() == (["accurateSet"] * 4 if moved else ASKED_DOUBTED)
    assert_no_note_is_promised_twice(books)


def test_a_memory_lost_after_a_test_leaves_its_notes_unknown(books: Books) -> None:
    books.dispenser.plan = ["crash_after"]
    with pytest.raises(Crash):
        books.upkeep.test(ASKED)
    books.reopen()
    books.dispenser.outcome = Outcome(Operation.NONE, 0, NO_NOTES, NO_NOTES)
    books.cashier.recover()
    assert (books.rejected(), books.unknown()) == ([0] * 4, list(ASKED))
    assert books.accuracies() == ASKED_DOUBTED


def test_two_equal_tests_are_told_apart_by_a_purge(books: Books) -> None:
    books.upkeep.test(ASKED)
    books.dispenser.plan = ["silent_after"]
    books.upkeep.test(ASKED)
    assert books.dispenser.calls.count("purge") == 1
    assert books.rejected() == [4, 0, 2, 0]
    assert_balanced(books)


def test_an_old_test_is_not_counted_again_for_one_that_did_not_run(books: Books) -> None:
    """Neither the purge between two tests nor the second test reached the dispenser."""
    books.upkeep.test(ASKED)
    books.dispenser.purge_plan, books.dispenser.plan = ["nak"], ["nak"]
    with pytest.raises(LinkFault):
        books.upkeep.test(ASKED)
    assert books.rejected() == books.dispenser.rejected == [2, 0, 1, 0]


def test_a_test_that_certainly_did_not_run_misplaces_nothing(books: Books) -> None:
    books.dispenser.plan = ["refuse"]
    with pytest.raises(LinkFault):
        books.upkeep.test(ASKED)
    books.cashier.recover()
    assert books.unknown() == [0, 0, 0, 0]
    assert books.accuracies() == ["accurateSet"] * 4


def test_notes_are_not_moved_twice_on_paper_by_a_count_in_between(books: Books) -> None:
    """The test ran, power failed, a person counted the cassettes, and then the unit looked."""
    books.dispenser.plan = ["crash_after"]
    with pytest.raises(Crash):
        books.upkeep.test(ASKED)
    books.reopen()
    with books.store.transaction() as connection:
        storage.replenish(connection, VALUES, books.dispenser.cassettes)
    books.cashier.recover()
    assert [unit.present for unit in books.ledger.storage_units()] == books.dispenser.cassettes


def test_nothing_is_tested_while_a_payout_is_open(books: Books) -> None:
    books.ledger.intend("p", CUSTOMER, "s", 1000, (1, 0, 0, 0), PURGED)
    with pytest.raises(AssertionError, match="testing while a payout is open"):
        books.upkeep.test(ASKED)
    assert books.dispenser.calls == []


def test_nothing_is_counted_that_was_not_begun(books: Books) -> None:
    with pytest.raises(StoreFault, match="waits to be counted"):
        books.ledger.service.count(PURGED)
    books.upkeep.test(ASKED)
    with pytest.raises(StoreFault, match="waits to be counted"):
        books.ledger.service.count(None)
    assert_balanced(books)


def test_a_cassette_that_is_seen_away_is_not_paid_from_until_it_is_counted(books: Books) -> None:
    books.dispenser.taken_out = (1,)
    for _ in range(2):
        # It is written down when it is seen first, not at every look.
        books.cashier.recover()
    books.dispenser.taken_out = ()
    assert books.accuracies() == ["unknown", "accurateSet", "accurateSet", "accurateSet"]
    entry = books.journal.entries()[-1]
    assert (entry.event, entry.detail) == ("manipulated", {"positions": [1]})
    assert books.cashier.obstacle(CUSTOMER, 1000) == "not_dispensable"
    # Another way to make the amount is taken: not three of 50.00 and one of 10.00.
    assert books.pay(16_000).presented == (0, 3, 2, 0)
    assert books.events().count("manipulated") == 1


def test_a_cassette_taken_out_in_the_session_stops_the_payout_before_anything_is_held(
    books: Books,
) -> None:
    assert books.cashier.obstacle(CUSTOMER, 1000) is None
    books.dispenser.taken_out = (1, 4)
    with pytest.raises(LinkFault, match="no longer make this amount") as fault:
        books.pay(1000)
    assert "nothing was held or paid" in fault.value.hint
    assert (books.events(), books.ledger.open_payout()) == (["manipulated"], None)
    assert books.journal.entries()[0].detail == {"positions": [1]}
    assert books.balance_and_hold() == (BALANCE_CENTS, 0)
    assert books.dispenser.calls == ["last"]
