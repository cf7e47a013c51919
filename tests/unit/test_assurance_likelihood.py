"""Cllr, isotonic regression and calibration error on systems whose answer is known."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_atm.assurance import likelihood
from edge_atm.assurance.likelihood import (
    calibration_error,
    cllr,
    cllr_min,
    costs,
    isotonic,
    percents,
    posteriors,
    quality_of_scores,
)  # fmt: skip
from edge_atm.assurance.rates import Scores
from edge_atm.policy import calibration

scores = st.lists(st.integers(-6, 6).map(lambda i: i / 6), min_size=1, max_size=30).map(np.array)


def test_a_perfect_system_costs_nothing_and_a_useless_one_a_bit() -> None:
    assert cllr(np.full(9, 40.0), np.full(5, -40.0)) == pytest.approx(0, abs=1e-12)
    assert cllr(np.zeros(9), np.zeros(5)) == 1.0
    assert cllr(np.full(9, -40.0), np.full(5, 40.0)) > 100
    assert cllr_min(np.array([0.8, 0.9]), np.array([0.1, 0.2, 0.3])) == 0.0
    assert cllr_min(np.array([0.5, 0.5]), np.array([0.5])) == pytest.approx(1.0)


@given(st.floats(-8, 8))
def test_the_cost_is_the_published_formula(llr: float) -> None:
    ratio = 10**llr
    assert costs(np.array(llr), True) == pytest.approx(math.log2(1 + 1 / ratio))
    assert costs(np.array(llr), False) == pytest.approx(math.log2(1 + ratio))


@given(scores, scores)
def test_pooled_blocks_rise_and_lose_nothing(
    genuine: Scores,
    impostor: Scores,
) -> None:
    blocks = isotonic(genuine, impostor)
    shares = blocks[0] / blocks.sum(axis=0)
    assert (np.diff(shares) > 0).all()
    assert blocks.sum(axis=1) == pytest.approx([0.5, 0.5])
    # Each block is a run of scores: its mass is that of everything between two cuts.
    cuts = np.cumsum(blocks, axis=1)
    ordered = np.unique(np.concatenate([genuine, impostor]))
    reached = {((genuine <= t).mean() / 2, (impostor <= t).mean() / 2) for t in ordered}
    for one, two in cuts.T:
        assert any(abs(one - a) + abs(two - b) < 1e-9 for a, b in reached)


@given(scores, scores, st.floats(0.1, 20), st.floats(-5, 5))
def test_nothing_of_the_same_order_is_better_than_the_minimum(
    genuine: Scores,
    impostor: Scores,
    slope: float,
    offset: float,
) -> None:
    least = cllr_min(genuine, impostor)
    assert 0 <= least <= 1 + 1e-12
    assert least <= cllr(slope * genuine + offset, slope * impostor + offset) + 1e-9
    # Only the order counts.
    assert cllr_min(np.exp(genuine), np.exp(impostor)) == pytest.approx(least)


def test_posteriors_that_keep_their_word_have_no_error() -> None:
    # Of 100 with .75 seventy-five are genuine, weighed alike because there are as many of both.
    genuine = np.concatenate([np.full(75, 0.75), np.full(25, 0.25)])
    impostor = np.concatenate([np.full(25, 0.75), np.full(75, 0.25)])
    error, bins = calibration_error(genuine, impostor)
    assert error == pytest.approx(0)
    assert [b["n"] for b in bins] == [100, 100]
    assert [b["confidence"] for b in bins] == pytest.approx([0.25, 0.75])


def test_a_boaster_is_found_out_however_many_strangers_there_are() -> None:
    genuine, impostor = np.full(10, 0.9), np.concatenate([np.full(500, 0.9), np.full(500, 0.1)])
    error, bins = calibration_error(genuine, impostor)
    # .75 of the mass says .9, of which two thirds are genuine; .25 says .1, and none is.
    assert error == pytest.approx(0.75 * (0.9 - 2 / 3) + 0.25 * 0.1)
    assert sum(b["n"] for b in bins) == 1010


def test_many_different_posteriors_fill_fifteen_bins_of_equal_mass() -> None:
    random = np.random.default_rng(1)
    _, bins = calibration_error(random.uniform(size=900), random.uniform(size=600))
    assert len(bins) == likelihood.BINS
    assert [b["mass"] for b in bins] == pytest.approx([1 / 15] * 15, abs=0.002)


def test_what_is_measured_is_what_the_unit_says() -> None:
    values = np.linspace(-1, 1, 201)
    ratios = likelihood.RELEASED.clipped(values)
    claimed = posteriors(ratios)
    for value, ratio, posterior, percent in zip(
        values, ratios, claimed, percents(claimed), strict=True
    ):
        assert ratio == pytest.approx(calibration.llr_log10(value))
        assert posterior == pytest.approx(calibration.posterior(ratio, likelihood.PRIOR))
        assert percent * 100 == pytest.approx(calibration.percent(posterior))
    found = quality_of_scores(values[120:], values[:130])
    whole, least = found["cllr"], found["cllr_min"]
    assert isinstance(whole, float)
    assert isinstance(least, float)
    assert found["cllr_cal"] == whole - least
