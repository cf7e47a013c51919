"""An enrolled face follows its owner a little, and nobody else anywhere."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_atm.policy.adaptation import (
    DRIFT_MIN,
    REST_HOURS_MIN,
    WEIGHT,
    adapted,
    is_earned,
    is_rested,
)
from edge_atm.policy.calibration import SCORE_MIN
from edge_atm.policy.decision import MATCH_FRAMES_MIN
from edge_atm.policy.match import cosine
from edge_atm.records import Decision, Embedding, Floats, Verdict
from tests.unit.test_policy import unit

SPACE = "model-a"
MEAN = np.float32(0.3) * unit(0.0, 0.0, 1.0)
# The owner's centred direction, and that of somebody unlike him but for .3.
OWNER, STRANGER = unit(1.0), unit(0.3, math.sqrt(1 - 0.3**2))
SESSIONS = 400


def face(direction: Floats) -> Floats:
    """Return the unit vector that lies in this direction from the mean."""
    along = float(MEAN @ direction)
    length = -along + math.sqrt(along**2 + 1 - float(MEAN @ MEAN))
    return np.asarray(MEAN + np.float32(length) * direction, dtype=np.float32)


ENROLLED = face(OWNER)


def between(angle: float) -> Floats:
    """Return the face at this angle from the owner's, towards the stranger's."""
    aside = STRANGER - (STRANGER @ OWNER) * OWNER
    aside /= np.linalg.norm(aside)
    return face(np.asarray(math.cos(angle) * OWNER + math.sin(angle) * aside, dtype=np.float32))


def look(vector: Floats, frames: int = MATCH_FRAMES_MIN) -> list[Embedding]:
    return [Embedding(vector, SPACE)] * frames


def score(one: Floats, other: Floats) -> float:
    return cosine(Embedding(one, SPACE), Embedding(other, SPACE), MEAN)


def moved(now: Floats, probe: Sequence[Embedding], enrolled: Floats = ENROLLED) -> Floats | None:
    found = adapted(enrolled, now, probe, MEAN)
    return None if found is None else found[0]


def test_a_look_moves_the_face_a_little_towards_itself() -> None:
    probe = between(0.5)
    found = adapted(ENROLLED, ENROLLED, look(probe), MEAN)
    assert found is not None
    vector, drift = found
    expected = (1 - WEIGHT) * ENROLLED + WEIGHT * probe
    np.testing.assert_allclose(vector, expected / np.linalg.norm(expected), atol=1e-6)
    assert vector.dtype == np.float32
    assert drift == pytest.approx(score(vector, ENROLLED), abs=1e-6)
    assert score(vector, probe) > score(ENROLLED, probe)


@pytest.mark.parametrize(("away", "moves"), [(0.002, True), (-0.002, False)])
def test_the_look_has_to_match_the_face_at_enrolment_too(away: float, moves: bool) -> None:
    # On the look's side of enrolment, so that the present face is nearer to it.
    now = between(0.3 * math.acos(DRIFT_MIN))
    probe = between(math.acos(SCORE_MIN + away))
    assert score(now, probe) > SCORE_MIN + 0.002
    assert (moved(now, look(probe)) is not None) == moves


def test_the_look_has_to_match_the_present_face_too() -> None:
    now = between(-0.99 * math.acos(DRIFT_MIN))
    probe = between(math.acos(SCORE_MIN + 0.002))
    assert score(ENROLLED, probe) > SCORE_MIN > score(now, probe)
    assert moved(now, look(probe)) is None


NAN, ZERO = np.full(512, np.nan, np.float32), np.zeros(512, np.float32)
FRAME = Embedding(ENROLLED, SPACE)


@pytest.mark.parametrize(
    "probe",
    [
        [],
        look(ENROLLED, MATCH_FRAMES_MIN - 1),
        look(NAN),
        look(ZERO),
        look(MEAN),
        [*look(ENROLLED), Embedding(NAN, SPACE)],
        [*look(ENROLLED), Embedding(face(STRANGER), SPACE)],
        [*look(ENROLLED), replace(FRAME, embedding_id="model-b")],
        [*look(ENROLLED), replace(FRAME, quality=math.nan)],
        [*look(ENROLLED), replace(FRAME, quality=0.0)],
        look(face(STRANGER)),
    ],
    ids=[
        "none", "few", "nan", "zero", "mean", "one nan", "two people", "two models",
        "no weight", "zero weight", "stranger",
    ],
)  # fmt: skip
def test_a_look_that_would_not_match_moves_nothing(probe: list[Embedding]) -> None:
    assert moved(ENROLLED, look(ENROLLED)) is not None
    assert moved(ENROLLED, probe) is None


@pytest.mark.parametrize("dead", [NAN, ZERO, MEAN], ids=["nan", "zero", "mean"])
def test_a_template_without_a_face_is_not_moved(dead: Floats) -> None:
    assert moved(dead, look(ENROLLED)) is None
    assert moved(ENROLLED, look(ENROLLED), dead) is None


@given(st.integers(0, 2**32 - 1), st.lists(st.floats(0, 1.1), min_size=1, max_size=30))
def test_whatever_looks_come_the_face_stays_near_enrolment(seed: int, angles: list[float]) -> None:
    random = np.random.default_rng(seed)
    enrolled, now = ENROLLED.copy(), ENROLLED
    for angle in angles:
        aside = random.normal(size=512)
        aside -= (aside @ OWNER) * OWNER
        direction = math.cos(angle) * OWNER + math.sin(angle) * aside / np.linalg.norm(aside)
        probe = look(face(np.asarray(direction, dtype=np.float32)))
        before = now.copy(), probe[0].vector.copy()
        step = moved(now, probe, enrolled)
        np.testing.assert_array_equal(before, (now, probe[0].vector))
        now = now if step is None else step
        assert score(now, enrolled) >= DRIFT_MIN - 1e-6
        assert np.linalg.norm(now) == pytest.approx(1.0, abs=1e-6)
    np.testing.assert_array_equal(enrolled, ENROLLED)


def poisoned(now: Floats) -> Floats | None:
    """Return the face after the session that brings it furthest towards the stranger's."""
    own = face(STRANGER)
    for angle in np.linspace(1.0, 0.0, 40):
        probe = between(float(angle))
        # A look that is not paid moves nothing.
        step = moved(now, look(probe)) if score(now, probe) >= SCORE_MIN else None
        if step is not None and score(step, own) > score(now, own) + 1e-4:
            return step
    return None


def test_slow_poisoning_is_stopped() -> None:
    now, sessions = ENROLLED, 0
    while sessions < SESSIONS and (step := poisoned(now)) is not None:
        now, sessions = step, sessions + 1
    own = score(now, face(STRANGER))
    # He does get closer, as far as the bound lets him; his own face alone is paid nothing.
    assert sessions > 1
    assert own > 0.35
    assert own < SCORE_MIN
    assert own <= math.cos(math.acos(0.3) - math.acos(DRIFT_MIN)) + 1e-4


@pytest.mark.parametrize(
    ("hours", "rested"),
    [(None, True), (REST_HOURS_MIN, True), (1e9, True), (19.99, False), (0.0, False),
     (-30.0, False), (math.nan, False)],
)  # fmt: skip
def test_it_rests_between_two_moves(hours: float | None, rested: bool) -> None:
    # A clock that was set back makes the hours negative.
    assert is_rested(hours) == rested


@pytest.mark.parametrize("verdict", Verdict)
@pytest.mark.parametrize("reason", ["matched_live_pin", "matched_live", "card_pin", "no_match"])
@pytest.mark.parametrize("paid_cents", [-1, 0, 1000])
def test_only_face_life_and_pin_that_were_paid_earn_it(
    verdict: Verdict, reason: str, paid_cents: int
) -> None:
    earned = (verdict, reason, paid_cents) == (Verdict.PAY, "matched_live_pin", 1000)
    assert is_earned(Decision(verdict, reason), paid_cents) == earned
