"""Protected templates as trials need them: the vault's own rows, and sign bits beside them."""

from collections.abc import Callable

import numpy as np

from edge_atm.assurance.sessions import SEED, Compare, compared
from edge_atm.records import Floats
from edge_atm.vault import rotation

# A probe is rotated by each of these, not by the key of each of a thousand rows.
SIGN_KEYS = 32


def new_keys(random: np.random.Generator, count: int) -> Floats:
    """Return the signs of `count` drawn keys, float32 [count, 3, 512]; nobody's templates."""
    return rotation.signs_from(random.bytes(count * rotation.SIGN_BYTES))


def stored(vectors: Floats, keys: Floats) -> Floats:
    """Return what an int8 row without its seal shows of unit `vectors`: float32, of unit length."""
    return rotation.from_int8(rotation.to_int8(rotation.rotate(vectors, keys)))


def protected(vectors: Floats, rekeyings: int = 0) -> Floats:
    """Return unit `vectors` [N, 512] as the unit opens them, each under a key of its own.

    They are re-keyed so many times before, each time from the row that was there.
    """
    random = np.random.default_rng(SEED)
    for _ in range(1 + rekeyings):
        vectors = _kept(vectors, new_keys(random, len(vectors)))
    return vectors


def under_one_key(vectors: Floats) -> Floats:
    """Return `vectors` [N, 512] as the unit would open them if all shared one key."""
    return _kept(vectors, new_keys(np.random.default_rng(SEED), 1))


def centred(vectors: Floats, mean: Floats) -> Floats:
    """Return `vectors` [..., 512] without `mean`, of unit length."""
    away = vectors - mean
    return np.asarray(away / np.linalg.norm(away, axis=-1, keepdims=True), np.float32)


def sign_bits(vectors: Floats, keys: Floats) -> Floats:
    """Return the profile sign512 of centred `vectors`: 512 signs after rotation, -1 or 1."""
    return np.where(rotation.rotate(vectors, keys) < 0, np.float32(-1), np.float32(1))


def compared_bits(templates: Floats, probes: Floats, mean: Floats) -> Floats:
    """Return 1 - 2 x Hamming distance / 512 of sign bits, float32 [templates, probes].

    Bits cannot be centred later, so the mean goes first; both sides use the template's key.
    """
    keys = new_keys(np.random.default_rng(SEED), SIGN_KEYS)
    found = np.empty((len(templates), len(probes)), np.float32)
    own, live = centred(templates, mean), centred(probes, mean)
    for number in range(min(SIGN_KEYS, len(templates))):
        rows, key = slice(number, None, SIGN_KEYS), keys[number : number + 1]
        found[rows] = sign_bits(own[rows], key) @ sign_bits(live, key).T / rotation.SIZE
    return found


def _kept(vectors: Floats, keys: Floats) -> Floats:
    return rotation.rotate_back(stored(vectors, keys), keys)


def _as_it_is(vectors: Floats) -> Floats:
    return vectors


# What is done to a template before it is compared, and how.
WAYS: dict[str, tuple[Callable[[Floats], Floats], Compare]] = {
    "unprotected": (_as_it_is, compared),
    "protected": (protected, compared),
    "rekeyed": (lambda vectors: protected(vectors, 1), compared),
    "rekeyed_10": (lambda vectors: protected(vectors, 10), compared),
    "one_key": (under_one_key, compared),
    "sign512": (_as_it_is, compared_bits),
}
