"""Fits the constants of policy/calibration.py on fit people, and checks them on the others."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_atm.assurance.people import Picture, is_fit
from edge_atm.policy.match import cosine, fuse
from edge_atm.records import Embedding, Floats

Scores = NDArray[np.float64]

# A template of five photographs against a probe of three others, taken on other days: further
# apart than the frames of one look, so the constants err towards refusing.
TEMPLATE_PHOTOS, PROBE_PHOTOS = 5, 3
DRAWS = 20
# The smallest rates that so many comparisons can show (n >= 3 / rate).
FUSED_FMR, STRANGER_FMR = 1e-3, 1e-4
SPACE = "trial"


@dataclass(frozen=True, slots=True, eq=False)
class Sessions:
    """Scores of people against themselves, fused probes of others, and strangers' single photos."""

    genuine: Scores
    fused: Scores
    single: Scores
    people: int
    strangers: int


def mean_of_people(pictures: Iterable[Picture]) -> tuple[Floats, int]:
    """Return the mean of the people's mean embeddings, float32 [512], and how many they are.

    Of fit people only. Raises ValueError when there is none.
    """
    people = _vectors_by_person(p for p in pictures if is_fit(p.person))
    if not people:
        raise ValueError("there is no picture of anybody who may be fitted on")
    means = [np.mean(vectors, axis=0) for vectors in people.values()]
    return np.asarray(np.mean(means, axis=0), dtype=np.float32), len(means)


def sessions(pictures: Iterable[Picture], mean: Floats, fit: bool) -> Sessions:
    """Draw sessions of the fit people, or of all others, through the product's own matcher.

    Raises ValueError when fewer than two people have enough photographs, or nobody else is there.
    """
    people = _vectors_by_person(p for p in pictures if is_fit(p.person) == fit)
    needed = TEMPLATE_PHOTOS + PROBE_PHOTOS
    enrolled = sorted(person for person, vectors in people.items() if len(vectors) >= needed)
    others = sorted(people.keys() - set(enrolled))
    if len(enrolled) < 2 or not others:
        raise ValueError(
            f"{len(enrolled)} people with {needed} photographs and {len(others)} others"
        )
    strangers = [Embedding(people[p][0], SPACE) for p in others]
    random = np.random.default_rng(2026)
    drawn = [[_drawn(people[p], random) for p in enrolled] for _ in range(DRAWS)]
    genuine = [cosine(template, probe, mean) for draw in drawn for template, probe in draw]
    first = drawn[0]
    fused = [
        cosine(template, probe, mean)
        for i, (template, _) in enumerate(first)
        for j, (_, probe) in enumerate(first)
        if i != j
    ]
    single = [cosine(template, s, mean) for template, _ in first for s in strangers]
    counts = len(enrolled), len(strangers)
    return Sessions(np.array(genuine), np.array(fused), np.array(single), *counts)


def fitted(found: Sessions) -> dict[str, float]:
    """Return offset and slope of log10 LR, its clip, and the lowest score that may match."""
    natural = _logistic(found.genuine, np.concatenate([found.fused, found.single]))
    offset, slope = natural / np.log(10)
    return {
        "LLR_OFFSET": float(offset),
        "LLR_SLOPE": float(slope),
        # No more evidence than strangers were seen (Vergeer et al. 2016, in the spirit of ELUB).
        "LLR_LOG10_MAX": float(np.log10(found.strangers)),
        "SCORE_MIN": max(_above(found.fused, FUSED_FMR), _above(found.single, STRANGER_FMR)),
    }


def _drawn(vectors: list[Floats], random: np.random.Generator) -> tuple[Embedding, Embedding]:
    order = random.permutation(len(vectors))
    photos = [Embedding(vectors[i], SPACE) for i in order[: TEMPLATE_PHOTOS + PROBE_PHOTOS]]
    return fuse(photos[:TEMPLATE_PHOTOS]), fuse(photos[TEMPLATE_PHOTOS:])


def _above(impostor: Scores, rate: float) -> float:
    # The lowest score that at most this share of impostors reach.
    if len(impostor) < 3 / rate:
        raise ValueError(f"{len(impostor)} comparisons cannot show a rate of {rate}")
    let_in = int(rate * len(impostor))
    return float(np.nextafter(np.sort(impostor)[::-1][let_in], np.inf))


def _logistic(genuine: Scores, impostor: Scores) -> NDArray[np.float64]:
    # Newton's method on the log-likelihood, both classes weighted alike, so that the fitted
    # log odds are a log likelihood ratio.
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


def _vectors_by_person(pictures: Iterable[Picture]) -> dict[str, list[Floats]]:
    people: dict[str, dict[str, Floats]] = defaultdict(dict)
    for picture in pictures:
        if picture.vector is not None:
            # Data sets share photographs; by its name each counts once.
            people[picture.person][picture.path.name] = picture.vector
    return {person: list(vectors.values()) for person, vectors in people.items()}
