from dataclasses import replace

import numpy as np
import pytest

from edge_atm.policy.decision import LIGHT_FIT_MIN
from edge_atm.records import Colour
from edge_atm.vision.light import FIELD_SECONDS
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
    _, fit = response(at, np.array(began), TOLD, measured(pixels))
    assert not fit >= LIGHT_FIT_MIN


@pytest.mark.parametrize("unknown", [0, SKIN, FACE])
def test_an_answer_that_is_not_known_leaves_no_gain(unknown: int) -> None:
    answers = np.array([0.1] * SKIN + [0.01, 0.01, 0.01])
    assert _gain(answers) > 0
    answers[unknown] = np.nan
    assert np.isnan(_gain(answers))
