"""Who is tried against whom in the touch trial, its EERs, and how the best is chosen."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_atm.assurance import resampling
from edge_atm.assurance.rates import equal_error_rate
from edge_atm.assurance.touch_design import FIRST, Choice, Design, designs, first_five, spread_five
from edge_atm.assurance.touch_eer import eer_of, figures, own_eers, tried
from edge_atm.assurance.touch_models import by_cosine, by_manhattan, by_plda, by_structure
from edge_atm.assurance.touch_trial import Row, with_best

USERS = np.repeat([f"u{n}" for n in range(10)], 8)
FOLD = np.repeat(np.arange(10) % 5, 8)
EVERY = np.ones(len(USERS), dtype=np.bool_)
NONE = np.full(len(USERS), "")


@pytest.fixture(autouse=True)
def _few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resampling, "RESAMPLES", 50)


def split(choice: Choice = first_five) -> list[Design]:
    return designs(USERS, FOLD, NONE, choice, EVERY, EVERY)


def test_nobody_is_tested_who_trained_and_no_entry_both_enrols_and_tries() -> None:
    tested: set[str] = set()
    for fold, design in enumerate(split()):
        people = set(USERS[design.enrolled.ravel()]) | set(USERS[design.probes])
        assert people.isdisjoint(USERS[design.train])
        assert people == {f"u{fold}", f"u{fold + 5}"}
        assert set(design.enrolled.ravel()).isdisjoint(design.probes)
        assert (design.enrolled % 8).tolist() == [[0, 1, 2, 3, 4]] * 2
        tested |= people
    assert tested == set(USERS)
    assert split(spread_five)[0].enrolled[0].tolist() == [0, 2, 4, 5, 7]
    assert split()[0].enrolling(FIRST[2]).enrolled.tolist() == [[0, 1], [40, 41]]


def test_an_impostor_is_another_user_and_alike_where_that_is_asked() -> None:
    design = split()[0]
    assert design.genuine.sum() == design.impostor().sum() == 6
    assert not (design.genuine & design.impostor()).any()
    assert design.impostor(NONE).sum() == 6
    assert design.impostor(USERS).sum() == 0


def test_a_claim_is_of_one_group_and_few_entries_are_none() -> None:
    pins = np.tile(["a"] * 6 + ["b"] * 2, 10)
    train = pins == "b"
    design = designs(USERS, FOLD, pins, first_five, train, ~train)[0]
    assert design.genuine.shape == (2, 2)
    assert set(pins[design.train]) == {"b"}
    with pytest.raises(ValueError, match="fewer than two users"):
        designs(USERS, FOLD, pins, spread_five, train, ~train)
    with pytest.raises(ValueError, match="fewer than two users"):
        designs(USERS[:72], FOLD[:72], NONE[:72], first_five, EVERY[:72], EVERY[:72])


@given(st.integers(0, 10**6), st.floats(-1, 3))
@settings(max_examples=30)
def test_the_eer_is_that_of_the_other_trials_but_for_ties(seed: int, apart: float) -> None:
    random = np.random.default_rng(seed)
    genuine, impostor = random.normal(apart, 1, 60), random.normal(0, 1, 90)
    assert eer_of(genuine, impostor) == pytest.approx(equal_error_rate(genuine, impostor), abs=0.02)
    # Whoever knows nothing is wrong half of the time, however few different scores there are.
    assert eer_of(np.ones(60), np.ones(90)) == 0.5
    coins = eer_of(*random.integers(0, 2, (2, 4000)).astype(np.float64))
    assert coins == pytest.approx(0.5, abs=0.05)
    assert eer_of(genuine + 100, impostor) == 0.0


def made(apart: float, seed: int = 1) -> list[tuple[np.ndarray, Design]]:
    random = np.random.default_rng(seed)
    return [
        (random.normal(0, 1, d.genuine.shape) + apart * d.genuine, d) for d in split(first_five)
    ]


def measured(apart: float, seed: int = 1) -> tuple[dict[str, object], np.ndarray]:
    return figures(
        [tried(s, d.genuine, d.impostor(), d.user, d.user[d.claim]) for s, d in made(apart, seed)]
    )


def test_figures_count_what_they_are_of() -> None:
    found, spread = measured(1.0)
    eers = found["eer_of_folds"]
    assert isinstance(eers, list)
    assert (found["users"], found["n_genuine"], found["n_impostor"]) == (10, 30, 30)
    assert spread.shape == (5, 50)
    assert found["eer"] == pytest.approx(np.mean(eers))
    interval = found["interval_95"]
    assert isinstance(interval, list)
    assert interval[0] <= np.mean(eers) < interval[1]
    # Three genuine tests a user tell no EER of his own.
    assert (found["eer_per_user"], found["users_per_user"]) == (None, 0)
    assert measured(20.0)[0]["eer"] == 0.0


def test_a_resample_counts_each_comparison_as_often_as_both_users_were_drawn() -> None:
    random = np.random.default_rng(4)
    user, probe = np.arange(12), np.repeat(np.arange(12), 10)
    genuine = np.equal.outer(user, probe)
    scores = random.normal(0, 1, genuine.shape) + 1.2 * genuine + random.normal(0, 0.5, 12)[:, None]
    one = tried(scores, genuine, ~genuine, user, probe)
    _, spread = figures([one])
    for found, counts in zip(spread[0], resampling.resampled_counts(12).astype(int), strict=True):
        times = np.where(genuine, counts[:, None], np.outer(counts, counts[probe]))
        drawn = [np.repeat(scores[kind], times[kind]) for kind in (genuine, ~genuine)]
        assert found == pytest.approx(eer_of(*drawn), abs=0.015)


def test_users_whom_no_impostor_tried_are_left_out_and_nan_is_refused() -> None:
    score, design = made(1.0)[0]
    met = design.impostor()
    met[1] = False
    one = tried(score, design.genuine, met, design.user, design.user[design.claim])
    assert set(one.claimed) == {0}
    assert np.isnan(own_eers(one)).all()
    score[0, 0] = np.nan
    for wrong, impostors in ((score, met), (made(1.0)[0][0], met & False)):
        with pytest.raises(ValueError, match="no impostor, or a score that is no number"):
            tried(wrong, design.genuine, impostors, design.user, design.user[design.claim])


def test_models_tell_users_apart_and_the_control_only_their_pins() -> None:
    random = np.random.default_rng(3)
    own = np.repeat(random.normal(0, 3, (10, 4)), 8, axis=0)
    features = own + random.normal(0, 0.3, own.shape)
    xy = np.stack([np.tile([0.1, 0.1, 0.5, 0.5, 0.9, 0.9], (80, 1))] * 2, axis=2)
    xy[FOLD == 0, 1] = 0.7
    for design in split():
        for scorer in (
            by_plda(features, USERS),
            by_manhattan(features, USERS),
            by_cosine(own.astype(np.float32)),
        ):
            scores = scorer(design)
            assert scores[design.genuine].min() > scores[design.impostor()].max()
        for places in FIRST.values():
            few = design.enrolling(places)
            assert np.isfinite(by_plda(features, USERS)(few)).all()
            assert np.isfinite(by_manhattan(features, USERS)(few)).all()
            assert np.isfinite(by_structure(xy)(few)).all()
        assert np.ptp(by_structure(xy)(design)) < 1e-9
    medoid, mean = (by_cosine(features.astype(np.float32), m)(split()[0]) for m in (True, False))
    assert not np.allclose(medoid, mean)


def row(model: str, eers: list[float], control: bool = False) -> Row:
    told = {"set": "s", "protocol": "p", "level": "l", "taps": 6, "enrolled": 5, "users": 1}
    told |= {"n_genuine": 1, "n_impostor": 1, "model": model, "control": control}
    return Row(told | {"eer_of_folds": eers}, np.repeat(np.array(eers)[:, None], 3, axis=1))


def test_the_best_of_a_fold_is_chosen_without_looking_at_it() -> None:
    rows = [
        row("steady", [0.2] * 5), row("lucky", [0.0, 0.3, 0.3, 0.3, 0.3]),
        row("control", [0.0] * 5, control=True),
    ]  # fmt: skip
    found = list(with_best(rows))
    assert [line["model"] for line in found] == ["steady", "lucky", "control", "chosen"]
    assert [line["lowest"] for line in found] == [True, False, False, False]
    assert found[-1]["chosen"] == ["steady"] * 5
    assert found[-1]["eer"] == pytest.approx(0.2)
    assert [line["model"] for line in with_best(rows[::2])] == ["steady", "control"]
