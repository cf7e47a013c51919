from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_atm.policy.challenge import FIELDS, draw_challenge
from edge_atm.policy.decision import LIGHT_FIT_MIN, LIGHT_GAIN_MIN
from edge_atm.records import Colour, Frame
from edge_atm.vision.light import FIELD_SECONDS, LightCheck
from edge_atm.vision.light_fit import Doubles
from edge_atm.vision.light_response import (
    BACKGROUND_WEIGHT,
    FACE,
    LAG_MAX,
    SKIN,
    response,
)
from tests.rig.light_sweep import look, timed
from tests.rig.presentations import Species

NONCES = st.binary(min_size=16, max_size=16)
SEEDS = st.integers(0, 2**32 - 1)


def fields(nonce: bytes) -> tuple[Colour, ...]:
    return draw_challenge(nonce).fields


def lit(
    shown: Sequence[Colour],
    seed: int,
    lag: float = 0.15,
    skin: float = 0.06,
    room: float = 0.006,
    veil: float = 0.004,
) -> tuple[Doubles, Doubles, Doubles]:
    """Return frame times, commands and light: patches that answer at once, `lag` later."""
    random = np.random.default_rng(seed)
    at, began = timed(len(shown), random)
    field = np.searchsorted(began, at - lag, side="right") - 1
    colours = np.array([colour.value for colour in shown])[np.clip(field, 0, len(shown) - 1)]
    colours[(field < 0) | (field >= len(shown))] = 0.35
    answers = np.array([skin] * SKIN + [veil] + [room] * 4)
    light = random.uniform(0.05, 0.5, (1, 8, 3)) * (1 + answers[:, None] * colours[:, None])
    return at, np.array(began), light * np.exp(random.normal(0, 1e-3, light.shape))


def passes(measured: tuple[float, float]) -> bool:
    gain, fit = measured
    return gain >= LIGHT_GAIN_MIN and fit >= LIGHT_FIT_MIN


@settings(deadline=None, derandomize=True, max_examples=15)
@given(NONCES, SEEDS, st.floats(0.06, 0.30))
def test_a_face_before_a_room_answers_within_the_cameras_latency(
    nonce: bytes, seed: int, lag: float
) -> None:
    gain, fit = response(*_seen(nonce, seed, lag=lag))
    assert fit >= 0.9
    # Where one colour never changes any lamp may be believed, and beside some the answer is less.
    assert 0.3 < gain / (0.06 - BACKGROUND_WEIGHT * 0.006) < 1.1


@settings(deadline=None, derandomize=True, max_examples=10)
@given(NONCES, SEEDS, st.floats(0.45, 0.60) | st.floats(-0.20, -0.08))
def test_an_answer_too_late_or_too_early_is_none(nonce: bytes, seed: int, lag: float) -> None:
    assert not passes(response(*_seen(nonce, seed, lag=lag)))


@settings(deadline=None, derandomize=True, max_examples=10)
@given(NONCES, SEEDS, st.floats(0.8, 1.3))
def test_a_sheet_that_answers_as_the_face_on_it_is_no_room(
    nonce: bytes, seed: int, room: float
) -> None:
    assert not passes(response(*_seen(nonce, seed, room=0.06 * room)))


@settings(deadline=None, derandomize=True, max_examples=10)
@given(NONCES, SEEDS, st.floats(0.7, 1.3))
def test_light_that_only_lies_over_a_face_is_none(nonce: bytes, seed: int, veil: float) -> None:
    assert not passes(response(*_seen(nonce, seed, veil=0.06 * veil)))


@settings(deadline=None, derandomize=True, max_examples=10)
@given(NONCES, SEEDS, st.floats(0.0, 0.4))
def test_shadows_that_are_filled_are_forgiven(nonce: bytes, seed: int, veil: float) -> None:
    assert passes(response(*_seen(nonce, seed, veil=0.06 * veil)))


@settings(deadline=None, derandomize=True, max_examples=10)
@given(NONCES, SEEDS, st.sets(st.integers(0, FIELDS - 1), min_size=1), st.integers(1, 3))
def test_light_of_other_fields_is_no_answer(
    nonce: bytes, seed: int, places: set[int], step: int
) -> None:
    told, colours = fields(nonce), list(Colour)
    shown = list(told)
    for place in places:
        shown[place] = colours[(colours.index(shown[place]) + step) % len(colours)]
    at, began, light = lit(shown, seed)
    assert passes(response(at, began, shown, light))
    assert not passes(response(at, began, told, light))


@settings(deadline=None, derandomize=True, max_examples=10)
@given(NONCES, SEEDS)
def test_exposure_and_white_balance_cancel(nonce: bytes, seed: int) -> None:
    at, began, shown, light = _seen(nonce, seed)
    random = np.random.default_rng(seed)
    camera = np.exp(random.normal(0, 0.3, (len(at), 1, 1))) * random.uniform(0.5, 2, (1, 1, 3))
    assert response(at, began, shown, light * camera) == pytest.approx(
        response(at, began, shown, light), abs=1e-6
    )


@settings(deadline=None, derandomize=True, max_examples=10)
@given(NONCES, NONCES, SEEDS)
def test_the_light_of_another_look_does_not_fit(nonce: bytes, other: bytes, seed: int) -> None:
    told, shown = fields(nonce), fields(other)
    if told != shown:
        at, began, light = lit(shown, seed, skin=0.3, room=0.0)
        assert not passes(response(at, began, told, light))


@settings(deadline=None, derandomize=True, max_examples=20)
@given(NONCES, SEEDS, st.sampled_from([*range(FACE), slice(FACE, FACE + 2), slice(FACE, None)]))
def test_what_cannot_be_seen_is_not_known(nonce: bytes, seed: int, hidden: int | slice) -> None:
    at, began, shown, light = _seen(nonce, seed)
    light[::3, hidden] = np.nan
    assert np.isnan(response(at, began, shown, light)).all()


@pytest.mark.parametrize("keep", [slice(0), slice(1), slice(20), slice(None, None, 7)])
def test_too_few_frames_tell_nothing(keep: slice) -> None:
    at, began, shown, light = _seen(bytes(16), 1)
    assert np.isnan(response(at[keep], began, shown, light[keep])).all()


@pytest.mark.parametrize("value", [0.2, 0.0, np.inf, np.nan])
def test_light_that_never_changes_is_no_answer(value: float) -> None:
    at, began, shown, light = _seen(bytes(16), 2)
    assert not passes(response(at, began, shown, np.full_like(light, value)))


@pytest.mark.parametrize("lux", [100, 300])
def test_simulated_faces_pass(lux: float) -> None:
    random = np.random.default_rng(8)
    looks = [look(Species.LIVE, fields(random.bytes(16)), random, lux) for _ in range(8)]
    assert sum(map(passes, looks)) >= 7


@pytest.mark.parametrize(
    "species",
    [
        *(Species.PRINT, Species.REPLAY, Species.REPLAY_DIM, Species.REPLAY_MIRROR),
        *(Species.INJECTED, Species.INJECTED_FIELDS),
    ],
)
def test_simulated_attacks_do_not_pass(species: Species) -> None:
    random = np.random.default_rng(9)
    looks = [look(species, fields(random.bytes(16)), random, 200) for _ in range(8)]
    assert not any(map(passes, looks))


@settings(deadline=None, derandomize=True, max_examples=10)
@given(NONCES, st.floats(5, 60), SEEDS)
def test_fields_are_shown_in_order_and_never_flash(nonce: bytes, fps: float, seed: int) -> None:
    random, told = np.random.default_rng(seed), fields(nonce)
    check, at = LightCheck(told), 100.0
    shown: list[tuple[float, Colour | None]] = []
    assert check.colour is None
    while not check.done:
        check.see(Frame(np.zeros((2, 2, 3), np.uint8), at, 0), None)
        if not shown or check.colour is not shown[-1][1]:
            shown.append((at, check.colour))
        at += random.uniform(0.7, 1.3) / fps
    assert [colour for _, colour in shown] == [*told, None]
    assert min(np.diff([when for when, _ in shown])) >= FIELD_SECONDS
    assert at - shown[-1][0] >= LAG_MAX
    assert not passes(check.measure())


def _seen(
    nonce: bytes, seed: int, **answers: float
) -> tuple[Doubles, Doubles, tuple[Colour, ...], Doubles]:
    shown = fields(nonce)
    at, began, light = lit(shown, seed, **answers)
    return at, began, shown, light
