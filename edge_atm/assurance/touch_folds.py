"""Who trains and who is tested in the touch trials: fixed by a hash before the first training."""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FOLDS = 5
PINS_TESTED = 6


def fold_of(set_name: str, user: str) -> int:
    """Return the fold, 0 to 4, in which `user` of the data set is tested; in all others he trains.

    Sets: kakaobank, strokepin, sapipin, holdandtap. This never changes: figures would not compare.
    """
    return _hashed(f"edge-atm touch fold:{set_name}:{user}") % FOLDS


def folds_of(set_name: str, users: NDArray[np.str_]) -> NDArray[np.int64]:
    """Return the fold of each of `users` [N]: int64 [N]."""
    each, which = np.unique(users, return_inverse=True)
    return np.array([fold_of(set_name, str(user)) for user in each], dtype=np.int64)[which]


def tested_pins(pins: Sequence[str]) -> frozenset[str]:
    """Return the 6 of all different `pins` that are never trained on: the smallest hashes."""
    return frozenset(
        sorted(set(pins), key=lambda p: _hashed(f"edge-atm touch pin:{p}"))[:PINS_TESTED]
    )


def _hashed(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
