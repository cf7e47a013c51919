"""How well several frames of one look fit one template."""

from collections.abc import Sequence

import numpy as np

from edge_atm.policy import calibration
from edge_atm.records import Embedding, Floats, Match

# Lowest cosine of two frames of one look. Of 11 enrolments from four real clips ten had .75 and
# more, one with a wide open mouth .58; two strangers' pictures reach .55 about once in 10,000.
AGREEMENT_MIN = 0.55
# Nearer to the mean than this (a hundredth, squared) float32 rounding decides the score.
SQUARED_MIN = 1e-4


def fuse(embeddings: Sequence[Embedding]) -> Embedding:
    """Return the quality-weighted mean of unit embeddings, of unit length again, not centred.

    Raises ValueError when there is none, when they come from different model spaces, or when a
    quality is not a finite number above 0.
    """
    spaces = {embedding.embedding_id for embedding in embeddings}
    if len(spaces) != 1:
        raise ValueError(f"cannot fuse embeddings of {len(spaces)} model spaces")
    if not _all_weigh(embeddings):
        raise ValueError("cannot fuse embeddings whose quality is not a finite number above 0")
    weights = np.array([embedding.quality for embedding in embeddings])
    # By the largest first, so that no sum overflows.
    sum_of_all = (weights / weights.max()) @ [embedding.vector for embedding in embeddings]
    return Embedding(_unit(sum_of_all), spaces.pop())


def cosine(one: Embedding, other: Embedding, mean: Floats) -> float:
    """Return the cosine of two embeddings after `mean` (float32 [512]) is taken from both.

    NaN when the model spaces differ: such a score passes no comparison.
    """
    if one.embedding_id != other.embedding_id:
        return float("nan")
    return float(_unit(one.vector - mean) @ _unit(other.vector - mean))


def agreement(embeddings: Sequence[Embedding], mean: Floats) -> float:
    """Return the lowest cosine of any two frames, NaN below two: low when two people took turns.

    Pairs, because the mean of two people's frames is close to both; and whatever their quality, so
    that no frame is too poor to be noticed. NaN when a quality is no weight for `fuse`.
    """
    if not _all_weigh(embeddings):
        return float("nan")
    cosines = np.array(
        [cosine(e, other, mean) for i, e in enumerate(embeddings) for other in embeddings[:i]]
    )
    # min() over NaN would depend on the order.
    return float(cosines.min()) if len(cosines) and np.isfinite(cosines).all() else float("nan")


def scores(templates: Floats, probe: Floats, mean: Floats) -> Floats:
    """Return what `cosine` gives for each of N templates against one probe: float32 [N].

    `templates` float32 [N, 512], rows of unit length; `probe` and `mean` float32 [512]; none of
    them centred. With p' = unit(probe - mean) a score is (t p' - mean p') / |t - mean|, where
    |t - mean|^2 = 1 - 2 t mean + mean mean: no centred copy of the templates is made. NaN for a row
    that is zero, not finite, or at the mean. Raises ValueError for other shapes.
    """
    if not (templates.ndim == 2 and probe.shape == mean.shape == templates.shape[1:]):
        raise ValueError(f"cannot score {templates.shape} against {probe.shape}, {mean.shape}")
    direction = _unit(probe - mean)
    with np.errstate(all="ignore"):
        along, towards_mean = (templates @ np.stack([direction, mean], axis=1)).T
        squared = 1 - 2 * towards_mean + mean @ mean
        found = (along - mean @ direction) / np.sqrt(squared)
    # A zero row has no length of 1, so the formula does not hold for it.
    maybe_zero = np.flatnonzero((along == 0) & (towards_mean == 0))
    found[maybe_zero[~templates[maybe_zero].any(axis=1)]] = np.nan
    found[~(squared >= SQUARED_MIN)] = np.nan
    return np.asarray(found, dtype=np.float32)


def match(
    customer_id: str,
    template: Embedding,
    probe: Sequence[Embedding],
    mean: Floats,
    prior_genuine: float,
) -> Match | None:
    """Compare the mean of `probe` with one template; None when its frames are not one person's.

    One comparison of the mean, never the best of many: the maximum would give an impostor as
    many tries as there are frames.
    """
    if not agreement(probe, mean) >= AGREEMENT_MIN:
        return None
    score = cosine(template, fuse(probe), mean)
    llr_log10 = calibration.llr_log10(score)
    posterior = calibration.posterior(llr_log10, prior_genuine)
    return Match(customer_id, score, llr_log10, posterior, len(probe))


def _all_weigh(embeddings: Sequence[Embedding]) -> bool:
    return all(0 < embedding.quality < float("inf") for embedding in embeddings)


def _unit(vector: Floats) -> Floats:
    norm = float(np.linalg.norm(vector))
    if not norm > 0.0:
        return np.full_like(vector, np.nan, dtype=np.float32)
    return np.asarray(vector / norm, dtype=np.float32)
