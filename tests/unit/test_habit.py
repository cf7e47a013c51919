"""What the way a PIN is tapped may change: one more question and a lower limit, nothing else."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_atm.policy.habit import (
    AGE_LOG_ODDS_MIN,
    ENTRIES_MIN,
    LLR_LOG10_MAX,
    LLR_LOG10_MIN,
    Heard,
    Rhythm,
    age_differs,
    evidence,
    limited,
    may_learn,
    rhythm,
    weight,
)
from edge_atm.records import Decision, Verdict

PAID = Decision(Verdict.PAY, "card_pin")
llrs = st.floats(allow_nan=True, allow_infinity=True)
decisions = st.sampled_from(
    [Decision(verdict, reason) for verdict in Verdict for reason in ("card_pin", "wrong_pin")]
)


def heard(llr_log10: float, entries: int = ENTRIES_MIN) -> Heard:
    return Heard(entries, llr_log10)


@given(st.integers(-3, 40))
def test_nothing_counts_until_enough_is_learnt_and_never_more_than_there_is(entries: int) -> None:
    assert 0 <= weight(entries) <= 1
    assert (weight(entries) > 0) == (entries >= ENTRIES_MIN)


@given(st.lists(st.builds(Heard, st.integers(0, ENTRIES_MIN - 1), llrs), min_size=1, max_size=2))
def test_before_that_no_tapping_is_unlike(entries: list[Heard]) -> None:
    assert rhythm(entries) is Rhythm.UNKNOWN
    assert evidence(entries) is None


@given(llrs)
def test_one_entry_is_unlike_below_the_limit_and_where_it_tells_nothing(llr_log10: float) -> None:
    found = rhythm([heard(llr_log10)])
    assert found is (Rhythm.ALIKE if llr_log10 >= LLR_LOG10_MIN else Rhythm.UNLIKE)
    assert (found is Rhythm.UNLIKE) == (math.isnan(llr_log10) or llr_log10 < LLR_LOG10_MIN)


@given(llrs, llrs)
def test_two_entries_add_up_and_none_says_more_than_ten_to_one(one: float, other: float) -> None:
    said = evidence([heard(one), heard(other)])
    assert said is not None
    if math.isnan(one) or math.isnan(other):
        assert math.isnan(said)
    else:
        held = [max(-LLR_LOG10_MAX, min(LLR_LOG10_MAX, llr)) for llr in (one, other)]
        assert said == pytest.approx(sum(held))
    unlike = rhythm([heard(one), heard(other)]) is Rhythm.UNLIKE
    assert unlike == (not said >= LLR_LOG10_MIN)


def test_an_interrupted_hand_is_made_good_by_the_second_entry() -> None:
    assert rhythm([heard(-30.0), heard(0.5)]) is Rhythm.ALIKE_AGAIN
    assert rhythm([heard(-30.0), heard(0.4)]) is Rhythm.UNLIKE


@given(decisions, st.sampled_from([None, *Rhythm]), st.integers(1, 60_000), st.integers(0, 60_000))
def test_the_habit_only_ever_lowers_what_is_paid(
    decision: Decision, found: Rhythm | None, cents: int, limit: int
) -> None:
    judged = limited(decision, found, cents, limit)
    if decision.verdict is Verdict.PAY and found is Rhythm.UNLIKE and cents > limit:
        assert judged == Decision(Verdict.REFUSE, "above_strange_limit")
    else:
        assert judged is decision


def test_a_limit_that_is_no_number_pays_nothing() -> None:
    judged = limited(PAID, Rhythm.UNLIKE, 1, math.nan)  # type: ignore[arg-type]
    assert judged.verdict is Verdict.REFUSE


def test_only_an_unlike_session_teaches_nothing() -> None:
    assert [found for found in (None, *Rhythm) if not may_learn(found)] == [Rhythm.UNLIKE]


@given(st.sampled_from([None, "under-50", "50-plus", "", "unheard-of"]), llrs)
def test_ages_differ_only_against_a_known_band_and_clearly(
    band: str | None, log_odds: float
) -> None:
    old = log_odds >= AGE_LOG_ODDS_MIN
    young = log_odds <= -AGE_LOG_ODDS_MIN
    assert age_differs(band, log_odds) == (
        (band == "under-50" and old) or (band == "50-plus" and young)
    )
