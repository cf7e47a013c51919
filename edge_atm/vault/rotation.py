"""A secret change of axes for each template: cosines stay, and another secret makes another face.

The rotation is H D3 H D2 H D1 with H the Walsh-Hadamard matrix of length 1 and D diagonals of
secret signs: exactly orthogonal, and no matrix is kept. Three rounds are the least that make every
output depend on all signs (Ailon and Chazelle 2006 use one; structured rotations with three are
found as good as random ones by Yu et al. 2016, "Orthogonal Random Features").
"""

import numpy as np
from numpy.typing import NDArray

from edge_atm.records import Floats

SIZE = 512
ROUNDS = 3
# One secret bit for each sign.
SIGN_BYTES = ROUNDS * SIZE // 8
INT8_MAX = 127

_H16 = np.array([[(-1) ** (i & j).bit_count() for j in range(16)] for i in range(16)], np.float32)
_H32 = np.array([[(-1) ** (i & j).bit_count() for j in range(32)] for i in range(32)], np.float32)


def signs_from(secret: bytes) -> Floats:
    """Return float32 [N, 3, 512] of -1 and 1 from N times 192 bytes."""
    bits = np.unpackbits(np.frombuffer(secret, np.uint8)).reshape(-1, ROUNDS, SIZE)
    return np.where(bits, np.float32(-1), np.float32(1))


def rotate(vectors: Floats, signs: Floats) -> Floats:
    """Return `vectors`, float32 [N, 512], each by its own `signs`, float32 [N, 3, 512]."""
    for k in range(ROUNDS):
        vectors = _hadamard(vectors * signs[:, k])
    return vectors


def rotate_back(vectors: Floats, signs: Floats) -> Floats:
    """Undo `rotate`. What is returned is the only array without secret signs."""
    for k in reversed(range(ROUNDS)):
        vectors = _hadamard(vectors)
        vectors *= signs[:, k]
    return vectors


def to_int8(vectors: Floats) -> NDArray[np.int8]:
    """Return int8 [N, 512]: each vector in steps of its own largest part over 127."""
    largest = np.abs(vectors).max(axis=1, keepdims=True)
    return np.asarray(np.rint(vectors * (INT8_MAX / largest)), dtype=np.int8)


def from_int8(steps: NDArray[np.int8]) -> Floats:
    """Return float32 [N, 512] of unit length; the size of a step needs no storing for that.

    A row of zeros, which `to_int8` never gives, becomes NaN.
    """
    vectors = steps.astype(np.float32)
    # One product for each row and no float64: a search opens ten thousand of them.
    squared = np.einsum("ij,ij->i", vectors, vectors)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(vectors / np.sqrt(squared)[:, None], dtype=np.float32)


def _hadamard(vectors: Floats) -> Floats:
    # H of 512 is the Kronecker product of those of 16 and 32: two small matrix products do it.
    grid = vectors.reshape(-1, 16, 32) @ _H32
    product = _H16 @ grid
    return np.asarray(product.reshape(-1, SIZE) / np.sqrt(np.float32(SIZE)), dtype=np.float32)
