"""How long who failed has to wait: growing delays, a stop, and a limit for the whole unit.

What they leave somebody who stands at the machine and guesses:

* one card's PIN: 3 guesses at once, 50 in all, which take 42 hours (`PINS` added up). Of 10,000
  equally likely PINs of four digits that is .5 %; of people's own choice it is far more, so the
  bank should draw them. The holder's right PIN begins the row anew.
* all cards: 30 guesses an hour are 720 a day, and one right PIN in 14 days at the machine if the
  bank drew them, for which he needs 200 card numbers to type, each with 50 guesses.
* locking others out: whoever fails on a stranger's card closes its face, or its PIN, for an hour
  at most; for good only with 50 failures in a row: 39 hours of looks, 42 hours of PINs. Failed
  looks never close card number and PIN.
"""

import math
from dataclasses import dataclass

HOUR_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Rule:
    """`free` failures in a row cost nothing, then a delay that doubles, and `stop` ends it."""

    free: int
    first_seconds: float
    longest_seconds: float
    stop: int

    def wait_seconds(self, failures: int, since_seconds: float) -> float:
        """Return how long until the next try, 0 for now, infinity for never.

        `since_seconds`: since the last failure, by the unit's clock. Below 0 or NaN (the clock went
        back, or nobody knows) the whole delay is still to come; whoever keeps the times moves such
        a one to now, so that it does come to an end.
        """
        if not failures < self.stop:
            return math.inf
        if failures < self.free:
            return 0.0
        doubled = self.first_seconds * 2.0 ** (failures - self.free)
        delay_seconds = min(doubled, self.longest_seconds)
        if not since_seconds >= 0:
            return delay_seconds
        return max(0.0, delay_seconds - since_seconds)


# NIST SP 800-63B-4, 3.2.3: five failed looks (ten with attack detection), then at least 30 s before
# each next one, and no more than 50 (100) in a row. Every look that was begun counts until it has
# succeeded, also one without a good picture: else a covered lens would buy another challenge.
LOOKS = Rule(free=5, first_seconds=30.0, longest_seconds=HOUR_SECONDS, stop=50)
# 3.2.2 there allows 100 failed secrets in a row.
PINS = Rule(free=3, first_seconds=60.0, longest_seconds=HOUR_SECONDS, stop=50)


@dataclass(frozen=True, slots=True)
class Lately:
    """Seconds since the unit's n-th last failed look and wrong PIN, where n of them close it.

    Infinity when there were fewer.
    """

    looks_since_seconds: float = math.inf
    pins_since_seconds: float = math.inf


def unit_wait_seconds(since_seconds: float) -> float:
    """Return how long nobody may try, whatever the card: until less than n are an hour old.

    `since_seconds`: since the n-th last failure; below 0 or NaN as in `Rule.wait_seconds`.
    """
    if not since_seconds >= 0:
        return HOUR_SECONDS
    return max(0.0, HOUR_SECONDS - since_seconds)
