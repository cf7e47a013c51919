"""Draws what one look asks for from the session's nonce: nobody can know it before."""

import hashlib
from itertools import permutations

from edge_atm.records import Challenge, Colour, Turn

NONCE_BYTES = 16
# Depth is measured between left and right, so these two are always asked.
ORDERS = (*permutations((Turn.LEFT, Turn.RIGHT)), *permutations(Turn))
# Long enough that a turn cannot be guessed from the last one's end, short enough to wait for.
DELAY_SECONDS_MIN, DELAY_SECONDS_MAX = 0.3, 1.2
FIELDS = 10


def draw_challenge(nonce: bytes) -> Challenge:
    """Return the challenge of a nonce of 16 random bytes; the same nonce gives the same one.

    Bytes of SHAKE-256 (FIPS 202) decide, 64 bits for each choice: the bias is below 1e-17. 8 orders
    are 3 bits, 4 * 3**9 rows of fields 16.
    """
    if len(nonce) != NONCE_BYTES:
        raise ValueError(f"a nonce has {NONCE_BYTES} bytes, not {len(nonce)}")
    stream = iter(hashlib.shake_256(nonce).digest(8 * (1 + len(Turn) + FIELDS)))

    def below(n: int) -> int:
        return int.from_bytes(bytes(next(stream) for _ in range(8))) % n

    turns = ORDERS[below(len(ORDERS))]
    steps = 1000
    span = DELAY_SECONDS_MAX - DELAY_SECONDS_MIN
    delays = tuple(DELAY_SECONDS_MIN + span * below(steps) / steps for _ in turns)
    fields: list[Colour] = []
    for _ in range(FIELDS):
        # A field like the last one would be no change, and nothing to answer.
        free = [colour for colour in Colour if colour not in fields[-1:]]
        fields.append(free[below(len(free))])
    return Challenge(turns, delays, tuple(fields))
