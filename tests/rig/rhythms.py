"""Made-up people who tap PINs: each has a rhythm, drawn from a seed; no real person's is in it."""

from dataclasses import dataclass

import numpy as np

from edge_atm.taps import Entry, Tap

# Columns and rows of the pad's keys.
PLACES = {"0": (1, 3)} | {str(n): ((n - 1) % 3, (n - 1) // 3) for n in range(1, 10)}


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """Someone whose taps vary about a habit of his own.

    Seconds of a gap on one key and more for each key of way; of a hold; x, y in pitches; size;
    pressure; `spread`: how much each varies from entry to entry, as a part.
    """

    gap: float
    way: float
    hold: float
    x: float
    y: float
    size: float
    pressure: float
    spread: float = 0.15

    def entry(self, digits: str, random: np.random.Generator) -> Entry:
        """Return `digits` as this person taps them this time."""
        places = np.array([PLACES[digit] for digit in digits], dtype=float)
        way = np.hypot(*np.diff(places, axis=0).T)
        noise = np.exp(random.normal(0, self.spread, (2, len(digits))))
        down = np.concatenate([[0.0], np.cumsum((self.gap + self.way * way) * noise[0, 1:])])
        up = down + self.hold * noise[1]
        x, y = (np.clip(random.normal(at, 0.08, len(digits)), -1.5, 1.5) for at in (self.x, self.y))
        size, pressure = self.size * noise[0], np.clip(self.pressure * noise[1], 0, 1)
        rows = np.stack([down, up, x, y, size, pressure], axis=1).tolist()
        return Entry(digits, tuple(Tap(d, *row) for d, row in zip(digits, rows, strict=True)))


def person(seed: int, old: bool = False) -> Person:
    """Return the person of this seed; the `old` take longer."""
    random = np.random.default_rng([seed, 7])
    gap, way, hold = np.exp(random.normal(0, 0.3, 3)) * (0.22, 0.06, 0.08) * (1.6 if old else 1.0)
    x, y = random.normal(0, 0.15, 2)
    return Person(gap, way, hold, x, y, *random.uniform(0.2, 0.7, 2))


def told(entry: Entry, *fields: str) -> list[dict[str, object]]:
    """Return the entry as a pad's JSON that tells only these fields, key and down."""
    names = ("key", "down_seconds", *fields)
    return [{name: getattr(tap, name) for name in names} for tap in entry.taps]
