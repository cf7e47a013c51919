"""What an identification trial tells: rates with their bounds, lost pictures, the gate."""

from typing import Any

import numpy as np
import pytest

from edge_atm.assurance.acquisition import Picture
from edge_atm.assurance.cache import Sample
from edge_atm.assurance.identify import acquisition_failures, identification, quality_gate
from edge_atm.assurance.sessions import found
from tests.unit.test_assurance_sessions import MEAN, crowd, photo


def test_no_false_match_is_no_rate_of_nought() -> None:
    people = [p for v in crowd("a", 3, 8).values() for p in v]
    strangers = [p for v in crowd("s", 20, 2).values() for p in v]
    figures: Any = identification(people, strangers, MEAN, template=5, probe=1)
    fixed = figures["at_score_min"]
    assert (fixed["false_matches"], fixed["fmr"]) == (0, 0.0)
    assert fixed["fmr_upper_95"] == 3 / figures["n_impostor"]
    assert figures["search"][-1]["at_score_min"]["fpir_upper_95"] == 3 / 20


def test_rates_that_are_measured_stand_beside_those_that_cannot_be() -> None:
    everybody = [p for v in crowd("a", 5, 8, noise=2.5).values() for p in v]
    strangers = [p for v in crowd("s", 100, 2, noise=2.5).values() for p in v]
    result = identification(everybody, strangers, MEAN, template=5, probe=1)
    assert (result["people"], result["impostor_people"]) == (5, 100)
    assert (result["n_genuine"], result["n_impostor"]) == (15, 5 * (200 + 4 * 8))
    points = result["fnmr_at_fmr"]
    assert isinstance(points, list)
    assert [point["fnmr"] is None for point in points] == [False, True, True, True]
    low, high = points[0]["interval_95"]
    assert low <= points[0]["fnmr"] <= high
    assert points[1]["note"] == "not measurable: n < 3/FMR"
    det = result["det"]
    assert isinstance(det, list)
    assert det[0] == points[0]
    assert [point["fmr"] for point in det] == pytest.approx([1e-2, 10**-2.5])


def test_failures_to_acquire_are_counted_by_reason_and_in_no_score() -> None:
    lost = [photo("a0", 100 + n, None) for n in range(3)]
    everybody = [p for v in crowd("a", 2, 9).values() for p in v] + lost
    figures = acquisition_failures(everybody)
    assert (figures["pictures"], figures["failed"], figures["people"]) == (21, 3, 2)
    assert figures["reasons"] == {"no_face": 3}
    assert figures["fta"] == pytest.approx(3 / 21)
    assert {p: len(v) for p, v in found(everybody).items()} == {"a0": 9, "a1": 9}


def test_the_gate_is_counted_by_its_first_component() -> None:
    vectors = np.zeros((2, 512), np.float32)
    samples = [
        Sample(vectors, 1.0),
        Sample(vectors, 1.0, "InterEyeDistance"),
        Sample(vectors, 1.0, "InterEyeDistance", "Sharpness"),
        Sample.lost_to("no_face"),
    ]
    assert quality_gate([Picture("a", str(n), s) for n, s in enumerate(samples)]) == {
        "pictures": 3,
        "refused": 2,
        "first_failing": {"InterEyeDistance": 2},
        "refused_but_for_eye_distance": 1,
        "first_failing_but_for_eye_distance": {"Sharpness": 1},
    }
