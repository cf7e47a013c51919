"""Simulated attacks at landmark and colour level, a small part of `make liveness-sim`."""

import json
import math
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge_atm.policy.match import AGREEMENT_MIN
from edge_atm.records import Liveness
from edge_atm.vision.samples import SAME_FACE_MIN
from edge_atm.vision.turn import apart, measure
from tests.rig import attack_course, attack_runs, attacks
from tests.rig.attack_course import Course
from tests.rig.attack_cues import CUES, FRAMES_DISAGREE, PASSED, refusing
from tests.rig.attack_shapes import Sheet, heads, lenses, prints, seen
from tests.rig.attack_species import ATTACKS, LEVEL_6, LEVEL_12, LIVE, UPRIGHT_6, UPRIGHT_12

SEED = attack_runs.SEEDS["report"]
LIT = (1.0, 1.0)


def refused(species: str, count: int = 24) -> list[frozenset[str]]:
    attack = LIVE if species == "live" else ATTACKS[species]
    return [one.refused_by for one in Course(attack, count, (SEED, 7)).results([LIT] * count)]


def test_most_living_people_pass() -> None:
    assert sum(not cues for cues in refused("live")) >= 20


@pytest.mark.parametrize("species", [name for name in ATTACKS if name.startswith("print, flat")])
def test_a_flat_print_fails_both_cues_of_depth(species: str) -> None:
    assert all({"depth", "midline"} <= cues for cues in refused(species))


@pytest.mark.parametrize(
    "species",
    ["print, bent upright 12 cm", "print, bent upright 6 cm", "print, creased down the nose"],
)
def test_what_is_bent_along_the_line_fails_the_midline(species: str) -> None:
    assert all("midline" in cues for cues in refused(species))


@pytest.mark.parametrize("species", ["print, a live helper turns", "live helper, print to match"])
def test_a_helper_is_another_face_or_seen_to_come(species: str) -> None:
    found = refused(species)
    assert all(found)
    # Some never turn far enough for the print to come back.
    assert sum("one_face" in cues for cues in found) >= 20


def test_a_helper_who_is_like_the_print_is_told_by_the_matched_frames(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Alike enough to turn for it, and swapped unseen; not enough for both to be matched as one.
    monkeypatch.setattr(attack_course, "SWAP_SECONDS", (0.0, 0.0))
    monkeypatch.setattr(attack_course, "OTHER", (SAME_FACE_MIN + AGREEMENT_MIN) / 2)
    monkeypatch.setattr(attack_course, "OTHER_SD", 0.0)
    course = Course(ATTACKS["live helper, print to match"], 48, (SEED, 7))
    faults = Counter(one.liveness.fault for one in course.results([LIT] * 48))
    assert faults[None] == 0
    assert faults[FRAMES_DISAGREE] >= 8


def test_a_recording_of_other_turns_is_out_of_order_or_lucky() -> None:
    cues = refused("screen, other turns")
    # One challenge in eight is the same; its times are not.
    assert sum("order" in one for one in cues) >= 20


def test_frozen_frames_fail_everything_that_moves() -> None:
    assert all({"order", "depth", "midline"} <= cues for cues in refused("injected, frozen"))


def test_without_a_light_that_answers_nobody_is_paid() -> None:
    results = Course(LIVE, 8, (SEED, 8)).results([(0.0, 0.0)] * 8)
    assert all("light" in one.refused_by for one in results)


def residual(sheet: Sheet | None, degrees: float) -> np.ndarray:
    """Return the residual D of 60 people's heads, or prints, turned to both sides."""
    random = np.random.default_rng((SEED, 9))
    people = heads(60, random)
    shapes = people if sheet is None else prints(sheet, people, random)
    lens = lenses(60, random)
    yaws = degrees * np.sin(np.linspace(0, 2 * np.pi, 60))
    pose = np.zeros((60, 6))
    pose[:, 5] = -500
    trace = [seen(shapes, lens, pose + np.eye(6)[0] * yaw)[0] for yaw in yaws]
    return np.array([measure(*apart(one))[1] for one in np.stack(trace, 1)])


@pytest.mark.parametrize(
    ("sheet", "low", "high"),
    [(UPRIGHT_12, 0.09, 0.31), (UPRIGHT_6, 0.0, 0.23), (LEVEL_12, 0.02, 0.12)],
)
def test_prints_show_no_less_depth_than_the_real_detector_saw(
    sheet: Sheet, low: float, high: float
) -> None:
    # Where the measure has no answer nothing is claimed: it refuses.
    found = residual(sheet, 32.0)
    assert np.nanmedian(found) >= (low + high) / 2


def test_a_head_shows_more_depth_than_a_print_at_the_same_angle() -> None:
    assert np.nanmin(residual(None, 32.0)) > np.nanmedian(residual(LEVEL_6, 32.0))


@pytest.mark.parametrize(
    ("found", "cue"),
    [
        (replace(PASSED, turn_range=math.nan), "depth"),
        (replace(PASSED, nose_residual=0.0), "depth"),
        (replace(PASSED, midline=math.nan), "midline"),
        (replace(PASSED, light_fit=0.0), "light"),
        (replace(PASSED, fault="face_jumped"), "motion"),
        (replace(PASSED, fault="wrong_turn"), "order"),
        (replace(PASSED, fault="face_changed"), "one_face"),
        (replace(PASSED, fault=FRAMES_DISAGREE), "one_face"),
        (replace(PASSED, fault="a word nobody knows"), "order"),
    ],
)
def test_every_lack_is_some_cues_refusal(found: Liveness, cue: str) -> None:
    assert refusing(found) == {cue}
    assert cue in CUES


def test_nothing_refuses_what_passed() -> None:
    assert not refusing(PASSED)


def rows(paid: int, refused: int) -> list[attack_runs.Row]:
    attack = attack_runs.row("landmarks", "print, flat", replace(PASSED, midline=0.0))
    live = attack_runs.row("landmarks", "live", PASSED)
    gone = attack_runs.row("landmarks", "live", replace(PASSED, fault="not_begun"))
    return [attack, *[attack | {"paid": True}] * paid, *[live] * (100 - refused), *[gone] * refused]


@pytest.mark.parametrize(
    ("paid", "refused", "passes"), [(0, 0, True), (0, 3, True), (0, 4, False), (1, 0, False)]
)
def test_one_paid_attack_or_many_refused_people_fail_the_run(
    paid: int, refused: int, passes: bool
) -> None:
    assert attacks.passed(rows(paid, refused)) is passes


def test_the_command_writes_every_session_and_says_what_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "out.json"
    attacks.main(["--sessions", "1", "--pixels", "0", "--jobs", "1", "--json", str(path)])
    found = json.loads(path.read_text())
    assert found["simulated"] is True
    assert [row["species"] for row in found["sessions"]] == ["live", *ATTACKS]
    assert "simulated" in capsys.readouterr().out
