"""The inversion attack: what a stolen row gives away of the face, with its key and without."""

from collections.abc import Callable

import numpy as np

from edge_atm.assurance.protection import centred, new_keys, protected, sign_bits, stored
from edge_atm.assurance.rates import Scores, rule_of_three
from edge_atm.assurance.resampling import Indices, interval_95, resampled_counts
from edge_atm.assurance.sessions import SEED, Sessions
from edge_atm.policy.calibration import SCORE_MIN
from edge_atm.records import Floats
from edge_atm.vault import rotation

# Makes centred vectors of uncentred templates [N, 512], the true keys, those that the thief uses,
# and the mean.
Attack = Callable[[Floats, Floats, Floats, Floats], Floats]


def int8(templates: Floats, true: Floats, used: Floats, mean: Floats) -> Floats:
    """Rotate the row back: exact but for the rounding, when the key is the right one."""
    return centred(rotation.rotate_back(stored(templates, true), used), mean)


def sign512(templates: Floats, true: Floats, used: Floats, mean: Floats) -> Floats:
    """Rotate the signs back: their cosine to the template is sqrt(2 / pi) = .798."""
    bits = sign_bits(centred(templates, mean), true)
    return rotation.rotate_back(bits / np.float32(np.sqrt(rotation.SIZE)), used)


PROFILES: dict[str, Attack] = {"int8": int8, "sign512": sign512}


def inversions(drawn: Sessions, mean: Floats) -> dict[str, object]:
    """Return how near to the template, and how often accepted, what is made of each profile's row.

    `drawn`: templates, and for each person one fused probe of other photographs, which here is the
    person's other template on another unit: protected, under a key of its own.
    """
    random = np.random.default_rng(SEED)
    templates = drawn.templates.reshape(-1, rotation.SIZE)
    person = np.tile(np.arange(drawn.enrolled), len(drawn.templates))
    own = centred(templates, mean)
    other = centred(protected(drawn.mated.reshape(-1, rotation.SIZE)), mean)
    true, guessed = new_keys(random, len(templates)), new_keys(random, len(templates))
    counts = resampled_counts(drawn.enrolled)

    def reached(made: Floats) -> dict[str, object]:
        same, elsewhere = (
            np.einsum("ij,ij->i", made, target, dtype=np.float64) for target in (own, other)
        )
        return {
            "cosine": float(same.mean()),
            "cosine_interval_95": _interval(same, person, counts),
            "same_template": _accepted(same, person, counts),
            "other_template": _accepted(elsewhere, person, counts),
        }

    found: dict[str, object] = {"unprotected": {"row": reached(own)}}
    for name, attack in PROFILES.items():
        found[name] = {
            "row_and_key": reached(attack(templates, true, true, mean)),
            "row": reached(attack(templates, true, guessed, mean)),
        }
    return found


def _accepted(cosines: Scores, person: Indices, counts: Scores) -> dict[str, object]:
    accepted = cosines >= SCORE_MIN
    number, people = int(accepted.sum()), counts.shape[1]
    refused = rule_of_three(len(accepted) - number, people, "lower_95")
    return {
        "threshold": SCORE_MIN,
        "accepted": number,
        "attempts": len(accepted),
        "people": people,
        "rate": float(accepted.mean()),
        "interval_95": _interval(accepted.astype(np.float64), person, counts),
        **rule_of_three(number, people),
        **{key: 1 - bound for key, bound in refused.items()},
    }


def _interval(values: Scores, person: Indices, counts: Scores) -> list[float]:
    sums = np.bincount(person, values, counts.shape[1])
    means = (counts @ sums) / (counts @ np.bincount(person, minlength=counts.shape[1]))
    return interval_95(float(np.mean(values)), means)
