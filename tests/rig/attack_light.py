"""The light of simulated looks: what each surface answers to the fields, as the unit sees it."""

import math

import numpy as np

from edge_atm.policy.challenge import NONCE_BYTES, draw_challenge
from edge_atm.vision.light import FIELD_SECONDS
from edge_atm.vision.light_response import LAG_MAX, response
from tests.rig.light_seen import measured
from tests.rig.optics import SKIN_LAB
from tests.rig.presentations import Species, draw_scene, filmed

# EN 12464-1: 100 lx in passages, 300 at customers' counters, 500 at desks. What more or less light
# does is measured apart: `docs/liveness.md`.
LUX = (100.0, 500.0)
# From the command to light in a stamped frame: USB cameras and panels, .05 to .25 s.
LATENCY_SECONDS = (0.05, 0.25)


def answer(
    species: Species, frame_seconds: float, random: np.random.Generator
) -> tuple[float, float]:
    """Return (light gain, light fit) of one look at this frame rate, everything else drawn."""
    fields = draw_challenge(random.bytes(NONCE_BYTES)).fields
    lux = float(np.exp(random.uniform(*np.log(LUX))))
    skin = int(random.integers(len(SKIN_LAB)))
    scene = draw_scene(species, random, lux, float(random.uniform(*LATENCY_SECONDS)), skin)
    # A field is commanded at the first frame after its time, as `LightCheck.see` does.
    per_field = math.ceil(FIELD_SECONDS / frame_seconds - 1e-9)
    began = np.arange(len(fields) + 1, dtype=np.float64) * frame_seconds * per_field
    at_seconds = np.arange(0, began[-1] + LAG_MAX + frame_seconds, frame_seconds)
    shown = [(float(t), colour.value) for t, colour in zip(began, fields, strict=False)]
    pixels = filmed(scene, at_seconds, [*shown, (float(began[-1]), None)], random)
    return response(at_seconds, began, fields, measured(pixels))
