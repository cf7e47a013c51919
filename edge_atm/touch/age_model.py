"""An operator's own net that tells from taps whether somebody of 50 years or more tapped.

What it has to be: one input float32 [N, T, C], one output float32 [N], natural log odds. C says
which channels of `sequence` it takes: 1 gap, 2 gap and hold, 3 gap, x, y, 4 gap, hold, x, y, 6 all.
None ships: the public data that carries ages may not be used for money.
"""

from pathlib import Path

import numpy as np

from edge_atm.errors import ModelMismatch
from edge_atm.models import NET_FAULTS, open_foreign
from edge_atm.taps import Entry
from edge_atm.touch.features import LEVEL_OF_CHANNELS, recorded, sequence

HINT = "Correct [touch.age_model] of the configuration file, or take it out."


class AgeModel:
    """Raises ModelMismatch for a net that is not as said."""

    def __init__(self, path: Path, sha256: str) -> None:
        try:
            self._session = open_foreign(path, sha256)
        except ModelMismatch as fault:
            raise ModelMismatch(str(fault), HINT) from None
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        kinds = [(node.type, len(node.shape)) for node in (*inputs, *outputs)]
        if kinds != [("tensor(float)", 3), ("tensor(float)", 1)]:
            raise ModelMismatch(f"{path}: not float32 [N, T, C] in and float32 [N] out", HINT)
        self._input, channels = inputs[0].name, inputs[0].shape[2]
        if channels not in LEVEL_OF_CHANNELS:
            raise ModelMismatch(f"{path}: {channels} channels, which no level of taps has", HINT)
        self._level = LEVEL_OF_CHANNELS[channels]

    def log_odds(self, entry: Entry) -> float:
        """Return the log odds of 50 years or more, NaN when the taps or the net give none."""
        if not entry.taps:
            return float("nan")
        taps = sequence(recorded([entry.taps]), self._level)
        if not np.isfinite(taps).all():
            return float("nan")
        try:
            (found,) = self._session.run(None, {self._input: taps})
        except NET_FAULTS:
            return float("nan")
        finally:
            taps.fill(0)
        return float(found[0]) if found.shape == (1,) else float("nan")
