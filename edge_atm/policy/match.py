"""How well several frames of one look fit one template."""

from collections.abc import Sequence

import numpy as np

from edge_atm.policy import calibration
from edge_atm.records import Embedding, Floats, Match

# Lowest cosine of two frames of one look. Of 11 enrolments from four real clips ten had .75 and
# more, one with a wide open mouth .58; two strangers' pictures reach .55 about once in 10,000.
AGREEMENT_MIN = 0.55


def fuse(embeddings: Sequence[Embedding]) -> Embedding:
    """Return the unit-length mean of unit embeddings of one model space, not centred.

    Raises ValueError when there is none, or when they come from different model spaces.
    """
    spaces = {embedding.embedding_id for embedding in embeddings}
    if len(spaces) != 1:
        raise ValueError(f"cannot fuse embeddings of {len(spaces)} model spaces")
    return Embedding(_unit(np.mean([e.vector for e in embeddings], axis=0)), spaces.pop())


def cosine(one: Embedding, other: Embedding, mean: Floats) -> float:
    """Return the cosine of two embeddings after `mean` (float32 [512]) is taken from both.

    NaN when the model spaces differ: such a score passes no comparison.
    """
    if one.embedding_id != other.embedding_id:
        return float("nan")
    return float(_unit(one.vector - mean) @ _unit(other.vector - mean))


def agreement(embeddings: Sequence[Embedding], mean: Floats) -> float:
    """Return the lowest cosine of any two frames, NaN below two: low when two people took turns.

    Pairs, because the mean of two people's frames is close to both.
    """
    cosines = np.array(
        [cosine(e, other, mean) for i, e in enumerate(embeddings) for other in embeddings[:i]]
    )
    # min() over NaN would depend on the order.
    return float(cosines.min()) if len(cosines) and np.isfinite(cosines).all() else float("nan")


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


def _unit(vector: Floats) -> Floats:
    norm = float(np.linalg.norm(vector))
    if not norm > 0.0:
        return np.full_like(vector, np.nan, dtype=np.float32)
    return np.asarray(vector / norm, dtype=np.float32)
