"""FNMR at fixed FMR of one way to keep a template, and what it loses against another."""

from dataclasses import dataclass

import numpy as np

from edge_atm.assurance.rates import (
    Scores,
    measurable,
    not_measurable,
    rule_of_three,
    threshold_at,
)
from edge_atm.assurance.resampling import Impostors, Indices, interval_95, resampled_misses
from edge_atm.policy.calibration import SCORE_MIN

FMRS = (1e-2, 1e-3, 1e-4)


@dataclass(frozen=True, slots=True, eq=False)
class Missed:
    """FNMR where FMR is `rate`, and in each of the same resamples of people."""

    rate: float
    threshold: float
    fnmr: float
    resampled: Scores


@dataclass(frozen=True, slots=True, eq=False)
class Comparisons:
    """Scores of own and of other people; all must be finite.

    `genuine`, `person` [n]: scores and whose; `counts` [resamples, people]: how often each person
    was drawn. `n_genuine`, `n_impostor`: different comparisons, without those of other draws.
    """

    genuine: Scores
    person: Indices
    impostors: Impostors
    counts: Scores
    n_genuine: int
    n_impostor: int

    def __post_init__(self) -> None:
        # A NaN is below no threshold: it would count as matched.
        assert np.isfinite(self.genuine).all()
        assert np.isfinite(self.impostors.scores).all()

    def missed(self, rate: float) -> Missed | None:
        """Return FNMR at FMR `rate`, None when so few comparisons cannot show it."""
        if not measurable(self.n_impostor, rate):
            return None
        threshold = threshold_at(self.impostors.scores, rate)
        thresholds = self.impostors.thresholds(self.counts, rate)
        resampled = resampled_misses(self.genuine, self.person, self.counts, thresholds)
        return Missed(rate, threshold, float((self.genuine < threshold).mean()), resampled)

    def figures(self, missed: Missed | None, rate: float, base: Missed | None) -> dict[str, object]:
        """Return one FMR's figures as JSON holds them, with the loss against `base` if given."""
        if missed is None:
            return {"fmr": rate, "fnmr": None, "note": not_measurable("FMR")}
        errors = int((self.genuine < missed.threshold).sum())
        found: dict[str, object] = {
            "fmr": rate,
            "threshold": missed.threshold,
            "fnmr": missed.fnmr,
            "interval_95": interval_95(missed.fnmr, missed.resampled),
            "errors": errors,
            "comparisons": len(self.genuine),
            **rule_of_three(errors, len(np.unique(self.person))),
        }
        return found | (_loss(missed, base) if base else {})

    def at_score_min(self) -> dict[str, object]:
        """Return how many comparisons of different people reach the unit's own threshold."""
        accepted = self.impostors.scores >= SCORE_MIN
        fmr = float(accepted.mean())
        resampled = self.impostors.mean(self.counts, accepted.astype(np.float64))
        return {
            "threshold": SCORE_MIN,
            "fmr": fmr,
            "fmr_interval_95": interval_95(fmr, resampled),
            "false_matches": int(accepted.sum()),
            "impostor_comparisons": len(accepted),
            **rule_of_three(int(accepted.sum()), self.n_impostor, "fmr_upper_95"),
        }


def _loss(missed: Missed, base: Missed) -> dict[str, object]:
    # Of the same resamples, so what both find hard cancels out.
    points = 100 * (missed.fnmr - base.fnmr)
    resampled = 100 * (missed.resampled - base.resampled)
    return {"loss_points": points, "loss_points_interval_95": interval_95(points, resampled)}
