"""The LFW protocol on made-up scores whose right answer is known."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_atm.assurance import resampling
from edge_atm.assurance.cache import Sample
from edge_atm.assurance.lfw import Pairs, Protocol, configurations, failures
from edge_atm.assurance.pairs import Pair
from edge_atm.assurance.rates import Scores
from edge_atm.records import Floats
from tests.unit.test_policy import unit

MEAN = np.zeros(512, dtype=np.float32)
# One fold: the scores of its same pairs and of its different pairs; NaN is a face not found.
Fold = tuple[Sequence[float], Sequence[float]]
CLEAR: Fold = ((0.9, 0.8), (0.2, 0.1))


def protocol(*folds: Fold) -> Protocol:
    rows = [
        (number, same, score)
        for number, scores in enumerate(folds, start=1)
        for same, group in zip((True, False), scores, strict=True)
        for score in group
    ]
    fold, same, scores = (np.array(column) for column in zip(*rows, strict=True))
    one = np.arange(len(rows))
    pairs = Pairs(fold, same, one, np.where(same, one, (one + 1) % len(rows)))
    return Protocol(pairs, np.stack([scores] * len(folds)))


def measured(*folds: Fold) -> dict[str, Any]:
    return protocol(*folds).figures()


def test_each_folds_threshold_comes_from_the_other_folds() -> None:
    # Each fold alone parts without a mistake, but not at the other's threshold: its own would
    # give 1.0, one of all pairs together .75.
    found = measured(((0.9, 0.9), (0.6, 0.6)), ((0.5, 0.5), (0.2, 0.2)))
    assert found["accuracy"] == 0.5
    assert (found["n_genuine"], found["n_impostor"]) == (4, 4)


def test_folds_are_averaged_and_their_spread_is_told() -> None:
    found = measured(CLEAR, CLEAR, ((0.9, 0.1), (0.2, 0.1)))
    assert found["accuracy"] == pytest.approx((1.0 + 1.0 + 0.75) / 3)
    assert found["accuracy_sd"] == pytest.approx(np.std([1.0, 1.0, 0.75], ddof=1))


def by_hand(scores: Scores, same: list[bool], fold: list[int], held_out: int) -> float:
    learnt = [i for i, f in enumerate(fold) if f != held_out and np.isfinite(scores[i])]
    tested = [i for i, f in enumerate(fold) if f == held_out]

    def right(chosen: list[int], at: float) -> list[bool]:
        return [bool((scores[i] >= at) == same[i] and np.isfinite(scores[i])) for i in chosen]

    rights = {scores[i]: sum(right(learnt, scores[i])) for i in learnt}
    best = [t for t, count in rights.items() if count == max(rights.values())]
    return float(np.mean(right(tested, float(np.mean(best)))))


rows = st.tuples(st.integers(-4, 4).map(lambda i: i / 4) | st.just(math.nan), st.booleans())


@settings(deadline=None, max_examples=50)
@given(st.lists(rows, min_size=4, max_size=30), st.integers(0, 9))
def test_accuracy_is_what_counting_by_hand_gives(
    drawn: list[tuple[float, bool]], seed: int
) -> None:
    # A threshold can be learnt in each fold; in eighths a mean on a score is on it in both sums.
    scores = np.array([0.125, 0.25, 0.125, 0.25] + [score for score, _ in drawn])
    same = [True, False, False, True] + [kind for _, kind in drawn]
    fold = [1, 1, 2, 2, *np.random.default_rng(seed).integers(1, 3, len(drawn)).tolist()]
    one = np.arange(len(fold))
    found = Protocol(Pairs(np.array(fold), np.array(same), one, one), np.stack([scores] * 2))
    expected = [by_hand(scores, same, fold, held_out) for held_out in (1, 2)]
    assert found.accuracies == pytest.approx(expected)


@pytest.mark.parametrize("where", ["same", "different"])
def test_a_pair_without_a_face_is_a_failure(where: str) -> None:
    # A lost face of two different people must not count as "told apart".
    lost = math.nan
    same, different = ((lost, 0.8), (0.2, 0.1)) if where == "same" else ((0.9, 0.8), (lost, 0.1))
    found = measured(CLEAR, (same, different))
    assert found["accuracy"] == pytest.approx((1.0 + 0.75) / 2)
    assert found["n_genuine"] + found["n_impostor"] == 7
    assert found["eer"] == 0.0


def test_pictures_and_pairs_without_a_face_are_counted_apart() -> None:
    none, face = Sample.lost_to("no_face"), Sample(np.zeros((2, 512), np.float32), 1.0)
    pairs = [Pair(("A", 1), ("A", 2), True, 1), Pair(("B", 1), ("A", 2), False, 2)]
    found = failures(pairs, {("A", 1): face, ("A", 2): none, ("B", 1): face})
    assert (found["pictures"], found["failed"], found["pairs_failed"]) == (3, 1, 2)
    assert found["fta"] == pytest.approx(1 / 3)
    assert found["reasons"] == {"no_face": 1}


def sample(vector: Floats, mirrored: Floats | None = None) -> Sample:
    return Sample(np.stack([vector, vector if mirrored is None else mirrored]), 1.0)


def test_the_mean_is_taken_from_both() -> None:
    # With the mean still in them the two strangers are by far the nearer pair.
    mean = unit(0.0, 0.0, 1.0) * np.float32(10.0)
    near, far = np.float32(5.0), np.float32(0.01)
    vectors = {
        ("ada", 1): mean + near * unit(1.0),
        ("ada", 2): mean + near * unit(0.9, 0.436),
        ("bob", 1): mean + far * unit(1.0),
        ("cy", 1): mean + far * unit(0.0, 1.0),
    }
    samples = {picture: sample(vector) for picture, vector in vectors.items()}
    pairs = [
        Pair(*found, fold)
        for fold in (1, 2)
        for found in (
            (("ada", 1), ("ada", 2), True), (("bob", 1), ("cy", 1), False)
        )
    ]  # fmt: skip
    found = configurations(pairs, samples, mean)
    assert found["one_crop_centred"].accuracies.tolist() == [1.0, 1.0]
    assert found["one_crop"].accuracies.tolist() == [0.5, 0.5]


def test_the_mirrored_way_takes_the_mean_of_the_other_folds_only() -> None:
    random = np.random.default_rng(5)
    names = [(f"p{i}", 1) for i in range(8)]
    samples = {
        n: sample(*(v / np.linalg.norm(v) for v in random.normal(size=(2, 512)).astype(np.float32)))
        for n in names
    }
    folds = [names[:4], names[4:]]
    pairs = [
        Pair(fold[a], fold[a + 1], a == 0, number)
        for number, fold in enumerate(folds, start=1)
        for a in (0, 2)
    ]

    def both(picture: tuple[str, int]) -> Floats:
        return np.concatenate(np.asarray(samples[picture].vectors))

    found = configurations(pairs, samples, MEAN)["mirrored_centred"]
    mean = np.mean([both(picture) for picture in folds[1]], axis=0)
    one, other = (both(picture) - mean for picture in folds[0][:2])
    expected = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
    assert found.own[0] == pytest.approx(float(expected), abs=1e-6)


@pytest.mark.parametrize("lost", ["ABCD", "BD", "C"])
def test_a_fold_with_nothing_to_learn_from_is_refused(lost: str) -> None:
    faces = {(n, 1): Sample.lost_to("no_face") if n in lost else sample(unit(1.0)) for n in "ABCD"}
    pairs = [
        Pair((one, 1), (other, 1), same, fold)
        for fold, one, stranger in ((1, "A", "B"), (2, "C", "D"))
        for other, same in ((one, True), (stranger, False))
    ]
    with pytest.raises(ValueError, match="too few pairs with two faces"):
        configurations(pairs, faces, MEAN)


def test_no_wrong_reject_is_no_rate_of_nought(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resampling, "RESAMPLES", 20)
    point = measured(*[((0.9,) * 10, np.linspace(0.1, 0.5, 150).tolist())] * 2)["tar_at_far"][0]
    assert (point["tar"], point["upper_95"]) == (1.0, 3 / 20)


def test_accepts_at_a_rate_need_enough_impostors_to_show_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resampling, "RESAMPLES", 20)

    def tars(impostors: int) -> list[Any]:
        half: Fold = ((0.9, 0.01), tuple(np.linspace(0.1, 0.5, impostors // 2)))
        return [point["tar"] for point in measured(half, half)["tar_at_far"]]

    assert tars(298) == [None, None]
    assert tars(300) == [0.5, None]
    assert tars(3000) == [0.5, 0.5]
    assert "n < 3/FAR" in measured(CLEAR, CLEAR)["tar_at_far"][0]["note"]


def test_every_rate_lies_within_its_interval() -> None:
    random = np.random.default_rng(2)
    folds = [(random.normal(0.6, 0.2, 200), random.normal(0, 0.2, 200)) for _ in range(2)]
    found = measured(*((tuple(a), tuple(b)) for a, b in folds))
    points = [(found["accuracy"], found["interval_95"])]
    points += [(p["tar"], p["interval_95"]) for p in found["tar_at_far"] if p["tar"] is not None]
    assert len(points) == 2
    for estimate, (low, high) in points:
        assert low < estimate < high
