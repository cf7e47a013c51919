"""The unit's touch models: an entry becomes a habit, and habits a likelihood ratio."""

import hashlib
import math
from dataclasses import dataclass

import numpy as np

from edge_atm.errors import ModelMismatch
from edge_atm.models import NET_FAULTS, Models, Session
from edge_atm.records import Floats
from edge_atm.taps import TAPS_MAX, TAPS_MIN, Entry
from edge_atm.touch.features import Doubles, Level, recorded, sequence
from edge_atm.touch.plda import llr_of_kept

# Trained on sets that tell no places: a pad's x, y, size and pressure are not used.
LEVELS = (Level.GAP, Level.HOLD)
NAMES = {
    (level, taps): f"touch_{level.name.lower()}_{taps}"
    for level in LEVELS
    for taps in range(TAPS_MIN, TAPS_MAX + 1)
}


@dataclass(frozen=True, slots=True, eq=False)
class _Model:
    """An open net; `between` float64 [D]; the line from its ratios to calibrated ones, log10."""

    session: Session
    between: Doubles
    offset: float
    slope: float


class Habits:
    """One net for each number of taps, with and without key-ups; each has a D of its own.

    All are opened at once: a unit makes this only where the touch habit is switched on. Raises
    ModelMismatch for what was not released.
    """

    def __init__(self, models: Models) -> None:
        self._models = {kind: _open(models, name) for kind, name in NAMES.items()}
        self._by_width = {len(model.between): model for model in self._models.values()}
        if len(self._by_width) < len(self._models):
            raise ModelMismatch("two touch models give habits of one length")
        digests = "|".join(models.released_sha256(name) for name in NAMES.values())
        self._habit_id = hashlib.sha256(digests.encode()).hexdigest()[:16]

    @property
    def habit_id(self) -> str:
        """What kept habits are bound to: it changes with every net."""
        return self._habit_id

    def embed(self, entry: Entry) -> Floats | None:
        """Return the habit in one entry, float32 [D], which the caller overwrites.

        None where the pad told no taps, or the net tells nothing of them.
        """
        if not entry.taps:
            return None
        level = Level.GAP if math.isnan(entry.taps[0].up_seconds) else Level.HOLD
        model = self._models[level, len(entry.taps)]
        taps = sequence(recorded([entry.taps]), level)
        try:
            habit = np.array(model.session.run(["habit"], {"taps": taps})[0][0], dtype=np.float32)
        except NET_FAULTS:
            return None
        finally:
            taps.fill(0)
        return habit if np.isfinite(habit).all() else None

    def llr_log10(self, kept: Floats, probe: Floats) -> float:
        """Return the calibrated log10 likelihood ratio of one user against two; NaN for unknown.

        `kept` [n, D], `probe` [D], float32. Unknown are none kept, a probe of another net than
        the kept ones, and what is not finite. Source: `plda.llr_of_kept`, and a line fitted on
        users whom the net that gave the scores had not seen (models_onnx/manifest.toml).
        """
        model = self._by_width.get(probe.shape[-1])
        if model is None or not len(kept) or kept.shape[1:] != probe.shape:
            return math.nan
        if not (np.isfinite(kept).all() and np.isfinite(probe).all()):
            return math.nan
        own, other = kept.astype(np.float64), probe[np.newaxis].astype(np.float64)
        natural = llr_of_kept(own, other, model.between)
        own.fill(0)
        found = model.offset + model.slope * float(natural[0])
        return found if math.isfinite(found) else math.nan


def _open(models: Models, name: str) -> _Model:
    session = models.open(name)
    shape = session.get_inputs()[0].shape
    nothing = np.zeros((1, *shape[1:]), dtype=np.float32)
    between = np.asarray(session.run(["between"], {"taps": nothing})[0], dtype=np.float64)
    offset, slope = models.calibration(name)
    if not (np.isfinite(between).all() and (between > 0).all() and slope > 0):
        raise ModelMismatch(f"{name}: between and slope are not above 0")
    return _Model(session, between, offset, slope)
