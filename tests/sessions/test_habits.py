"""Who taps the right PIN unlike its holder, at a whole unit with the models that ship."""

from collections.abc import Iterator

import pytest

from edge_atm.records import Verdict
from edge_atm.taps import Entry
from edge_atm.touch.habit import Habits
from tests.rig.bench import CARD_A, PIN_A, Bench
from tests.rig.customer import Customer
from tests.rig.tapping import HOLDER, LIMIT_CENTS, STRANGER, come, learn, tapped, touch_on
from tests.sessions.conftest import Site
from tests.sessions.test_nothing_left import traces

pytestmark = pytest.mark.slow


@pytest.fixture
def at(site: Site) -> Iterator[Bench]:
    """The unit with touch habits on, and card number and PIN as a way."""
    unit = site.at.unit
    who = unit.customers.claim(CARD_A).customer_id
    yield touch_on(site.at)
    with unit.store.transaction() as connection:
        unit.habits.revoke(connection, who, leaked=False)


@pytest.fixture
def learnt(at: Bench) -> Bench:
    """… that has learnt how the holder taps."""
    learn(at)
    return at


def ended(customer: Customer) -> tuple[Verdict, str, int]:
    receipt = customer.receipt
    assert receipt is not None
    return receipt.verdict, receipt.reason, receipt.paid_cents


def said(at: Bench, event: str, *fields: str) -> list[list[object]]:
    entries = [e.detail for e in at.unit.journal.entries() if e.event == event]
    return [[detail[name] for name in fields] for detail in entries]


def test_the_holder_is_learnt_and_notices_nothing(learnt: Bench) -> None:
    assert [n for (n,) in said(learnt, "habit_learnt", "entries")][-5:] == [1, 2, 3, 4, 5]
    customer = come(learnt, 5000, tapped(HOLDER, 9))
    assert ended(customer) == (Verdict.PAY, "card_pin", 5000)
    assert "pin_again" not in customer.told
    assert said(learnt, "judged", "rhythm")[-6:] == [["unknown"]] * 5 + [["alike"]]


def test_a_stranger_with_the_pin_gets_the_lower_limit_and_locks_nothing(learnt: Bench) -> None:
    known = len(said(learnt, "habit_learnt"))
    customer = come(learnt, 5000, tapped(STRANGER, 1), tapped(STRANGER, 2))
    assert ended(customer) == (Verdict.REFUSE, "above_strange_limit", 0)
    assert customer.told == ["pin_again", "lower_limit", "receipt"]
    customer = come(learnt, LIMIT_CENTS, tapped(STRANGER, 3), tapped(STRANGER, 4))
    assert ended(customer) == (Verdict.PAY, "card_pin", LIMIT_CENTS)
    claimed = learnt.unit.customers.claim(CARD_A)
    assert (claimed.pin_failures, claimed.face_failures) == (0, 0)
    assert len(said(learnt, "habit_learnt")) == known
    # The holder is paid as before.
    assert ended(come(learnt, 5000, tapped(HOLDER, 5)))[2] == 5000


def test_a_second_entry_like_the_holder_makes_it_good(learnt: Bench) -> None:
    customer = come(learnt, 5000, tapped(STRANGER, 1), tapped(HOLDER, 2))
    paid = ended(customer)[0] is Verdict.PAY
    ((rhythm, llr),) = said(learnt, "judged", "rhythm", "rhythm_llr_log10")[-1:]
    assert (paid, rhythm) == (float(str(llr)) >= -0.5, "alike_again" if paid else "unlike")


def test_a_pad_that_tells_no_taps_is_no_way_round(learnt: Bench) -> None:
    assert ended(come(learnt, 5000, Entry(PIN_A), Entry(PIN_A)))[1] == "above_strange_limit"


def test_nobody_is_learnt_who_has_not_agreed(at: Bench) -> None:
    who = at.unit.customers.claim(CARD_A).customer_id
    with at.unit.store.transaction() as connection:
        connection.execute("UPDATE customers SET touch_agreed = 0 WHERE customer_id = ?", (who,))
    before = len(said(at, "habit_learnt"))
    for seed in range(6):
        assert ended(come(at, 1000, tapped(STRANGER, seed)))[2] == 1000
    assert len(said(at, "habit_learnt")) == before


def test_no_file_holds_what_was_told(site: Site, learnt: Bench) -> None:
    habit = Habits(learnt.unit.models).embed(tapped(HOLDER, 0))
    assert habit is not None
    who = learnt.unit.customers.claim(CARD_A).customer_id
    with learnt.unit.habits.opened(who, Habits(learnt.unit.models).habit_id) as kept:
        # The control: that is what is kept, sealed.
        assert habit.tobytes() in kept.tobytes()
    assert not any(habit.tobytes() in content for _, content in traces(site))
