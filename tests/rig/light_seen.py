"""What the unit's light check makes of filmed patches."""

import numpy as np

from edge_atm.records import Pixels
from edge_atm.vision.veil import ASIDE_PX, Veil
from tests.rig import optics
from tests.rig.optics import Light
from tests.rig.presentations import SKIN


def measured(pixels: Pixels) -> Light:
    """Return what `LightCheck` would make of `filmed` pixels: [N, patches, 3], as `response`'s."""
    linear: Light = optics.from_srgb(pixels)
    light, veil = np.asarray(linear.mean(axis=2)), Veil()
    side = int(np.sqrt(pixels.shape[2]))
    features = linear[:, SKIN].reshape(len(pixels), side, side, 3).astype(np.float32)
    around = (ASIDE_PX, ASIDE_PX)
    features = np.pad(features, ((0, 0), around, around, (0, 0)), mode="reflect")
    light[:, SKIN] = [veil.follow(now) for now in features]
    return light
