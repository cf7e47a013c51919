"""Unlinkability: the estimator on known scores, and that rows without a real secret are found."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_atm.assurance import linkage, protection, resampling
from edge_atm.assurance.linkage import Linked, d_sys, linkability
from edge_atm.assurance.rates import Scores
from edge_atm.assurance.resampling import resampled_counts
from edge_atm.records import Floats
from edge_atm.vault import rotation
from tests.unit.test_assurance_sessions import crowd

counted = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=20)
WHOLE = np.ones((1, 10))


@given(counted.filter(lambda bins: all(map(sum, zip(*bins, strict=True)))))
def test_it_is_the_published_formula(bins: list[tuple[int, int]]) -> None:
    one, other = (np.array(side) / sum(side) for side in zip(*bins, strict=True))
    expected = 0.0
    for p, q in zip(one, other, strict=True):
        ratio = p / q if q else np.inf
        if ratio > 1:
            expected += p * (1.0 if q == 0 else 2 * ratio / (1 + ratio) - 1)
    assert d_sys(one, other) == pytest.approx(expected)


def normal(mated_mean: float, count: int = 20_000) -> Linked:
    random = np.random.default_rng(8)
    person = np.arange(count) % 10
    return Linked(random.normal(mated_mean, 1, count), person, random.normal(0, 1, 5 * count))


@pytest.mark.parametrize("shift", [0.0, 1.0, 2.0, 20.0])
def test_known_scores_give_the_known_value(shift: float) -> None:
    s = np.linspace(-12, 40, 20_000)
    mated = np.exp(-((s - shift) ** 2) / 2) / np.sqrt(2 * np.pi)
    # For two normal distributions of variance 1 the ratio is exp(shift (s - shift / 2)).
    linked = np.maximum(0, np.tanh(shift * (s - shift / 2) / 2))
    expected = float((linked * mated).sum() * (s[1] - s[0]))
    scores = normal(shift)
    assert scores.resampled(WHOLE)[0] == pytest.approx(expected, abs=0.025)
    assert 0.01 < scores.floors(WHOLE)[0] < 0.03
    if not shift:
        assert scores.resampled(WHOLE)[0] == pytest.approx(scores.floors(WHOLE)[0], abs=0.005)


def test_every_bin_holds_enough_and_too_few_scores_are_refused() -> None:
    assert (normal(1.0).bins, normal(1.0, 70).bins) == (100, 3)
    with pytest.raises(ValueError, match="19 mated comparisons, and 20 are needed"):
        normal(1.0, 19).resampled(WHOLE)


def test_only_resampled_people_count() -> None:
    # One person's rows are linked, the others' are not.
    scores = normal(0.0)
    mated = np.where(scores.person == 3, scores.mated + 20, scores.mated)
    linked = Linked(mated, scores.person, scores.non_mated)
    alone, without = np.eye(10)[[3]], 1 - np.eye(10)[[3]]
    assert linked.resampled(alone)[0] == pytest.approx(1.0)
    assert linked.resampled(without)[0] < 0.05
    assert resampled_counts(10).shape[1] == WHOLE.shape[1]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resampling, "RESAMPLES", 20)
    monkeypatch.setattr(linkage, "SPLITS", 10)


def figures() -> dict[str, Any]:
    people = crowd("a", 10, 8, noise=0.5)
    vectors = np.array([photo.vector for photos in people.values() for photo in photos])
    found: dict[str, Any] = linkability(vectors, np.repeat(np.arange(10), 8))
    return found


def test_rows_under_two_keys_are_not_linked_and_under_one_they_are() -> None:
    found = figures()
    for which in ("two_keys", "rekeyed"):
        assert found[which]["excess"] <= 0.02
        low, high = found[which]["excess_interval_95"]
        assert low <= found[which]["excess"] <= high
    assert found["one_key"]["d_sys"] >= 0.9
    sizes = [found[which]["n_mated"] for which in ("two_keys", "rekeyed", "one_key")]
    assert sizes == [10 * 28 * linkage.KEY_DRAWS, 80 * linkage.KEY_DRAWS, 10 * 28]


def unturned(vectors: Floats, _signs: Floats) -> Floats:
    return vectors


def barely_turned(vectors: Floats, signs: Floats) -> Floats:
    # Secret signs of the first round alone, and only of every fourth part.
    return np.where(np.arange(512) % 4 == 0, vectors * signs[:, 0], vectors)


def same_key(_random: object, count: int) -> Floats:
    return np.ones((count, 3, 512), np.float32)


@pytest.mark.parametrize(
    ("module", "name", "broken"),
    [
        (rotation, "rotate", unturned),
        (rotation, "rotate", barely_turned),
        (linkage, "new_keys", same_key),
    ],
    ids=["no rotation", "weak rotation", "one key for all"],
)
def test_a_broken_rotation_is_found(
    module: object, name: str, broken: Callable[..., Floats], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, name, broken)
    found = figures()
    assert found["two_keys"]["excess"] > 0.5
    assert found["rekeyed"]["excess"] > 0.5


def test_large_folders_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linkage, "PHOTOS_MAX", 40)
    monkeypatch.setattr(linkage, "NON_MATED_MAX", 1000)
    found = figures()
    assert found["rekeyed"]["n_mated"] == 40 * linkage.KEY_DRAWS
    assert found["two_keys"]["n_non_mated"] <= 1000


def test_rows_are_the_vaults_and_each_has_a_key_of_its_own() -> None:
    vectors = np.repeat(next(iter(crowd("a", 1, 1).values()))[0].vector[None], 3, axis=0)
    keys = protection.new_keys(np.random.default_rng(1), 3)
    rows = protection.stored(vectors, keys)
    assert np.abs(rows @ rows.T - np.eye(3)).max() < 0.25
    whole: Scores = np.round(rows / np.abs(rows).max(axis=1, keepdims=True) * rotation.INT8_MAX)
    assert (whole == rotation.to_int8(rotation.rotate(vectors, keys))).all()
