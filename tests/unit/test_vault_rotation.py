"""The secret change of axes: every cosine stays, and without the secret nothing fits."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_atm.records import Floats
from edge_atm.vault.rotation import (
    ROUNDS,
    SIGN_BYTES,
    SIZE,
    from_int8,
    rotate,
    rotate_back,
    signs_from,
    to_int8,
)

seeds = st.integers(0, 2**32)


def faces(seed: int, count: int = 2) -> Floats:
    """Return float32 [count, 512] of unit length, some with a few large parts."""
    source = np.random.default_rng(seed)
    found = source.standard_normal((count, SIZE)) * source.choice([0.3, 1.0, 3.0], SIZE)
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)


def signs(seed: int, count: int = 2) -> Floats:
    """Return one secret's signs for `count` vectors."""
    return np.repeat(signs_from(np.random.default_rng(seed).bytes(SIGN_BYTES)), count, axis=0)


@settings(deadline=None, max_examples=50)
@given(seeds, seeds)
def test_one_secret_keeps_every_cosine(seed: int, secret: int) -> None:
    plain = faces(seed, 8)
    turned = rotate(plain, signs(secret, 8))
    assert np.abs(turned @ turned.T - plain @ plain.T).max() <= 1e-5
    assert np.abs(rotate_back(turned, signs(secret, 8)) - plain).max() <= 1e-6


def test_it_is_the_matrix_of_its_definition() -> None:
    hadamard = np.array([[1.0]])
    while len(hadamard) < SIZE:
        hadamard = np.block([[hadamard, hadamard], [hadamard, -hadamard]])
    matrix = np.eye(SIZE)
    for diagonal in signs(5, 1)[0]:
        matrix = hadamard / np.sqrt(SIZE) @ np.diag(diagonal) @ matrix
    assert np.allclose(rotate(faces(1), signs(5)), faces(1) @ matrix.T, atol=1e-5)


@settings(deadline=None, max_examples=50)
@given(seeds, seeds, seeds)
def test_two_secrets_make_strangers_of_one_face(seed: int, one: int, other: int) -> None:
    plain, strange = faces(seed, 4), one != other
    cosines = np.sum(rotate(plain, signs(one, 4)) * rotate(plain, signs(other, 4)), axis=1)
    # A random cosine in 512 dimensions spreads by .044: seven times that is no accident.
    assert (np.abs(cosines) < 0.31).all() == strange
    # The first round's secret alone opens nothing either.
    mixed = signs(one, 4)
    mixed[:, 1:] = signs(other, 4)[:, 1:]
    back = np.sum(plain * rotate_back(rotate(plain, signs(one, 4)), mixed), axis=1)
    assert (np.abs(back) < 0.31).all() == strange


def test_every_sign_matters_and_every_bit_is_one() -> None:
    plain, right = faces(3, 1), signs(3, 1)
    turned = rotate(plain, right)
    for k in range(ROUNDS):
        flipped = np.repeat(right, SIZE, axis=0)
        flipped[np.arange(SIZE), k, np.arange(SIZE)] *= -1
        others = rotate(np.repeat(plain, SIZE, axis=0), flipped)
        assert (np.abs(others - turned).max(axis=1) > 0).all()
    secret = np.random.default_rng(0).bytes(SIGN_BYTES)
    for place in range(SIGN_BYTES):
        changed = bytearray(secret)
        changed[place] ^= 1 << place % 8
        assert np.count_nonzero(signs_from(bytes(changed)) != signs_from(secret)) == 1


def test_vectors_of_one_call_do_not_touch_each_other() -> None:
    plain, secrets = faces(4, 3), np.concatenate([signs(seed, 1) for seed in range(3)])
    together = rotate(plain, secrets)
    for row in range(3):
        alone = rotate(plain[row : row + 1], secrets[row : row + 1])
        assert np.allclose(together[row], alone[0], atol=1e-6)


@settings(deadline=None, max_examples=50)
@given(seeds, seeds)
def test_int8_costs_next_to_nothing(seed: int, secret: int) -> None:
    turned = rotate(faces(seed, 8), signs(secret, 8))
    back = from_int8(to_int8(turned))
    assert (np.sum(back * turned, axis=1) >= 1 - 1e-4).all()
    assert np.allclose(np.linalg.norm(back, axis=1), 1, atol=1e-5)


@settings(deadline=None, max_examples=30)
@given(seeds)
def test_ten_new_secrets_cost_no_more_than_one_part_in_ten_thousand_each(seed: int) -> None:
    plain = now = faces(seed)
    for secret in range(10):
        turned = from_int8(to_int8(rotate(now, signs(secret))))
        now = rotate_back(turned, signs(secret))
    assert (np.sum(now * plain, axis=1) >= 1 - 1e-3).all()


def test_zeros_are_no_direction() -> None:
    assert np.isnan(from_int8(np.zeros((1, SIZE), np.int8))).all()
