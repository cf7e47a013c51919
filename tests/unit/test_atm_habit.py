"""A right PIN that is tapped unlike its holder is asked once more, then pays up to a limit."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_atm.asking import PIN_ATTEMPTS
from edge_atm.errors import EdgeError, SealBroken, StoreFault
from edge_atm.policy.habit import ENTRIES_MIN, Heard
from edge_atm.records import Verdict, Way
from tests.unit.counter import KNOWN, PIN, Counter
from tests.unit.test_policy import Bank

ABOVE = 10_001
LIKE, UNLIKE = Heard(ENTRIES_MIN, 0.6), Heard(ENTRIES_MIN, -0.9)
SILENT, NEW = Heard(ENTRIES_MIN, math.nan), Heard(ENTRIES_MIN - 1, math.nan)
BY_PIN = Bank(card_pin_limit_cents=50_000)
TWICE = (PIN, PIN)


def by_pin(*heard: Heard, cents: int = 5000, pins: tuple[str, ...] = TWICE) -> Counter:
    return Counter(chosen=Way.PIN, cents=cents, bank=BY_PIN, pins=pins, heard_as=heard)


def by_face(*heard: Heard, pins: tuple[str, ...] = TWICE) -> Counter:
    return Counter(cents=ABOVE, pins=pins, heard_as=heard)


def judged(counter: Counter) -> list[object]:
    (entry,) = [e for e in counter.journal if e["event"] == "judged"]
    return [entry[name] for name in ("reason", "rhythm", "rhythm_llr_log10")]


@pytest.mark.parametrize(
    ("counter", "said"),
    [
        (by_pin(LIKE), ["card_pin", "alike", "0.60"]),
        (by_face(LIKE), ["matched_live_pin", "alike", "0.60"]),
        (by_pin(NEW), ["card_pin", "unknown", None]),
        (by_face(NEW), ["matched_live_pin", "unknown", None]),
    ],
)
def test_the_holder_notices_nothing(counter: Counter, said: list[object]) -> None:
    receipt = counter.serve()
    assert (receipt.verdict, receipt.paid_cents) == (Verdict.PAY, counter.cents)
    assert counter.named("check_pin") == [(PIN,)]
    assert ("pin_again",) not in counter.named("tell")
    assert judged(counter) == said
    # Learnt once the notes are out and the receipt is told.
    wanted = [("pay", "c1", "s1", counter.cents), ("tell", "receipt"), ("learn", "c1", 1)]
    assert counter.order(*wanted) == wanted


@pytest.mark.parametrize("counter", [by_pin(UNLIKE, LIKE), by_face(UNLIKE, LIKE)])
def test_a_second_entry_makes_the_first_one_good(counter: Counter) -> None:
    assert counter.serve().paid_cents == counter.cents
    assert len(counter.named("check_pin")) == 2
    assert counter.named("tell").count(("pin_again",)) == 1
    assert judged(counter)[1:] == ["alike_again", "-0.30"]
    assert counter.named("learn") == [("c1", 2)]


@pytest.mark.parametrize("heard", [(UNLIKE, UNLIKE), (UNLIKE, SILENT), (SILENT, LIKE)])
@pytest.mark.parametrize("make", [by_pin, by_face])
def test_unlike_twice_is_refused_above_the_limit(make, heard: tuple[Heard, Heard]) -> None:  # type: ignore[no-untyped-def]
    counter: Counter = make(*heard)
    receipt = counter.serve()
    assert (receipt.verdict, receipt.reason) == (Verdict.REFUSE, "above_strange_limit")
    assert counter.named("pay") == counter.named("learn") == counter.named("adapt") == []
    assert len(counter.named("pin")) == 2
    # Neither a wrong PIN nor a failed look: nothing is counted and nothing waits.
    assert ("wrong_pin",) not in counter.named("tell")
    assert counter.named("note_face") in ([], [(False,), (True,)])
    assert judged(counter)[1] == "unlike"


@pytest.mark.parametrize(
    ("counter", "limit_cents"),
    [
        (by_pin(UNLIKE, UNLIKE), 2000),
        # Up to there the face alone pays, and no PIN is asked.
        (by_face(UNLIKE, UNLIKE), 10_000),
        (replace(by_face(UNLIKE, UNLIKE), strange_limit_cents=10_000), 10_000),
    ],
)
def test_the_screen_says_what_would_be_paid(counter: Counter, limit_cents: int) -> None:
    counter.serve()
    assert counter.facts["lower_limit"] == {"limit_cents": limit_cents}


def test_where_nothing_would_be_paid_nothing_is_promised() -> None:
    counter = replace(by_pin(UNLIKE, UNLIKE), strange_limit_cents=0)
    assert counter.serve().reason == "above_strange_limit"
    assert "lower_limit" not in counter.facts


def test_up_to_the_limit_an_unlike_entry_pays_and_teaches_nothing() -> None:
    counter = by_pin(UNLIKE, UNLIKE, cents=2000)
    assert counter.serve().paid_cents == 2000
    assert judged(counter) == ["card_pin", "unlike", "-1.80"]
    assert counter.named("learn") == []
    face = replace(by_face(UNLIKE, UNLIKE), strange_limit_cents=50_000)
    assert face.serve().paid_cents == ABOVE
    # Somebody who has the PIN must not teach the unit his own face either.
    assert face.named("learn") == face.named("adapt") == []


@pytest.mark.parametrize("wrong", range(PIN_ATTEMPTS + 1))
def test_a_wrong_pin_at_the_second_asking_is_a_wrong_pin(wrong: int) -> None:
    counter = by_pin(UNLIKE, LIKE, pins=(PIN, *("0000",) * wrong, PIN))
    receipt = counter.serve()
    assert counter.named("tell").count(("wrong_pin",)) == wrong
    assert receipt.reason == ("card_pin" if wrong < PIN_ATTEMPTS else "wrong_pin")
    assert bool(counter.named("pay")) == (wrong < PIN_ATTEMPTS)
    assert len(counter.named("check_pin")) == min(wrong + 2, PIN_ATTEMPTS + 1)


def test_the_right_pin_has_ended_the_row_of_wrong_ones() -> None:
    tired = replace(KNOWN, pin_failures=2, pin_since_seconds=0.0)
    counter = replace(by_pin(UNLIKE, LIKE, pins=(PIN, "0000", PIN)), customer=tired)
    assert counter.serve().verdict is Verdict.PAY


def test_who_walks_away_at_the_second_asking_gets_nothing() -> None:
    counter = by_pin(UNLIKE, pins=(PIN,), cents=1000)
    assert counter.serve().reason == "wrong_pin"
    assert counter.named("pay") == counter.named("learn") == []
    assert judged(counter) == ["wrong_pin", "unlike", "-0.90"]


@pytest.mark.parametrize(
    "counter",
    [
        by_pin(LIKE, pins=("0000",) * 3),
        by_face(LIKE, pins=()),
        replace(by_pin(LIKE), presented_cents=0),
        replace(by_pin(LIKE), standing_against="insufficient_funds"),
        replace(by_face(LIKE), cents=5000),
        replace(by_pin(LIKE), customer=replace(KNOWN, pin_failures=50)),
    ],
    ids=["wrong", "left", "nothing dispensed", "no funds", "face alone", "locked"],
)
def test_only_a_right_pin_that_paid_is_learnt(counter: Counter) -> None:
    counter.serve()
    assert counter.named("learn") == []


@given(
    heard=st.tuples(*[st.builds(Heard, st.integers(0, 20), st.floats())] * 2),
    pins=st.lists(st.sampled_from([PIN, "0000"]), max_size=4).map(tuple),
    cents=st.sampled_from([1000, 5000, ABOVE, 50_001]),
    way=st.sampled_from([Way.FACE, Way.PIN]),
    limit=st.sampled_from([0, 2000, 50_000]),
)
def test_no_habit_ever_lifts_a_refusal(
    heard: tuple[Heard, Heard], pins: tuple[str, ...], cents: int, way: Way, limit: int
) -> None:
    bank = Bank(card_pin_limit_cents=5000)
    plain = Counter(chosen=way, cents=cents, bank=bank, pins=pins)
    judging = replace(
        plain,
        heard_as=heard,
        strange_limit_cents=limit,
        events=[],
        journal=[],
        facts={},
        samples=(),
        seen=0,
    )
    without, found = plain.serve(), judging.serve()
    assert found.paid_cents <= without.paid_cents
    assert without.verdict is Verdict.PAY or found.verdict is Verdict.REFUSE


@pytest.mark.parametrize("fault", [StoreFault("no room"), SealBroken("swapped")])
def test_what_fails_while_learning_costs_no_receipt(fault: EdgeError) -> None:
    counter = replace(by_pin(LIKE), broken={"learn": fault})
    assert counter.serve().paid_cents == 5000
    assert counter.journal[-1]["kind"] == type(fault).__name__


def test_a_habit_that_does_not_open_is_a_fault_of_the_unit() -> None:
    counter = replace(by_pin(LIKE), broken={"heard": SealBroken("swapped")})
    with pytest.raises(SealBroken):
        counter.serve()
    assert counter.named("pay") == []
    assert counter.journal[-1]["event"] == "fault"


def test_the_accounts_age_and_the_tapping_differ_in_the_journal_only() -> None:
    counter = by_pin(replace(LIKE, age_differs=True))
    assert counter.serve().paid_cents == 5000
    assert counter.journal[0]["age"] == "differs"
    assert counter.named("tell") == [("authorised",), ("receipt",)]
