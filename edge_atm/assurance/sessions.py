"""Draws what the unit would see: templates of several photographs, probes of others."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_atm.assurance.acquisition import Picture
from edge_atm.assurance.rates import Scores
from edge_atm.policy.match import fuse, scores
from edge_atm.records import Floats

DRAWS = 20
SEED = 2026
# Bounds of memory and time for large folders: templates or probes of all draws, scores of the
# enrolled, and all others.
VECTORS_MAX = 100_000
MATED_MAX = 20_000_000
COMPARISONS_MAX = 2_000_000
# One measurement holds embeddings of one model only.
SPACE = "trial"

Photos = Mapping[str, Sequence[Picture]]
# Scores templates [N, 512] against probes [M, 512], both uncentred, with the mean: [N, M].
Compare = Callable[[Floats, Floats, Floats], Floats]


@dataclass(frozen=True, slots=True, eq=False)
class Sessions:
    """Uncentred templates and probes of people, in several random draws.

    People are numbered: the enrolled first, then the others. `templates`: float32 [draws, enrolled,
    512]. `mated`: [draws, probes, 512] of the enrolled, `mated_person` [probes] says whose.
    `others`: [draws, probes, 512] or [1, probes, 512] of everybody, `others_person` likewise.
    """

    enrolled: int
    strangers: int
    templates: Floats
    mated: Floats
    mated_person: NDArray[np.int64]
    others: Floats
    others_person: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Cosines of sessions.

    `mated`: float32 [draws, enrolled, probes]: each enrolled person's probes against every
    template. `others`: [draws, enrolled, probes]: everybody's probes; a person's own are NaN.
    """

    sessions: Sessions
    mated: Floats
    others: Floats

    @property
    def genuine(self) -> Scores:
        """Each probe against its own template, [draws, probes]."""
        person = self.sessions.mated_person
        return self.mated[:, person, np.arange(len(person))].astype(np.float64)


def found(pictures: Iterable[Picture]) -> dict[str, list[Picture]]:
    """Return each person's different pictures that gave a face; people without any are left out.

    A photograph that is there twice would be in the template and the probe.
    """
    people: dict[str, dict[bytes, Picture]] = {}
    for picture in pictures:
        if picture.sample.vectors is not None:
            people.setdefault(picture.person, {}).setdefault(picture.vector.tobytes(), picture)
    return {person: list(photos.values()) for person, photos in people.items()}


def draw(enrolled: Photos, strangers: Photos, template: int, probe: int) -> Sessions:
    """Draw templates of `template` photographs, and probes of `probe` others of the same person.

    Probes of one photograph: all that are left of a person, and all of everybody else's. Fused
    probes: one a person in each draw, of strangers who have so many. Raises ValueError when fewer
    than two people have enough photographs, or a stranger is also enrolled.
    """
    names = _enough(enrolled, template + probe)
    few = {p: photos for p, photos in enrolled.items() if p not in set(names)}
    others = {p: v for p, v in sorted({**strangers, **few}.items()) if len(v) >= probe}
    if clash := others.keys() & set(names):
        raise ValueError(f"{len(clash)} people are both enrolled and strangers")
    random = np.random.default_rng(SEED)
    left = sum(len(enrolled[name]) - template for name in names) if probe == 1 else len(names)
    fused = len(names) + len(others) if probe > 1 else 0
    draws = _draws(len(names), left, fused)
    templates, mated = [], []
    for _ in range(draws):
        orders = [(enrolled[name], random.permutation(len(enrolled[name]))) for name in names]
        templates.append([_fused(v, order[:template]) for v, order in orders])
        mated.append([_probes(v, order[template:], probe) for v, order in orders])
    whose = np.repeat(np.arange(len(names)), [len(probes) for probes in mated[0]])
    probes = np.array([[vector for some in one for vector in some] for one in mated], np.float32)
    if probe == 1:
        groups = [enrolled[name] for name in names] + list(others.values())
        everybody = np.array([[p.vector for photos in groups for p in photos]], np.float32)
        number = np.repeat(np.arange(len(groups)), [len(photos) for photos in groups])
    else:
        each = [
            [_fused(v, random.permutation(len(v))[:probe]) for v in others.values()] for _ in mated
        ]
        theirs = np.array(each, np.float32).reshape(draws, len(others), probes.shape[2])
        everybody = np.concatenate([probes, theirs], axis=1)
        number = np.concatenate([whose, len(names) + np.arange(len(others))])
    return Sessions(
        len(names), len(others), np.array(templates, np.float32), probes, whose, everybody, number
    )


def _enough(people: Photos, photographs: int) -> list[str]:
    names = sorted(person for person, photos in people.items() if len(photos) >= photographs)
    if len(names) < 2:
        raise ValueError(
            f"{len(names)} people with {photographs} photographs of which a face was found; "
            "two are needed"
        )
    return names


def _draws(enrolled: int, probes: int, fused: int) -> int:
    vectors = max(enrolled, probes, fused)
    return max(1, min(DRAWS, VECTORS_MAX // vectors, MATED_MAX // (enrolled * probes)))


def score(drawn: Sessions, mean: Floats, compare: Compare | None = None) -> Scored:
    """Compare all probes with all templates, by the product's own 1:N kernel unless told otherwise.

    Beyond COMPARISONS_MAX fewer draws are compared, then fewer probes of others.
    """
    compare = compare or compared
    enrolled, probes = drawn.enrolled, len(drawn.others_person)
    draws = max(1, min(len(drawn.templates), COMPARISONS_MAX // (enrolled * probes)))
    kept = np.arange(probes)
    if enrolled * probes > COMPARISONS_MAX:
        few = max(1, COMPARISONS_MAX // enrolled)
        kept = np.sort(np.random.default_rng(SEED).permutation(probes)[:few])
    person = drawn.others_person[kept]
    drawn = Sessions(
        enrolled, drawn.strangers, drawn.templates, drawn.mated, drawn.mated_person,
        drawn.others[:, kept], person,
    )  # fmt: skip
    mated = np.stack(
        [compare(t, p, mean) for t, p in zip(drawn.templates, drawn.mated, strict=True)]
    )
    if len(drawn.others) == 1:
        flat = drawn.templates[:draws].reshape(-1, drawn.templates.shape[2])
        others = compare(flat, drawn.others[0], mean).reshape(draws, enrolled, len(kept))
    else:
        pairs = zip(drawn.templates[:draws], drawn.others[:draws], strict=True)
        others = np.stack([compare(t, p, mean) for t, p in pairs])
    own = np.arange(enrolled)[:, None] == person[None]
    others[:, own] = np.nan
    return Scored(drawn, mated, others)


def compared(templates: Floats, probes: Floats, mean: Floats) -> Floats:
    """Return the cosine of every template with every probe, float32 [templates, probes]."""
    return np.stack([scores(templates, probe, mean) for probe in probes], axis=1)


def _probes(photos: Sequence[Picture], order: NDArray[np.int64], probe: int) -> list[Floats]:
    if probe == 1:
        return [photos[i].vector for i in order]
    return [_fused(photos, order[:probe])]


def _fused(photos: Sequence[Picture], order: NDArray[np.int64]) -> Floats:
    return fuse([photos[i].embedding(SPACE) for i in order]).vector
