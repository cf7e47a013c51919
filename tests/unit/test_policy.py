"""Judgement: only proof pays, and a percentage means something."""

import math
from dataclasses import dataclass, fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_atm.policy import calibration, decision
from edge_atm.policy.decision import MATCH_FRAMES_MIN, decide
from edge_atm.policy.match import AGREEMENT_MIN, agreement, cosine, fuse, match
from edge_atm.records import Embedding, Floats, Liveness, Match, Verdict

SPACE = "model-a"
ANY_FLOAT = st.floats(allow_nan=True, allow_infinity=True)


@dataclass(frozen=True)
class Bank:
    amount_cents_max: int = 50_000
    face_only_limit_cents: int = 10_000
    card_pin_limit_cents: int = 0
    prior_genuine: float = 0.99
    posterior_min: float = 0.95
    failed_looks_per_hour_max: int = 30
    wrong_pins_per_hour_max: int = 20


LIVE = Liveness(0.9, 0.8, 0.5, 0.5, 0.5, 0.9, None)
CUES = [f.name for f in fields(Liveness) if f.name != "fault"]
GOOD = Match("c", 0.8, 3.0, 0.999, 6)


def unit(*values: float) -> Floats:
    vector = np.zeros(512, dtype=np.float32)
    vector[: len(values)] = values
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


def embedding(*values: float, space: str = SPACE) -> Embedding:
    return Embedding(unit(*values), space)


def test_face_pays_below_the_limit_and_the_pin_is_asked_above() -> None:
    assert decide(10_000, LIVE, GOOD, None, Bank()).verdict is Verdict.PAY
    assert decide(10_001, LIVE, GOOD, None, Bank()).verdict is Verdict.ASK_PIN
    assert decide(10_001, LIVE, GOOD, True, Bank()).verdict is Verdict.PAY
    assert decide(10_001, LIVE, GOOD, False, Bank()).reason == "wrong_pin"
    assert decide(1_000, LIVE, GOOD, False, Bank()).verdict is Verdict.REFUSE


@pytest.mark.parametrize("amount_cents", [0, -1, 50_001])
def test_amounts_out_of_range_are_refused(amount_cents: int) -> None:
    assert decide(amount_cents, LIVE, GOOD, True, Bank()).reason == "amount_out_of_range"


@given(st.sampled_from(CUES), ANY_FLOAT)
def test_each_cue_must_hold_by_itself(cue: str, value: float) -> None:
    least = getattr(decision, f"{cue.upper()}_MIN")
    liveness = replace(LIVE, **{cue: value})  # type: ignore[arg-type]
    paid = decide(1000, liveness, GOOD, True, Bank()).verdict is Verdict.PAY
    assert paid == (value >= least)


@pytest.mark.parametrize("fault", ["not_finished", "", "unheard_of"])
def test_a_look_with_a_fault_is_not_live(fault: str) -> None:
    assert decide(1000, replace(LIVE, fault=fault), GOOD, True, Bank()).reason == "not_live"
    assert decide(1000, None, GOOD, True, Bank()).reason == "not_live"


@given(ANY_FLOAT, ANY_FLOAT, st.integers(0, 10))
def test_only_enough_frames_that_fit_are_a_match(
    score: float, posterior: float, frames: int
) -> None:
    found = Match("c", score, 3.0, posterior, frames)
    fits = (
        frames >= MATCH_FRAMES_MIN
        and score >= calibration.SCORE_MIN
        and posterior >= Bank().posterior_min
    )
    assert (decide(1000, LIVE, found, True, Bank()).verdict is Verdict.PAY) == fits
    assert decide(1000, LIVE, None, True, Bank()).reason == "no_match"


def test_match_compares_means_and_shows_a_percentage() -> None:
    mean = np.zeros(512, dtype=np.float32)
    template, probe = embedding(1.0), [embedding(1.0, 0.1), embedding(1.0, -0.1)]
    found = match("c", template, probe, mean, 0.5)
    assert found is not None
    assert found.score == pytest.approx(1.0)
    assert (found.frames, calibration.percent(found.posterior)) == (2, 99)
    assert match("c", template, [], mean, 0.5) is None


def test_another_model_or_a_dead_vector_never_scores() -> None:
    mean = np.zeros(512, dtype=np.float32)
    assert math.isnan(cosine(embedding(1.0), embedding(1.0, space="model-b"), mean))
    assert math.isnan(cosine(embedding(1.0), embedding(1.0), unit(1.0)))
    with pytest.raises(ValueError, match="2 model spaces"):
        fuse([embedding(1.0), embedding(1.0, space="model-b")])


def test_frames_of_two_people_disagree() -> None:
    mean = np.zeros(512, dtype=np.float32)
    one, other = embedding(1.0), embedding(0.0, 1.0)
    assert agreement([one] * 3, mean) == pytest.approx(1.0)
    # Half of each: every frame is near their mean, which is why pairs are compared.
    for frames in ([one] * 3 + [other], [one] * 4 + [other] * 4, [other, one, one, one]):
        assert agreement(frames, mean) == pytest.approx(0.0)
        assert match("c", fuse(frames), frames, mean, 0.99) is None


def test_agreement_is_of_the_two_frames_that_differ_most() -> None:
    mean = unit(0.0, 0.0, 0.1)
    frames = [embedding(1.0), embedding(1.0, 0.2), embedding(1.0, -0.9), embedding(1.0, 0.5)]
    lowest = min(cosine(a, b, mean) for a in frames for b in frames if a is not b)
    assert agreement(frames, mean) == lowest == cosine(frames[2], frames[3], mean)


@pytest.mark.parametrize("weight", [1e-300, 1e-9, 0.2, 1.0])
@pytest.mark.parametrize("place", [0, 4, 7])
def test_one_foreign_frame_among_eight_refuses_whatever_its_weight(
    weight: float, place: int
) -> None:
    mean = np.zeros(512, dtype=np.float32)
    frames = [embedding(1.0, 0.01 * i) for i in range(7)]
    assert match("c", embedding(1.0), frames, mean, 0.99) is not None
    frames.insert(place, replace(embedding(0.5, 0.87), quality=weight))
    assert match("c", embedding(1.0), frames, mean, 0.99) is None


def test_a_mean_is_weighted_by_quality() -> None:
    one, other = embedding(1.0), embedding(0.0, 1.0)
    np.testing.assert_allclose(fuse([one, other]).vector, unit(1.0, 1.0), atol=1e-7)
    weighted = fuse([replace(one, quality=0.9), replace(other, quality=0.3)])
    np.testing.assert_allclose(weighted.vector, unit(3.0, 1.0), atol=1e-7)
    assert weighted.vector.dtype == np.float32
    huge = [replace(e, quality=1.7e308) for e in (one, other)]
    np.testing.assert_allclose(fuse(huge).vector, unit(1.0, 1.0), atol=1e-7)


@pytest.mark.parametrize("weight", [0.0, -0.5, math.nan, math.inf, -math.inf])
def test_what_is_no_weight_is_not_fused(weight: float) -> None:
    mean = np.zeros(512, dtype=np.float32)
    frames = [embedding(1.0), embedding(1.0), replace(embedding(1.0), quality=weight)]
    with pytest.raises(ValueError, match="above 0"):
        fuse(frames)
    assert math.isnan(agreement(frames, mean))
    assert match("c", embedding(1.0), frames, mean, 0.99) is None


@pytest.mark.parametrize(
    "frames",
    [
        [],
        [embedding(1.0)],
        [embedding(1.0), embedding(1.0, space="model-b")],
        [embedding(math.nan), embedding(1.0), embedding(1.0)],
        [embedding(1.0), embedding(1.0), embedding(math.nan)],
    ],
)
def test_frames_that_cannot_be_compared_agree_to_nothing(frames: list[Embedding]) -> None:
    mean = np.zeros(512, dtype=np.float32)
    assert math.isnan(agreement(frames, mean))
    assert match("c", embedding(1.0), frames, mean, 0.99) is None


@pytest.mark.parametrize(("away", "same"), [(0.001, True), (-0.001, False)])
def test_frames_agree_from_the_limit_on(away: float, same: bool) -> None:
    mean = np.zeros(512, dtype=np.float32)
    near = AGREEMENT_MIN + away
    frames = [embedding(1.0), embedding(near, math.sqrt(1 - near**2))]
    assert (match("c", embedding(1.0), frames, mean, 0.5) is not None) == same


@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(0.01, 0.99))
def test_probability_grows_with_the_score_and_stays_one(
    one: float, other: float, prior: float
) -> None:
    low, high = sorted((one, other))
    posteriors = [calibration.posterior(calibration.llr_log10(s), prior) for s in (low, high)]
    assert 0.0 <= posteriors[0] <= posteriors[1] <= 1.0
    assert 0 <= calibration.percent(posteriors[1]) <= 99


@pytest.mark.parametrize(("posterior", "percent"), [(0.0, 0), (0.959, 95), (0.9999, 99), (1.0, 99)])
def test_the_screen_never_promises_more_than_is_known(posterior: float, percent: int) -> None:
    assert calibration.percent(posterior) == percent


def test_evidence_is_never_more_than_the_data_carry() -> None:
    assert calibration.llr_log10(1.0) <= calibration.LLR_LOG10_MAX
    assert calibration.llr_log10(1.0) == -calibration.llr_log10(-1.0)
    assert math.isnan(calibration.posterior(calibration.llr_log10(math.nan), 0.5))
    assert calibration.posterior(0.0, 0.25) == pytest.approx(0.25)
