"""What the unit itself runs, on people whom its models never saw, and how long it takes."""

import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from edge_atm.assurance.likelihood import cllr, cllr_min
from edge_atm.assurance.resampling import Impostors, interval_95, resampled_counts
from edge_atm.assurance.touch_design import ENROLLED, Design
from edge_atm.assurance.touch_eer import Tried
from edge_atm.assurance.touch_models import Scorer
from edge_atm.assurance.touch_trial import Task, same_for_all
from edge_atm.models import Models
from edge_atm.policy.habit import LLR_LOG10_MIN
from edge_atm.taps import TAPS_MAX, Entry, Tap
from edge_atm.touch import plda
from edge_atm.touch.features import Doubles, Level, sequence
from edge_atm.touch.habit import NAMES, Habits

RELEASED = "released"
TIMES = 300
KEPT = 20


def by_released(models: Models, level: Level, taps: Doubles) -> Scorer:
    """Return natural log likelihood ratios of the released model for `taps` [N, T, 6]."""
    session = models.open(NAMES[level, taps.shape[1]])

    def scores(design: Design) -> Doubles:
        told = sequence(taps, level)
        habits, between = session.run(["habit", "between"], {"taps": told})
        kept, probes = habits[design.enrolled], habits[design.probes].astype(np.float64)
        variances = between.astype(np.float64)
        # As `Habits.llr_log10` does, but for its line, which changes no order.
        rows = [plda.llr_of_kept(own.astype(np.float64), probes, variances) for own in kept]
        return np.stack(rows)

    return scores


def released_tasks(models: Models, tasks: list[Task], taps: Doubles) -> Iterator[Task]:
    """Yield for each PLDA of timing on StrokePIN the same with the released model.

    `taps` [N, 6, 6] of the set. That model was trained on the timing of other sets' people.
    """
    for task in tasks:
        level = Level[task.level.upper()]
        known = (level, task.taps) in NAMES
        if task.of_set == "strokepin" and task.model == "plda" and known:
            scorer = by_released(models, level, taps[:, : task.taps])
            yield replace(task, model=RELEASED, scorers=same_for_all(scorer))


def calibration_figures(models: Models, tasks: Sequence[Task]) -> Iterator[dict[str, object]]:
    """Yield how the released calibration does where the PIN is known, five entries enrolled.

    What the unit does with one entry: Cllr, and how many fall below the unit's own gate.
    """
    for task in tasks:
        whole = task.model == RELEASED and len(task.enrolled) == ENROLLED
        if not (whole and "same_pin" in task.protocols):
            continue
        offset, slope = models.calibration(NAMES[Level[task.level.upper()], task.taps])
        folds = task.tried()["same_pin"]
        genuine, impostor = (
            offset + slope * np.concatenate([f.scores[f.genuine == own] for f in folds])
            for own in (True, False)
        )
        yield {
            "level": task.level,
            "taps": task.taps,
            "cllr": cllr(genuine, impostor),
            "cllr_min": cllr_min(genuine, impostor),
            "gate_log10": LLR_LOG10_MIN,
            "genuine_below": _below(folds, (LLR_LOG10_MIN - offset) / slope, own=True),
            "impostor_below": _below(folds, (LLR_LOG10_MIN - offset) / slope, own=False),
        }


def _below(folds: Sequence[Tried], gate: float, own: bool) -> dict[str, object]:
    """Return the share of scores below `gate`, with its interval over users."""
    starts = np.cumsum([0, *(fold.users for fold in folds)])
    below, claimed, typed = [], [], []
    for fold, start in zip(folds, starts, strict=False):
        assert fold.typed is not None
        rows = fold.genuine == own
        below.append(fold.scores[rows] < gate)
        claimed.append(fold.claimed[rows] + start)
        typed.append(fold.typed[rows] + start)
    values = np.concatenate(below).astype(np.float64)
    right = None if own else np.concatenate(typed)
    counts = resampled_counts(*(fold.users for fold in folds))
    resampled = Impostors(values, np.concatenate(claimed), right).mean(counts, values)
    rate = float(values.mean())
    return {"rate": rate, "interval_95": interval_95(rate, resampled), "n": len(values)}


def unit_figures(models: Models) -> dict[str, object]:
    """Return the CPU time of one entry of six taps against the most that a unit keeps of a user."""
    habits = Habits(models)
    down = [0.31 * number for number in range(TAPS_MAX)]
    entry = Entry(
        "471147", tuple(Tap(key, at, at + 0.09) for key, at in zip("471147", down, strict=True))
    )
    one = habits.embed(entry)
    assert one is not None
    kept = np.stack([one] * KEPT)
    seconds = []
    for _ in range(TIMES):
        begun = time.process_time()
        probe = habits.embed(entry)
        assert probe is not None
        habits.llr_log10(kept, probe)
        seconds.append(time.process_time() - begun)
    return {
        "milliseconds_per_entry": 1000 * statistics.median(seconds),
        "times": TIMES,
        "entries_kept": KEPT,
    }
