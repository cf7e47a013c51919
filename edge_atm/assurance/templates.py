"""The templates trial: what protection costs, what links two rows, what a stolen one tells."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from edge_atm.assurance.acquisition import Picture
from edge_atm.assurance.comparison import FMRS, Comparisons, Missed
from edge_atm.assurance.inversion import inversions
from edge_atm.assurance.linkage import linkability
from edge_atm.assurance.protection import WAYS
from edge_atm.assurance.resampling import Impostors, Indices, resampled_counts
from edge_atm.assurance.sessions import COMPARISONS_MAX, SEED, Photos, draw, found, score
from edge_atm.assurance.verification import Verification
from edge_atm.records import Floats

# Photographs of a template, and of the person's other template that an inversion is tried on.
TEMPLATE, OTHER = 5, 3
# A table of all pairs of so many takes 100 MB.
PHOTOS_MAX = 5000
# So many rows stay in a processor's cache while all others are compared with them.
BLOCK = 512
BASE = "unprotected"
# Hamming distances of signs have no place on the unit's scale of cosines.
NO_COSINE = {"sign512"}


def photographs(pictures: Sequence[Picture], mean: Floats) -> dict[str, object]:
    """Return FNMR at FMR of each way, one stored photograph against one other.

    Raises ValueError when fewer than two people have two photographs.
    """
    vectors, person = _numbered(found(pictures))
    left, right = np.triu_indices(len(person), 1)
    same = person[left] == person[right]
    if len(np.unique(person[left[same]])) < 2:
        raise ValueError("fewer than two people have two photographs with a face")
    others = np.flatnonzero(~same)
    chosen = np.sort(np.random.default_rng(SEED).permutation(others)[:COMPARISONS_MAX])
    counts = resampled_counts(int(person.max()) + 1)

    def ways() -> Iterator[tuple[str, Comparisons]]:
        for name, (protect, compare) in WAYS.items():
            kept = protect(vectors)
            blocks = (kept[i : i + BLOCK] for i in range(0, len(kept), BLOCK))
            table = np.concatenate([compare(block, vectors, mean) for block in blocks])
            scores = table[left, right].astype(np.float64)
            impostors = Impostors(scores[chosen], person[left[chosen]], person[right[chosen]])
            genuine = scores[same], person[left[same]]
            yield name, Comparisons(*genuine, impostors, counts, int(same.sum()), len(chosen))

    return {"people": int(person.max()) + 1, "pictures": len(person), **_figures(ways())}


def templates(
    enrolled: Sequence[Picture], strangers: Sequence[Picture], mean: Floats
) -> dict[str, object]:
    """Return FNMR at FMR of each way, templates of TEMPLATE photographs against one photograph.

    Raises ValueError when fewer than two people have enough photographs.
    """
    drawn = draw(found(enrolled), found(strangers), TEMPLATE, 1)

    def ways() -> Iterator[tuple[str, Comparisons]]:
        for name, (protect, compare) in WAYS.items():
            kept = protect(drawn.templates.reshape(-1, drawn.templates.shape[2]))
            own = replace(drawn, templates=kept.reshape(drawn.templates.shape))
            seen = Verification(score(own, mean, compare))
            genuine = seen.genuine.ravel(), np.tile(seen.person, len(seen.genuine))
            totals = seen.n_genuine, seen.n_impostor
            yield name, Comparisons(*genuine, seen.impostors, seen.counts, *totals)

    return {
        "template": TEMPLATE,
        "probe": 1,
        "people": drawn.enrolled,
        "impostor_people": drawn.strangers,
        "draws": len(drawn.templates),
        **_figures(ways()),
    }


def linkage(pictures: Sequence[Picture]) -> dict[str, object]:
    """Return D_sys of single photographs' rows."""
    return linkability(*_numbered(found(pictures)))


def inversion(pictures: Sequence[Picture], mean: Floats) -> dict[str, object]:
    """Return what a thief makes of templates' rows; the other template is of other photographs.

    Raises ValueError when fewer than two people have enough photographs.
    """
    return inversions(draw(found(pictures), {}, TEMPLATE, OTHER), mean)


def _numbered(people: Photos) -> tuple[Floats, Indices]:
    # Of folders too large, all photographs of people drawn at random.
    order = np.random.default_rng(SEED).permutation(len(people))
    photos = [list(people.values())[i] for i in order]
    ends = np.cumsum([len(some) for some in photos])
    photos = photos[: max(1, int((ends <= PHOTOS_MAX).sum()))]
    vectors = np.array([photo.vector for some in photos for photo in some], np.float32)
    return vectors, np.repeat(np.arange(len(photos)), [len(some) for some in photos])


def _figures(ways: Iterator[tuple[str, Comparisons]]) -> dict[str, object]:
    base: dict[float, Missed | None] = {}
    figures: dict[str, object] = {}
    sizes: dict[str, object] = {}
    for name, way in ways:
        missed = {rate: way.missed(rate) for rate in FMRS}
        points = [way.figures(missed[rate], rate, base.get(rate)) for rate in FMRS]
        figures[name] = {"fnmr_at_fmr": points}
        if name not in NO_COSINE:
            figures[name] = {"fnmr_at_fmr": points, "at_score_min": way.at_score_min()}
        if name == BASE:
            base, sizes = missed, {"n_genuine": way.n_genuine, "n_impostor": way.n_impostor}
    return {**sizes, "ways": figures}
