"""What protection costs and gives away: against brute force, and with protections that are bad."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_atm.assurance import comparison, inversion, protection, resampling, templates
from edge_atm.assurance.acquisition import Picture
from edge_atm.assurance.comparison import Comparisons
from edge_atm.assurance.resampling import Impostors, resampled_counts
from edge_atm.assurance.sessions import SEED, SPACE, draw
from edge_atm.policy.match import cosine
from edge_atm.records import Floats
from edge_atm.vault import rotation
from tests.unit.test_assurance_sessions import MEAN, crowd


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resampling, "RESAMPLES", 100)


def everybody(people: int, count: int, noise: float) -> list[Picture]:
    return [photo for photos in crowd("a", people, count, noise).values() for photo in photos]


def ways_of(pictures: list[Picture]) -> dict[str, Any]:
    found: Any = templates.photographs(pictures, MEAN)
    ways: dict[str, Any] = found["ways"]
    return ways


def test_single_photographs_are_compared_as_the_product_does() -> None:
    pictures = everybody(8, 4, noise=3.0)
    point = ways_of(pictures)["unprotected"]["fnmr_at_fmr"][0]
    faces = [photo.embedding(SPACE) for photo in pictures]
    genuine: list[float] = []
    impostor: list[float] = []
    for i, one in enumerate(pictures):
        for j in range(i):
            side = genuine if one.person == pictures[j].person else impostor
            side.append(cosine(faces[i], faces[j], MEAN))
    assert (len(genuine), len(impostor)) == (48, 448)
    falling = sorted(impostor, reverse=True)
    missed = sum(score <= falling[4] + 1e-6 for score in genuine)
    assert (point["errors"], point["comparisons"]) == (missed, 48)
    assert missed > 0


def test_the_units_rows_lose_nothing_and_signs_alone_do() -> None:
    found = ways_of(everybody(12, 8, noise=2.5))
    for name in ("protected", "rekeyed", "rekeyed_10", "one_key"):
        point = found[name]["fnmr_at_fmr"][0]
        assert abs(point["loss_points"]) <= 0.3
        low, high = point["loss_points_interval_95"]
        assert low <= 0 <= high
    assert found["sign512"]["fnmr_at_fmr"][0]["loss_points"] > 2
    assert "at_score_min" not in found["sign512"]
    reached = found["one_key"]["at_score_min"]
    assert reached["impostor_comparisons"] == 12 * 11 * 64 / 2


def test_a_coarse_quantiser_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def coarse(vectors: Floats) -> NDArray[np.int8]:
        steps = 1.2 * vectors / np.abs(vectors).max(axis=1, keepdims=True)
        return np.asarray(np.rint(steps), np.int8)

    monkeypatch.setattr(rotation, "to_int8", coarse)
    point = ways_of(everybody(12, 8, noise=2.5))["protected"]["fnmr_at_fmr"][0]
    assert point["loss_points"] > 1
    assert point["loss_points_interval_95"][0] > 0


def test_templates_of_five_meet_strangers_too() -> None:
    strangers = [p for photos in crowd("s", 40, 2).values() for p in photos]
    found: Any = templates.templates(everybody(12, 7, noise=2.0), strangers, MEAN)
    assert (found["people"], found["impostor_people"], found["n_genuine"]) == (12, 40, 24)
    assert found["n_impostor"] == 12 * (11 * 7 + 80)
    first, second, third = found["ways"]["protected"]["fnmr_at_fmr"]
    assert (first["comparisons"], abs(first["loss_points"]) < 0.5) == (24 * found["draws"], True)
    assert second["fnmr"] is third["fnmr"] is None
    assert second["note"] == "not measurable: n < 3/FMR"


def test_too_few_photographs_are_refused() -> None:
    with pytest.raises(ValueError, match="fewer than two people have two photographs"):
        templates.photographs(everybody(5, 1, 0.5) + everybody(1, 3, 0.5), MEAN)
    with pytest.raises(ValueError, match="two are needed"):
        templates.inversion(everybody(5, 7, 0.5), MEAN)


def test_large_folders_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "PHOTOS_MAX", 30)
    monkeypatch.setattr(templates, "COMPARISONS_MAX", 300)
    found = templates.photographs(everybody(12, 8, 0.5), MEAN)
    assert (found["people"], found["pictures"]) == (3, 24)
    assert (found["n_genuine"], found["n_impostor"]) == (3 * 28, 3 * 64)
    monkeypatch.setattr(templates, "PHOTOS_MAX", 1000)
    assert templates.photographs(everybody(12, 8, 0.5), MEAN)["n_impostor"] == 300


def test_bits_are_compared_by_hamming_distance_under_the_templates_key() -> None:
    vectors = np.array([photo.vector for photo in everybody(5, 8, noise=1.0)])
    scores = protection.compared_bits(vectors[:35], vectors[35:], MEAN)
    keys = protection.new_keys(np.random.default_rng(SEED), protection.SIGN_KEYS)
    for row in (0, 31, 32):
        key = keys[row % protection.SIGN_KEYS][None]
        one, other = (
            rotation.rotate(protection.centred(side, MEAN), key) < 0
            for side in (vectors[[row]], vectors[35:])
        )
        assert scores[row] == pytest.approx(1 - 2 * (one != other).mean(axis=1), abs=1e-6)


def test_a_score_that_is_no_number_is_never_a_match() -> None:
    counts, two = resampled_counts(2), np.array([0, 1])
    impostors = Impostors(np.array([0.1, 0.2]), two, two[::-1])
    with pytest.raises(AssertionError):
        Comparisons(np.array([0.5, np.nan]), two, impostors, counts, 2, 2)


def attacked() -> dict[str, Any]:
    people = crowd("a", 10, 8, noise=0.5)
    found: dict[str, Any] = inversion.inversions(draw(people, {}, 5, 3), MEAN)
    return found


def test_a_row_with_its_key_gives_the_face_away_and_without_it_nothing() -> None:
    found = attacked()
    assert found["unprotected"]["row"]["cosine"] == pytest.approx(1.0)
    assert found["int8"]["row_and_key"]["cosine"] > 0.9995
    assert found["sign512"]["row_and_key"]["cosine"] == pytest.approx(np.sqrt(2 / np.pi), abs=0.01)
    for profile in ("int8", "sign512"):
        known, unknown = found[profile]["row_and_key"], found[profile]["row"]
        assert known["same_template"]["rate"] == 1.0
        assert known["same_template"]["lower_95"] == pytest.approx(0.7)
        assert known["other_template"]["accepted"] > 0.9 * known["other_template"]["attempts"]
        assert abs(unknown["cosine"]) < 0.05
        for which in ("same_template", "other_template"):
            assert unknown[which]["accepted"] == 0
            assert unknown[which]["upper_95"] == pytest.approx(0.3)


def test_rows_that_are_not_rotated_give_the_face_away_without_a_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("rotate", "rotate_back"):
        monkeypatch.setattr(rotation, name, lambda vectors, _signs: vectors)
    assert attacked()["int8"]["row"]["same_template"]["rate"] == 1.0


def test_the_same_way_twice_loses_nothing() -> None:
    random = np.random.default_rng(4)
    left, right = np.triu_indices(30, 1)
    impostors = Impostors(random.normal(0.0, 0.2, len(left)), left, right)
    way = Comparisons(
        random.normal(0.4, 0.2, 90), np.arange(90) % 30, impostors, resampled_counts(30), 90, 435
    )
    missed = way.missed(comparison.FMRS[0])
    point = way.figures(missed, comparison.FMRS[0], missed)
    assert (point["loss_points"], point["loss_points_interval_95"]) == (0.0, [0.0, 0.0])
    assert way.missed(1e-3) is None
