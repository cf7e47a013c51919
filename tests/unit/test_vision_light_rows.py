from dataclasses import replace

import numpy as np
import pytest

from edge_atm.policy.decision import LIGHT_FIT_MIN
from edge_atm.records import Colour
from edge_atm.vision.light import FIELD_SECONDS
from edge_atm.vision.light_fit import Doubles
from edge_atm.vision.light_response import FACE, SKIN, _gain, response
from tests.rig.light_seen import measured
from tests.rig.light_sweep import timed
from tests.rig.presentations import Species, draw_scene, filmed

# Both of one simulated session that was paid: what was asked for, and what lit the recording that
# was shown. Their blue is the same, and beside a warm lamp the green would hardly be seen.
TOLD, RECORDED = ([list(Colour)[int(i)] for i in row] for row in ("0323201312", "2321021330"))


def test_the_blue_alone_is_no_answer() -> None:
    random = np.random.default_rng(8)
    at, began = timed(len(TOLD), random)
    lit = [(FIELD_SECONDS * i, colour.value) for i, colour in enumerate(RECORDED)]
    scene = draw_scene(Species.REPLAY, random, 155.0, 0.094, 2)
    scene = replace(scene, recorded=[*lit, (FIELD_SECONDS * len(lit), None)])
    shown = [(time, colour.value) for time, colour in zip(began, TOLD, strict=False)]
    pixels = filmed(scene, at, [*shown, (began[-1], None)], random)
    # Not a poor fit, but a refused one: without the rule it would be .77.
    assert response(at, np.array(began), TOLD, measured(pixels))[1] == 0


@pytest.mark.parametrize("unknown", [0, SKIN, FACE])
def test_an_answer_that_is_not_known_leaves_no_gain(unknown: int) -> None:
    answers = np.array([0.1] * SKIN + [0.01, 0.01, 0.01])
    assert _gain(answers) > 0
    answers[unknown] = np.nan
    assert np.isnan(_gain(answers))


def answered(fields: list[Colour], noise: Doubles) -> float:
    """The fit of skin that answers `fields` .1 s later, 15 frames a second, the room steady."""
    at = np.arange(len(noise), dtype=np.float64) / 15
    began = FIELD_SECONDS * np.arange(len(TOLD) + 1, dtype=np.float64)
    field = np.clip(np.searchsorted(began, at - 0.1, side="right") - 1, 0, len(TOLD) - 1)
    lit = np.array([colour.value for colour in fields])[field]
    light: Doubles = np.full((len(at), FACE + 2, 3), 0.2)
    light[:, :SKIN] *= np.exp(0.1 * lit + noise)[:, None]
    light[:, SKIN] = 1
    return response(at, began, TOLD, light)[1]


def slow_noise(seed: int, frames: int = 66, again: float = 0.8, sd: float = 0.02) -> Doubles:
    """Of the first order, [frames, 3]: what compressed video of people has looks like it."""
    random = np.random.default_rng(seed)
    noise = random.normal(0, sd, (frames, 3))
    for frame in range(1, frames):
        noise[frame] = again * noise[frame - 1] + np.sqrt(1 - again**2) * noise[frame]
    return noise


def test_noise_that_goes_on_from_frame_to_frame_is_no_other_field() -> None:
    assert all(answered(TOLD, slow_noise(seed)) >= LIGHT_FIT_MIN for seed in range(40))


def test_other_fields_stay_others_in_such_noise() -> None:
    random = np.random.default_rng(3)
    for seed in range(40):
        shown = list(TOLD)
        for place in random.choice(len(TOLD), 2, replace=False):
            shown[place] = Colour.BLACK if TOLD[place] is not Colour.BLACK else Colour.CYAN
        assert not answered(shown, slow_noise(seed, sd=0.01)) >= LIGHT_FIT_MIN
