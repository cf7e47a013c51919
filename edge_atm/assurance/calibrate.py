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
FMR_MAX = 1e-4
SPACE = "trial"


@dataclass(frozen=True, slots=True, eq=False)
class Sessions:
    """Fused scores of people against themselves and against others."""

    genuine: Scores
    impostor: Scores
    people: int
    strangers: int


def mean_of_people(pictures: Iterable[Picture]) -> tuple[Floats, int]:
    """Return the mean of the people's mean embeddings, float32 [512], and how many they are."""
    people = _vectors_by_person(p for p in pictures if is_fit(p.person))
    means = [np.mean(vectors, axis=0) for vectors in people.values()]
    return np.asarray(np.mean(means, axis=0), dtype=np.float32), len(means)


def sessions(pictures: Iterable[Picture], mean: Floats, fit: bool) -> Sessions:
    """Draw sessions of the fit people, or of all others, through the product's own matcher."""
    people = _vectors_by_person(p for p in pictures if is_fit(p.person) == fit)
    needed = TEMPLATE_PHOTOS + PROBE_PHOTOS
    enrolled = sorted(person for person, vectors in people.items() if len(vectors) >= needed)
    strangers = [Embedding(people[p][0], SPACE) for p in sorted(people.keys() - set(enrolled))]
    genuine: list[float] = []
    impostor: list[float] = []
    random = np.random.default_rng(2026)
    for draw in range(DRAWS):
        for person in enrolled:
            order = random.permutation(len(people[person]))
            photos = [Embedding(people[person][i], SPACE) for i in order[:needed]]
            template, probe = fuse(photos[:TEMPLATE_PHOTOS]), fuse(photos[TEMPLATE_PHOTOS:])
            genuine.append(cosine(template, probe, mean))
            if draw == 0:
                impostor += [cosine(template, stranger, mean) for stranger in strangers]
    return Sessions(np.array(genuine), np.array(impostor), len(enrolled), len(strangers))


def fitted(found: Sessions) -> dict[str, float]:
    """Return offset and slope of log10 LR, its clip, and the lowest score that may match."""
    natural = _logistic(found.genuine, found.impostor)
    offset, slope = natural / np.log(10)
    return {
        "LLR_OFFSET": float(offset),
        "LLR_SLOPE": float(slope),
        # No more evidence than strangers were seen (Vergeer et al. 2016, in the spirit of ELUB).
        "LLR_LOG10_MAX": float(np.log10(found.strangers)),
        "SCORE_MIN": float(np.quantile(found.impostor, 1 - FMR_MAX, method="higher")),
    }


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
        step = np.linalg.solve(curvature, gradient)
        beta = beta + step
        if np.abs(step).max() < 1e-9:
            break
    return beta


def _vectors_by_person(pictures: Iterable[Picture]) -> dict[str, list[Floats]]:
    people: dict[str, dict[str, Floats]] = defaultdict(dict)
    for picture in pictures:
        if picture.vector is not None:
            # Data sets share photographs; by its name each counts once.
            people[picture.person][picture.path.name] = picture.vector
    return {person: list(vectors.values()) for person, vectors in people.items()}
