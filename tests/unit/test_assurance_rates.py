"""Rates and their resampling against brute force."""

import tracemalloc
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_atm.assurance import resampling
from edge_atm.assurance.rates import (
    Scores,
    above,
    equal_error_rate,
    measurable,
    not_measurable,
    rule_of_three,
    threshold_at,
)  # fmt: skip
from edge_atm.assurance.resampling import (
    RESAMPLES,
    Impostors,
    interval_95,
    resampled_counts,
    resampled_misses,
)  # fmt: skip

# Few values, so that ties are common.
values = st.lists(st.integers(-5, 5).map(lambda i: i / 5), min_size=1, max_size=40)
rates = st.sampled_from([0.01, 0.05, 0.1, 0.25, 0.5])


@given(values, rates)
def test_the_threshold_is_the_lowest_that_so_few_reach(scores: list[float], rate: float) -> None:
    impostor = np.array(scores)
    threshold = threshold_at(impostor, rate)
    assert (impostor >= threshold).mean() <= rate + 1e-12
    lower = [above(score) for score in {*scores, -9.0} if above(score) < threshold]
    assert all((impostor >= t).mean() > rate for t in lower)


@pytest.mark.parametrize(("count", "rate", "can"), [
    (2999, 1e-3, False), (3000, 1e-3, True), (29_999, 1e-4, False), (30_000, 1e-4, True),
    (300, 1e-2, True), (0, 1e-2, False),
])  # fmt: skip
def test_a_rate_needs_three_over_it(count: int, rate: float, can: bool) -> None:
    assert measurable(count, rate) is can
    assert not_measurable("FMR") == "not measurable: n < 3/FMR"


def test_no_error_among_few_people_says_little() -> None:
    assert rule_of_three(0, 45) == {"upper_95": pytest.approx(3 / 45)}
    assert rule_of_three(0, 2) == {"upper_95": 1.0}
    assert rule_of_three(1, 45) == {}


@given(values, values)
def test_the_equal_error_rate_is_where_both_are_nearest(one: list[float], two: list[float]) -> None:
    genuine, impostor = np.array(one), np.array(two)
    rate = equal_error_rate(genuine, impostor)
    pairs = [((genuine < t).mean(), (impostor >= t).mean()) for t in {*one, *two}]
    nearest = min(abs(fnmr - fmr) for fnmr, fmr in pairs)
    means = [(fnmr + fmr) / 2 for fnmr, fmr in pairs if abs(fnmr - fmr) <= nearest + 1e-12]
    assert min(abs(mean - rate) for mean in means) < 1e-12


def met(people: int, seed: int) -> Impostors:
    random = np.random.default_rng(seed)
    left, right = (np.array(side) for side in zip(
        *[(i, j) for i in range(people) for j in range(people) if i != j] * 3, strict=True
    ))  # fmt: skip
    return Impostors(np.round(random.normal(size=len(left)), 1), left, right)


def repeated(impostors: Impostors, count: Scores) -> Scores:
    right = impostors.left if impostors.right is None else impostors.right
    times = count[impostors.left] * (1 if impostors.right is None else count[right])
    return np.repeat(impostors.scores, times.astype(int))


@settings(max_examples=20, deadline=None)
@given(st.integers(3, 6), st.integers(0, 99), rates, st.booleans())
def test_a_resample_is_its_comparisons_written_out(
    people: int, seed: int, rate: float, alone: bool
) -> None:
    found = met(people, seed)
    impostors = Impostors(found.scores, found.left, None if alone else found.right)
    random = np.random.default_rng(seed)
    counts = random.integers(0, 3, (8, people)).astype(float)
    counts[:, :2] += 1
    thresholds = impostors.thresholds(counts, rate)
    means = impostors.mean(counts, impostors.scores)
    for count, threshold, mean in zip(counts, thresholds, means, strict=True):
        written = repeated(impostors, count)
        assert threshold == threshold_at(written, rate)
        assert mean == pytest.approx(written.mean())


@pytest.mark.parametrize("table_max", [0, 10**9], ids=["one by one", "table"])
def test_large_folders_are_weighed_in_bounded_memory(
    table_max: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(6)
    left, right = random.integers(0, 150, 20_000), random.integers(0, 150, 20_000)
    impostors = Impostors(random.normal(size=20_000), left, right)
    counts = resampled_counts(150)
    monkeypatch.setattr(resampling, "_TABLE_MAX", table_max)
    monkeypatch.setattr(resampling, "_WEIGHTS_MAX", 1_000_000)
    tracemalloc.start()
    found = impostors.mean(counts, impostors.scores)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # All weights at once are 160 MB.
    assert peak_bytes < 40e6
    weights = counts[7, left] * counts[7, right]
    assert found[7] == pytest.approx(np.average(impostors.scores, weights=weights))


def test_no_resample_at_all_gives_no_interval() -> None:
    with pytest.raises(ValueError, match="so few people"):
        interval_95(0.5, np.array([np.nan]))


def test_a_resample_that_reaches_far_down_is_followed() -> None:
    # All high scores are of two people; a resample without them needs the low ones.
    scores = np.concatenate([np.full(5000, 0.9), np.linspace(0, 0.5, 5000)])
    left = np.repeat([0, 1], 5000)
    found = Impostors(scores, left, None).thresholds(np.array([[1.0, 1.0], [0.0, 1.0]]), 1e-2)
    assert found[0] > 0.9
    assert found[1] == threshold_at(scores[5000:], 1e-2)


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 3)), min_size=4, max_size=30))
def test_misses_are_counted_by_person(drawn: Sequence[tuple[float, int]]) -> None:
    scores = np.array([score for score, _ in drawn])
    person = np.array([who for _, who in drawn])
    counts = np.array([[1.0, 1, 1, 1], [2, 1, 0, 1]])
    thresholds = np.array([0.5, 0.25])
    found = resampled_misses(scores, person, counts, thresholds)
    for count, threshold, share in zip(counts, thresholds, found, strict=True):
        weights = count[person]
        if weights.sum():
            assert share == pytest.approx(((scores < threshold) * weights).sum() / weights.sum())


def test_each_stratum_keeps_its_size() -> None:
    counts = resampled_counts(5, 0, 7)
    assert counts.shape == (RESAMPLES, 12)
    assert (counts[:, :5].sum(axis=1) == 5).all()
    assert (counts[:, 5:].sum(axis=1) == 7).all()
    assert len(np.unique(counts, axis=0)) > RESAMPLES / 2


@given(st.lists(st.floats(0, 1), min_size=2, max_size=50), st.floats(0, 1))
def test_an_interval_holds_its_estimate(resampled: list[float], estimate: float) -> None:
    low, high = interval_95(estimate, np.array([*resampled, np.nan]))
    assert low <= estimate <= high
    assert min(low, estimate) >= min(*resampled, estimate)


def test_the_interval_is_as_wide_as_the_people_say() -> None:
    # Ten comparisons each of forty people who always or never miss: people count, not comparisons.
    person = np.repeat(np.arange(40), 10)
    scores = np.repeat(np.tile([0.0, 1.0], 20), 10)
    counts = resampled_counts(40)
    misses = resampled_misses(scores, person, counts, np.full(len(counts), 0.5))
    low, high = interval_95(0.5, misses)
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt(0.25 / 40), rel=0.15)
