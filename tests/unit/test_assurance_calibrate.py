"""Who may be learnt from, and that the fitted constants let in no more than they say."""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from edge_atm.assurance import calibrate
from edge_atm.assurance.acquisition import Picture
from edge_atm.assurance.cache import Sample
from edge_atm.assurance.calibrate import (
    Sessions,
    fitted,
    half_figures,
    mean_of_people,
    sessions,
)  # fmt: skip
from edge_atm.assurance.people import is_fit
from edge_atm.assurance.sessions import DRAWS
from edge_atm.records import Floats

MEAN = np.zeros(512, dtype=np.float32)
NAMES = [f"Person_{number}" for number in range(400)]
FIT, REST = [n for n in NAMES if is_fit(n)], [n for n in NAMES if not is_fit(n)]


def photo(person: str, number: int, vector: Floats | None) -> Picture:
    name = f"{person}_{number:04d}.jpg"
    if vector is None:
        return Picture(person, name, Sample.lost_to("no_face"))
    return Picture(person, name, Sample(np.stack([vector, vector]), 1.0))


def photos(person: str, count: int, seed: int = 0) -> Iterator[Picture]:
    random = np.random.default_rng([seed, *person.encode()])
    centre = random.normal(size=512)
    for number in range(count):
        vector = centre + 0.5 * random.normal(size=512)
        yield photo(person, number, (vector / np.linalg.norm(vector)).astype(np.float32))


def crowd(names: list[str]) -> list[Picture]:
    """Return three people with enough photographs and four with fewer."""
    enough = [p for name in names[:3] for p in photos(name, 9)]
    return enough + [p for name in names[3:7] for p in photos(name, 1 + len(name) % 3)]


@pytest.mark.parametrize("fit", [True, False])
def test_sessions_are_of_the_asked_half_only(fit: bool) -> None:
    asked, other = (FIT, REST) if fit else (REST, FIT)
    # One score of the other half would be NaN.
    bad = Sample(np.full((2, 512), np.nan, np.float32), 1.0)
    poisoned = [replace(p, sample=bad) for p in crowd(other)]
    everybody = crowd(asked)
    found = sessions(everybody + poisoned, MEAN, fit=fit)
    counts = Counter(p.person for p in everybody)
    # Everybody else with three photographs gives a fused probe against each of three templates.
    fused = 3 * 2 + 3 * sum(3 <= count < 8 for count in counts.values())
    assert found.n_fused == fused
    assert (found.people, found.strangers) == (3, 4)
    assert [len(s) for s in (found.genuine, found.fused, found.single)] == [
        3 * DRAWS,
        fused * DRAWS,
        12,
    ]
    for scores in (found.genuine, found.fused, found.single):
        assert np.isfinite(scores).all()
    assert found.genuine.min() > 0.7 > max(found.fused.max(), found.single.max())


def test_a_probe_shares_no_photograph_with_its_template() -> None:
    # All of one person's photographs stand at right angles: only a shared one gives a score.
    basis = np.eye(512, dtype=np.float32)
    people = [photo(FIT[i], n, basis[8 * i + n]) for i in range(2) for n in range(8)]
    found = sessions([*people, *photos(FIT[2], 1)], MEAN, fit=True)
    assert np.abs(found.genuine).max() < 1e-6


def test_a_lost_face_counts_not_at_all() -> None:
    lost = [photo(FIT[1], number, None) for number in range(8)]
    found = sessions([*crowd(FIT[2:]), *lost], MEAN, fit=True)
    assert (found.people, found.strangers) == (3, 4)


@pytest.mark.parametrize(
    ("names", "said"),
    [([], "0 people"), (FIT[:1], "1 people"), (FIT[:3], "no stranger"), (REST, "0 people")],
)
def test_too_few_people_are_refused(names: list[str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        sessions(crowd(names), MEAN, fit=True)


def scores(fused: int = 3000, single: int = 30_000, shift: float = 0.0) -> Sessions:
    random = np.random.default_rng(7)
    draws = [(0.5, 2000), (shift, fused), (0.0, single)]
    genuine, others, strangers = (random.normal(mean, 0.12, n) for mean, n in draws)
    return Sessions(genuine, others, strangers, fused, 100, 500)


@pytest.mark.parametrize(("shift", "binding"), [(0.2, "fused"), (0.0, "single")])
def test_no_more_impostors_reach_the_score_than_the_rate_says(shift: float, binding: str) -> None:
    found = scores(shift=shift)
    score_min = fitted(found)["SCORE_MIN"]
    reached = {k: int((getattr(found, k) >= score_min).sum()) for k in ("fused", "single")}
    assert reached["fused"] <= 1e-3 * 3000
    assert reached["single"] <= 1e-4 * 30_000
    # Of the two limits the higher: a single step lower would let one more in.
    assert reached[binding] == 3
    assert (getattr(found, binding) >= np.nextafter(score_min, -1)).sum() == 4


def test_impostors_with_one_and_the_same_score_stay_out() -> None:
    found = scores()
    found.single[:10] = 0.95
    assert fitted(found)["SCORE_MIN"] > 0.95


@pytest.mark.parametrize(("fused", "single"), [(2999, 30_000), (3000, 29_999)])
def test_a_rate_that_so_few_cannot_show_is_refused(fused: int, single: int) -> None:
    with pytest.raises(ValueError, match="cannot show a rate"):
        fitted(scores(fused, single))


def test_the_fit_is_the_likelihood_ratio() -> None:
    # Normal scores at .5 and 0 with one deviation of .12 have exactly this ratio.
    found = fitted(scores())
    slope = 0.5 / 0.12**2 / math.log(10)
    assert found["LLR_SLOPE"] == pytest.approx(slope, rel=0.1)
    assert -found["LLR_OFFSET"] / found["LLR_SLOPE"] == pytest.approx(0.25, abs=0.01)
    assert found["LLR_LOG10_MAX"] == pytest.approx(math.log10(500))


def test_scores_that_part_completely_have_no_fit() -> None:
    apart = replace(scores(), genuine=np.random.default_rng(7).normal(0.95, 0.01, 2000))
    with np.errstate(all="ignore"), pytest.raises(ValueError, match="part completely"):
        fitted(apart)


def test_the_mean_is_of_fit_people_each_counted_once() -> None:
    one, other = (np.full(512, v, np.float32) for v in (1.0, 3.0))
    foreign = [photo(name, 1, np.full(512, 99.0, np.float32)) for name in REST]
    many = [photo(FIT[0], number, one) for number in range(9)]
    mean, people = mean_of_people([*foreign, *many, photo(FIT[1], 1, other)])
    assert people == 2
    assert mean.dtype == np.float32
    assert np.array_equal(mean, np.full(512, 2.0))


@pytest.mark.parametrize("given", [[], [photo(REST[0], 1, MEAN)], [photo(FIT[0], 1, None)]])
def test_without_a_fit_face_there_is_no_mean(given: list[Picture]) -> None:
    with pytest.raises(ValueError, match="anybody who may be fitted"):
        mean_of_people(given)


def test_the_rates_are_those_that_calibration_speaks_of() -> None:
    assert (calibrate.FUSED_FMR, calibrate.STRANGER_FMR) == (1e-3, 1e-4)
    assert (calibrate.TEMPLATE_PHOTOS, calibrate.PROBE_PHOTOS) == (5, 3)


def test_the_figures_count_who_reaches_the_score_and_judge_the_released_ratios() -> None:
    found = half_figures(scores(), fitted(scores()) | {"SCORE_MIN": 0.5})
    assert (found["people"], found["strangers"], found["n_fused"]) == (100, 500, 3000)
    assert found["genuine_matched"] == int((scores().genuine >= 0.5).sum())
    quality = found["score_quality"]
    assert isinstance(quality, dict)
    fresh = found["score_quality_fitted"]
    assert isinstance(fresh, dict)
    # Made-up scores: the released line is not theirs.
    assert 0 < quality["cllr_min"] == fresh["cllr_min"] < fresh["cllr"] < quality["cllr"]
