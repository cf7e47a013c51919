"""Fits the constants of policy/calibration.py on fit people, and checks them on the others."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edge_atm.assurance.acquisition import Picture
from edge_atm.assurance.likelihood import Fit, quality_of_scores
from edge_atm.assurance.people import is_fit
from edge_atm.assurance.rates import Scores, measurable, threshold_at
from edge_atm.assurance.sessions import compared, draw, found, score
from edge_atm.records import Floats

# A template of five photographs against a probe of three others, taken on other days: further
# apart than the frames of one look, so the constants err towards refusing.
TEMPLATE_PHOTOS, PROBE_PHOTOS = 5, 3
# The smallest rates that so many comparisons can show (n >= 3 / rate).
FUSED_FMR, STRANGER_FMR = 1e-3, 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Sessions:
    """Scores of people against themselves, fused probes of others, and strangers' single photos.

    All draws; `n_fused` is how many comparisons of fused probes one draw holds.
    """

    genuine: Scores
    fused: Scores
    single: Scores
    n_fused: int
    people: int
    strangers: int


def mean_of_people(pictures: Iterable[Picture]) -> tuple[Floats, int]:
    """Return the mean of the people's mean embeddings, float32 [512], and how many they are.

    Of fit people only. Raises ValueError when there is none.
    """
    people = found(p for p in pictures if is_fit(p.person))
    if not people:
        raise ValueError("there is no picture of anybody who may be fitted on")
    means = [np.mean([p.vector for p in photos], axis=0) for photos in people.values()]
    return np.asarray(np.mean(means, axis=0), dtype=np.float32), len(means)


def sessions(pictures: Sequence[Picture], mean: Floats, fit: bool) -> Sessions:
    """Draw sessions of the fit people, or of all others, through the product's own matcher.

    Raises ValueError when fewer than two people have enough photographs, or nobody else is there.
    """
    people = found(p for p in pictures if is_fit(p.person) == fit)
    drawn = draw(people, {}, TEMPLATE_PHOTOS, PROBE_PHOTOS)
    scored = score(drawn, mean)
    enough = TEMPLATE_PHOTOS + PROBE_PHOTOS
    first = [photos[0].vector for photos in people.values() if len(photos) < enough]
    if not first:
        raise ValueError("everybody is enrolled, so there is no stranger")
    fused = np.isfinite(scored.others)
    return Sessions(
        scored.genuine.ravel(),
        scored.others[fused].astype(np.float64),
        compared(drawn.templates[0], np.stack(first), mean).astype(np.float64).ravel(),
        int(fused[0].sum()),
        drawn.enrolled,
        len(first),
    )


def fitted(drawn: Sessions) -> dict[str, float]:
    """Return offset and slope of log10 LR, its clip, and the lowest score that may match.

    Raises ValueError when the scores part completely or are too few for the rates.
    """
    natural = logistic(drawn.genuine, np.concatenate([drawn.fused, drawn.single]))
    offset, slope = natural / np.log(10)
    counts = ((drawn.n_fused, FUSED_FMR), (len(drawn.single), STRANGER_FMR))
    for count, rate in counts:
        if not measurable(count, rate):
            raise ValueError(f"{count} comparisons cannot show a rate of {rate}")
    limits = threshold_at(drawn.fused, FUSED_FMR), threshold_at(drawn.single, STRANGER_FMR)
    return {
        "LLR_OFFSET": float(offset),
        "LLR_SLOPE": float(slope),
        # No more evidence than strangers were seen (Vergeer et al. 2016, in the spirit of ELUB).
        "LLR_LOG10_MAX": float(np.log10(drawn.strangers)),
        "SCORE_MIN": max(limits),
    }


def half_figures(drawn: Sessions, constants: Mapping[str, float]) -> dict[str, object]:
    """Return how many reach the fitted SCORE_MIN, and how well fused scores are calibrated.

    The latter with the released constants and with the fitted ones.
    """
    figures: dict[str, object] = {"people": drawn.people, "strangers": drawn.strangers}
    for kind in ("genuine", "fused", "single"):
        scores = getattr(drawn, kind)
        reached = int((scores >= constants["SCORE_MIN"]).sum())
        figures |= {kind: len(scores), f"{kind}_matched": reached}
    fit = Fit(constants["LLR_OFFSET"], constants["LLR_SLOPE"], constants["LLR_LOG10_MAX"])
    return figures | {
        "n_fused": drawn.n_fused,
        "score_quality": quality_of_scores(drawn.genuine, drawn.fused),
        "score_quality_fitted": quality_of_scores(drawn.genuine, drawn.fused, fit),
    }


def logistic(genuine: Scores, impostor: Scores) -> Scores:
    """Return offset and slope of the natural log likelihood ratio: float64 [2].

    Newton's method on the log-likelihood, both classes weighted alike, so that the fitted log odds
    are a likelihood ratio. Raises ValueError when the scores part completely.
    """
    scores = np.concatenate([genuine, impostor])
    design = np.stack([np.ones_like(scores), scores], axis=1)
    target = np.concatenate([np.ones_like(genuine), np.zeros_like(impostor)])
    weight = np.where(target == 1, 0.5 / len(genuine), 0.5 / len(impostor))
    beta = np.zeros(2)
    for _ in range(50):
        chance = 1 / (1 + np.exp(-design @ beta))
        gradient = design.T @ (weight * (target - chance))
        curvature = (design * (weight * chance * (1 - chance))[:, None]).T @ design
        # Without overlap the slope grows without end and the curvature vanishes.
        if not np.linalg.det(curvature) > np.finfo(float).eps:
            break
        step = np.linalg.solve(curvature, gradient)
        beta = beta + step
        if np.abs(step).max() < 1e-9:
            return beta
    raise ValueError("genuine and impostor scores part completely: there is no ratio to fit")
