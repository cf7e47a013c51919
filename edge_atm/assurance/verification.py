"""1:1 figures of scored sessions: FNMR at FMR, EER, rates at the unit's own threshold."""

import numpy as np

from edge_atm.assurance.likelihood import RELEASED, costs, quality_of_scores
from edge_atm.assurance.rates import (
    Scores,
    equal_error_rate,
    measurable,
    not_measurable,
    rule_of_three,
    threshold_at,
)
from edge_atm.assurance.resampling import (
    Impostors,
    interval_95,
    resampled_counts,
    resampled_misses,
)
from edge_atm.assurance.sessions import Scored
from edge_atm.policy.calibration import SCORE_MIN

FMRS = (1e-2, 1e-3, 1e-4, 1e-5)


class Verification:
    """Genuine and impostor scores of sessions with who they are of, and 1,000 resamples of people.

    A resample draws enrolled people and strangers anew, each group keeping its size, and a
    threshold at an FMR is found anew in each.
    """

    def __init__(self, scored: Scored) -> None:
        drawn = scored.sessions
        self.people = drawn.enrolled
        self.counts = resampled_counts(drawn.enrolled, drawn.strangers)
        self.person = drawn.mated_person
        self.genuine = scored.genuine
        kept = np.isfinite(scored.others)
        _, left, probe = np.nonzero(kept)
        others = scored.others[kept].astype(np.float64)
        self.impostors = Impostors(others, left, drawn.others_person[probe])
        # Draws of the same people say nothing new about how many comparisons there are.
        self.n_impostor = int(kept[0].sum())
        self.n_genuine = self.genuine.shape[1]
        # Unit vectors away from the mean give no NaN.
        assert np.isfinite(self.genuine).all()
        self._at_rates: dict[float, dict[str, object]] = {}

    def figures(self) -> dict[str, object]:
        """Return the figures as JSON holds them (docs/trials.md)."""
        return {
            "n_genuine": self.n_genuine,
            "n_impostor": self.n_impostor,
            "eer": equal_error_rate(self.genuine.ravel(), self.impostors.scores),
            "fnmr_at_fmr": [self._at_rate(rate) for rate in FMRS],
            "at_score_min": self._at_score_min(),
            "score_quality": self._score_quality(),
        }

    def det(self) -> list[dict[str, object]]:
        """Return FNMR with its interval at FMRs from 1e-2 down to the lowest measurable one."""
        rates = (10**exponent for exponent in np.arange(-2, -9, -0.5).tolist())
        return [self._at_rate(rate) for rate in rates if measurable(self.n_impostor, rate)]

    def _at_rate(self, rate: float) -> dict[str, object]:
        if rate not in self._at_rates:
            self._at_rates[rate] = self._measured_at(rate)
        return self._at_rates[rate]

    def _measured_at(self, rate: float) -> dict[str, object]:
        if not measurable(self.n_impostor, rate):
            return {"fmr": rate, "fnmr": None, "note": not_measurable("FMR")}
        threshold = threshold_at(self.impostors.scores, rate)
        resampled = self.impostors.thresholds(self.counts, rate)
        return {"fmr": rate, "threshold": threshold} | self._fnmr(threshold, resampled)

    def _fnmr(self, threshold: float, resampled: Scores) -> dict[str, object]:
        missed = self.genuine < threshold
        estimate = float(missed.mean())
        found: dict[str, object] = {
            "fnmr": estimate,
            "interval_95": interval_95(estimate, self._missed(resampled)),
            "errors": int(missed.sum()),
            "comparisons": missed.size,
            "people_with_errors": len(np.unique(self.person[missed.any(axis=0)])),
        }
        return found | rule_of_three(int(missed.sum()), self.people)

    def _missed(self, thresholds: Scores) -> Scores:
        people = np.tile(self.person, len(self.genuine))
        return resampled_misses(
            self.genuine.ravel(), people, self.counts[:, : self.people], thresholds
        )

    def _at_score_min(self) -> dict[str, object]:
        accepted = self.impostors.scores >= SCORE_MIN
        fmr = float(accepted.mean())
        resampled = self.impostors.mean(self.counts, accepted.astype(np.float64))
        fixed = np.full(len(self.counts), SCORE_MIN)
        matches = {
            "threshold": SCORE_MIN,
            "fmr": fmr,
            "fmr_interval_95": interval_95(fmr, resampled),
            "false_matches": int(accepted.sum()),
            "impostor_comparisons": len(accepted),
            **rule_of_three(int(accepted.sum()), self.n_impostor, "fmr_upper_95"),
        }
        return matches | self._fnmr(SCORE_MIN, fixed)

    def _score_quality(self) -> dict[str, object]:
        found = quality_of_scores(self.genuine.ravel(), self.impostors.scores)
        bits = costs(RELEASED.clipped(self.genuine), genuine=True).sum(axis=0)
        each = np.bincount(self.person, bits, self.people)
        sizes = np.bincount(self.person, minlength=self.people) * len(self.genuine)
        enrolled = self.counts[:, : self.people]
        genuine = (enrolled @ each) / (enrolled @ sizes)
        others = costs(RELEASED.clipped(self.impostors.scores), genuine=False)
        impostor = self.impostors.mean(self.counts, others)
        cllr = found["cllr"]
        assert isinstance(cllr, float)
        return found | {"cllr_interval_95": interval_95(cllr, (genuine + impostor) / 2)}
