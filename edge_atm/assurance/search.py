"""1:N figures: searches of galleries of N people, by their own and by strangers."""

from dataclasses import dataclass

import numpy as np

from edge_atm.assurance.rates import (
    Scores,
    measurable,
    not_measurable,
    rule_of_three,
    threshold_at,
)
from edge_atm.assurance.resampling import (
    Impostors,
    Indices,
    interval_95,
    resampled_counts,
    resampled_misses,
)
from edge_atm.assurance.sessions import SEED, Scored
from edge_atm.policy.calibration import SCORE_MIN
from edge_atm.records import Floats

GALLERIES = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
FPIR = 1e-2


@dataclass(frozen=True, slots=True, eq=False)
class Mated:
    """Searches by people who are in the gallery: own scores, whose, and how often resampled."""

    scores: Scores
    person: Indices
    counts: Scores

    def misses(self, threshold: float, thresholds: Scores) -> dict[str, object]:
        """Return FNIR at `threshold`; `thresholds` are those of the resamples."""
        fnir = float((self.scores < threshold).mean())
        resampled = resampled_misses(self.scores, self.person, self.counts, thresholds)
        errors = int((self.scores < threshold).sum())
        return {
            "threshold": threshold,
            "fnir": fnir,
            "fnir_interval_95": interval_95(fnir, resampled),
            **rule_of_three(errors, self.counts.shape[1]),
        }


def searches(scored: Scored) -> list[dict[str, object]]:
    """Return FNIR and FPIR for galleries of several sizes, the last with all that are enrolled.

    A mated search misses when the right one is not first or below the threshold; a non-mated one
    is a false positive when the highest score reaches it. Smaller galleries are drawn anew in
    each draw. Intervals: the people who search are resampled, the galleries stay.
    """
    everybody = scored.sessions.enrolled
    sizes = [size for size in GALLERIES if size < everybody]
    return [_gallery(scored, size) for size in (*sizes, everybody)]


def _gallery(scored: Scored, size: int) -> dict[str, object]:
    drawn = scored.sessions
    random = np.random.default_rng(SEED)
    chosen = [random.permutation(drawn.enrolled)[:size] for _ in scored.mated]
    each = zip(scored.mated, chosen, strict=True)
    mated = [_mated(table, gallery, drawn.mated_person) for table, gallery in each]
    own, person = (np.concatenate(part) for part in zip(*mated, strict=True))
    stranger = drawn.others_person >= drawn.enrolled
    found: dict[str, object] = {
        "gallery": size,
        "n_mated": len(own) // len(mated),
        "n_non_mated": int(stranger.sum()),
        "people_mated": drawn.enrolled,
        "people_non_mated": drawn.strangers,
    }
    if not stranger.any():
        return found | {"note": "not measurable: no strangers"}
    tables = zip(scored.others, chosen, strict=False)
    highest = np.array([table[gallery][:, stranger].max(axis=0) for table, gallery in tables])
    who = np.tile(drawn.others_person[stranger] - drawn.enrolled, len(highest))
    non_mated = Impostors(highest.ravel().astype(np.float64), who, None)
    counts = resampled_counts(drawn.enrolled, drawn.strangers)
    looking = Mated(own, person, counts[:, : drawn.enrolled])
    return found | _rates(looking, non_mated, counts[:, drawn.enrolled :], int(stranger.sum()))


def _rates(
    mated: Mated, non_mated: Impostors, counts: Scores, n_non_mated: int
) -> dict[str, object]:
    positive = non_mated.scores >= SCORE_MIN
    fpir = float(positive.mean())
    resampled = non_mated.mean(counts, positive.astype(np.float64))
    at_score_min = {
        "fpir": fpir,
        "fpir_interval_95": interval_95(fpir, resampled),
        **rule_of_three(int(positive.sum()), counts.shape[1], "fpir_upper_95"),
        **mated.misses(SCORE_MIN, np.full(len(counts), SCORE_MIN)),
    }
    at_fpir: dict[str, object] = {"fpir": FPIR, "fnir": None, "note": not_measurable("FPIR")}
    if measurable(n_non_mated, FPIR):
        thresholds = non_mated.thresholds(counts, FPIR)
        found = mated.misses(threshold_at(non_mated.scores, FPIR), thresholds)
        at_fpir = {"fpir": FPIR, **found}
    return {"at_fpir": at_fpir, "at_score_min": at_score_min}


def _mated(table: Floats, gallery: Indices, person: Indices) -> tuple[Scores, Indices]:
    # Each gallery member's own score, -inf where somebody else's is as high: never found then.
    probes = np.flatnonzero(np.isin(person, gallery))
    own = table[person[probes], probes].astype(np.float64)
    rest = table[gallery][:, probes].astype(np.float64)
    rest[gallery[:, None] == person[probes][None]] = -np.inf
    return np.where(own > rest.max(axis=0), own, -np.inf), person[probes]
