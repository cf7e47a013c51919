"""The two-covariance model against what it is defined by, and against what it must not learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_atm.touch import plda
from edge_atm.touch.features import Doubles
from edge_atm.touch.plda import evidence, fit, llr, llr_of_kept

BETWEEN = np.array([2.0, 0.5, 0.1])
vectors = st.lists(st.floats(-4, 4), min_size=3, max_size=3).map(np.array)


def log_normal(at: Doubles, covariance: Doubles) -> float:
    _, determinant = np.linalg.slogdet(covariance)
    return float(-0.5 * (at @ np.linalg.solve(covariance, at) + determinant))


@given(vectors, vectors, st.integers(1, 20))
def test_llr_is_the_ratio_of_the_joint_densities(mean: Doubles, probe: Doubles, n: int) -> None:
    wanted = 0.0
    for m, p, b in zip(mean, probe, BETWEEN, strict=True):
        # One user: mean and entry share his centre; two: they share nothing.
        alone = np.diag([b + 1 / n, b + 1])
        wanted += log_normal(np.array([m, p]), alone + b * (1 - np.eye(2)))
        wanted -= log_normal(np.array([m, p]), alone)
    assert llr(mean, n, probe[None], BETWEEN)[0] == pytest.approx(wanted, abs=1e-9)


def test_many_means_and_probes_are_all_pairs() -> None:
    random = np.random.default_rng(1)
    means, probes = random.normal(size=(4, 3)), random.normal(size=(5, 3))
    table = llr(means, 5, probes, BETWEEN)
    assert table.shape == (4, 5)
    assert table[2, 3] == pytest.approx(llr(means[2], 5, probes[3:4], BETWEEN)[0])


def test_no_between_variance_says_nothing() -> None:
    assert llr(np.ones(2), 5, np.ones((1, 2)), np.zeros(2)) == pytest.approx([0.0])


def test_firm_belief_in_one_spread_gives_the_normal_ratio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plda, "FREEDOM", 10**9)
    random = np.random.default_rng(2)
    kept, probe = random.normal(size=(5, 3)), random.normal(size=(4, 3))
    wanted = llr(kept.mean(axis=0), 5, probe, BETWEEN)
    assert llr_of_kept(kept, probe, BETWEEN) == pytest.approx(wanted, abs=1e-5)


def test_who_types_evenly_must_go_on_so() -> None:
    spread = np.array([[1.0, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]])
    off = np.array([[4.0, 0, 0]])
    even, uneven = (llr_of_kept(width * spread, off, BETWEEN)[0] for width in (0.1, 1.5))
    assert even < uneven


@given(vectors, st.integers(1, 20))
def test_not_finite_is_never_evidence(probe: Doubles, n: int) -> None:
    broken = np.append(probe[:2], np.nan)[None]
    assert np.isnan(llr(probe, n, broken, BETWEEN)).all()
    assert np.isnan(llr_of_kept(np.tile(probe, (n, 1)), broken, BETWEEN)).all()


def people(users: int, entries: int, seed: int = 3) -> tuple[Doubles, Doubles]:
    """Users who differ along one direction of four, by 3 standard deviations."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(users, 1)) * np.array([3.0, 3, 0, 0])
    features = np.repeat(centres, entries, axis=0) + random.normal(size=(users * entries, 4))
    return features, np.repeat(np.arange(float(users)), entries)


def test_fit_finds_where_users_differ_and_scales_it() -> None:
    features, users = people(200, 10)
    model = fit(features, users)
    habits = model.habits(features)
    assert len(model.between) <= 2
    assert model.between[0] > 10
    means = np.stack([habits[users == user].mean(axis=0) for user in range(200)])
    within = habits - means[users.astype(int)]
    assert within.std(axis=0) == pytest.approx(np.ones(habits.shape[1]), abs=0.1)
    assert means.mean(axis=0) == pytest.approx(np.zeros(habits.shape[1]), abs=1e-9)


def test_users_never_seen_are_told_apart() -> None:
    model = fit(*people(100, 6))
    features, _ = people(30, 6, seed=4)
    habits = model.habits(features).reshape(30, 6, -1)
    scores = llr(habits[:, :5].mean(axis=1), 5, habits[:, 5], model.between)
    own = np.eye(30, dtype=bool)
    assert np.median(scores[own]) > 1
    assert np.median(scores[~own]) < -1


def test_what_only_the_pins_differ_in_is_no_evidence() -> None:
    random = np.random.default_rng(5)
    users, pins = np.repeat(np.arange(40), 20), np.tile(np.repeat(np.arange(4), 5), 40)
    features = random.normal(size=(800, 2))
    features[:, 1] += 10 * pins
    assert fit(features, users, pins).between.max(initial=0) < 0.2


def test_given_columns_are_taken_out() -> None:
    random = np.random.default_rng(6)
    asked = random.normal(size=(50, 1)).repeat(8, axis=0)
    features = np.concatenate([asked + 0.1 * random.normal(size=(400, 1)), asked], axis=1)
    users = np.repeat(np.arange(50), 8)
    assert fit(features, users).between.max() > 5
    assert fit(features, users, given=1).between.max(initial=0) < 0.2


def test_one_pause_weighs_no_more_than_a_bound() -> None:
    features, users = people(50, 6)
    model = fit(features, users)
    features[0, 0] = 1e3
    late = model.habits(features)[0]
    features[0, 0] = 1e9
    assert model.habits(features)[0] == pytest.approx(late)


@pytest.mark.parametrize("users", [[0, 0, 1, 1], [0, 1, 2, 3]])
def test_too_few_users_or_entries_are_refused(users: list[int]) -> None:
    with pytest.raises(ValueError, match="Three users"):
        fit(np.random.default_rng(7).normal(size=(4, 2)), np.array(users))
    with pytest.raises(ValueError, match="finite"):
        fit(np.full((6, 2), np.nan), np.array([0, 0, 1, 1, 2, 2]))


def test_evidence_is_values_means_and_deviations() -> None:
    taps = np.array([[[0, 1], [2, 3], [4, 5]]], dtype=np.float32)
    found = evidence(taps)[0].tolist()
    assert found == pytest.approx([2, 4, 3, 1, 1, 3, 5, 3, np.sqrt(8 / 3)])
    assert evidence(taps[:, :, :1]).shape == (1, 4)
