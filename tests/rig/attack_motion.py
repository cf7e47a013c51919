"""How people, and hands with a print or a screen, follow the unit through time: a model."""

import numpy as np
from numpy.typing import NDArray

from edge_atm.records import Turn
from tests.rig.attack_shapes import Array

# Simple visual reaction takes .2 to .3 s; with a hint to be read and understood up to a second.
REACTION_SECONDS = (0.3, 1.2)
# Unhurried head turns of 30 to 40 degrees peak at 50 to 150 degrees a second (the public clips: up
# to a yaw proxy of 2.8 a second, which `vision/motion.py` allows); mean speeds here.
DEGREES_PER_SECOND = (30.0, 70.0)
# How far somebody turns at first, and how much farther when the unit goes on asking.
TURN_DEGREES, NOD_DEGREES = (25.0, 40.0), (15.0, 28.0)
FARTHER_DEGREES, FARTHEST_DEGREES, ASKED_AGAIN_SECONDS = 10.0, 62.0, 0.6
SHORTEST_SECONDS = 0.15
# Slow sways of head or hand: sd in degrees (yaw, pitch, roll) and mm (x, y, z), and Hz.
SWAY_SD = (1.0, 1.0, 0.7, 2.5, 2.0, 4.0)
SWAY_HZ = (0.2, 0.9)
# Who stands farther away than `vision/quality.py` matches is asked to come closer.
AWAY_MM = (400.0, 700.0)


class Movers:
    """So many heads or hands at once; each is told alone what is asked of it.

    `slides_mm` [S, 3] and `pitches_with_yaw` [S]: how far each is moved aside and tilted as it
    turns.
    """

    def __init__(self, count: int, random: np.random.Generator, focal_px: Array) -> None:
        self._random = random
        self._speed = random.uniform(*DEGREES_PER_SECOND, count)
        self._reach = np.stack(
            [random.uniform(*TURN_DEGREES, count), random.uniform(*NOD_DEGREES, count)], 1
        )
        self._began, self._ends = np.full(count, -9.0), np.zeros(count)
        self._from, self._to, self._next = np.zeros((3, count, 2))
        self._next_at = np.full(count, np.inf)
        self._asked: list[Turn | None] = [None] * count
        self._hz = random.uniform(*SWAY_HZ, (count, 6))
        self._start = random.uniform(0, 2 * np.pi, (count, 6))
        self._sway = np.array(SWAY_SD) * np.sqrt(2) * random.uniform(0.3, 1.2, (count, 1))
        place = np.stack([random.normal(0, s, count) for s in (30, 25)], 1)
        self._rest = np.zeros((count, 6))
        self._rest[:, :3] = random.normal(0, (1.5, 3.0, 2.0), (count, 3))
        self._rest[:, 3:5] = place
        self._rest[:, 5] = -random.uniform(*AWAY_MM, count).clip(None, focal_px)
        self.slides_mm = np.zeros((count, 3))
        self.pitches_with_yaw = random.normal(0, 0.04, count)

    def ask(self, i: int, turn: Turn | None, at_seconds: float) -> None:
        """Let number `i` read, in each frame, where it should turn; None is straight ahead."""
        if turn is not self._asked[i]:
            self._asked[i] = turn
            self._move(i, at_seconds + self._random.uniform(*REACTION_SECONDS), turn)
        elif turn is not None and at_seconds > self._ends[i] + ASKED_AGAIN_SECONDS:
            way = int(turn is Turn.UP)
            self._reach[i, way] = min(self._reach[i, way] + FARTHER_DEGREES, FARTHEST_DEGREES)
            self._move(i, at_seconds, turn)

    def pose(self, at_seconds: Array, which: NDArray[np.intp]) -> Array:
        """Return [n, 6] of the given ones at their times [n]: as `attack_shapes.seen` takes it."""
        # Whoever is told something new goes on with the old until he has understood.
        for i in which[at_seconds >= self._next_at[which]]:
            self._from[i] = self._turned(self._next_at[[i]], np.array([i]))[0]
            self._began[i], self._to[i], self._next_at[i] = self._next_at[i], self._next[i], np.inf
        turned = self._turned(at_seconds, which)
        waves = np.sin(2 * np.pi * self._hz[which] * at_seconds[:, None] + self._start[which])
        pose = self._rest[which] + self._sway[which] * waves
        pose[:, 0] += turned[:, 0]
        pose[:, 1] += turned[:, 1] + self.pitches_with_yaw[which] * turned[:, 0]
        pose[:, 3:] += self.slides_mm[which] * np.abs(turned).max(1, keepdims=True) / 30
        return np.asarray(pose)

    def _turned(self, at_seconds: Array, which: NDArray[np.intp]) -> Array:
        part = (at_seconds - self._began[which]) / self._seconds(
            self._from[which], self._to[which], which
        )
        part = part.clip(0, 1)
        # Minimum jerk: Flash & Hogan 1985.
        done = part**3 * (10 - 15 * part + 6 * part**2)
        way = self._to[which] - self._from[which]
        return np.asarray(self._from[which] + way * done[:, None])

    def _move(self, i: int, began: float, turn: Turn | None) -> None:
        across, up = self._reach[i]
        ways = {Turn.LEFT: (across, 0.0), Turn.RIGHT: (-across, 0.0), Turn.UP: (0.0, up)}
        self._next_at[i], self._next[i] = began, (0.0, 0.0) if turn is None else ways[turn]
        way = self._seconds(self._to[[i]], self._next[[i]], np.array([i]))
        self._ends[i] = began + way[0]

    def _seconds(self, start: Array, end: Array, which: NDArray[np.intp]) -> Array:
        seconds = np.abs(end - start).max(1) / self._speed[which]
        return np.asarray(np.maximum(SHORTEST_SECONDS, seconds))
