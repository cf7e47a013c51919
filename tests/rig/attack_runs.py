"""Runs the simulated sessions of both levels, part by part, in as many processes as allowed."""

import multiprocessing
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from typing import Any

import cv2
import numpy as np

from edge_atm.policy.decision import is_live
from edge_atm.records import Liveness
from tests.rig import attack_pixels, attack_species
from tests.rig.attack_course import FRAMES_PER_SECOND, Course
from tests.rig.attack_cues import refusing
from tests.rig.attack_light import answer
from tests.rig.attack_pictures import Bank
from tests.rig.presentations import Species

# Gates may be looked for on the first, and are reported on the second.
SEEDS = {"dev": 1, "report": 2032}
LIVE = "live"
SPECIES = {LIVE: attack_species.LIVE, **attack_species.ATTACKS}
SHOWN = {LIVE: attack_pixels.LIVE, **attack_pixels.ATTACKS}
# Sessions in one piece of work.
PART, PIXELS_PART = 250, 5
Row = dict[str, Any]
Work = tuple[str, str, int, int, int, list[tuple[float, float]]]


def landmarks(sessions: int, seed: int, jobs: int) -> Iterator[list[Row]]:
    """Yield rows of so many sessions of each species at landmark and colour level.

    Species with the same surface share the answers of their light: each session has its own.
    """
    surfaces = sorted({attack.light.name for attack in SPECIES.values()})
    parts = [(at, min(PART, sessions - at)) for at in range(0, sessions, PART)]
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        asked: list[Work] = [("light", s, seed, at, n, []) for s in surfaces for at, n in parts]
        lights: dict[tuple[str, int], Any] = {}
        for work, found in zip(asked, pool.imap(_done, asked), strict=True):
            lights[work[1], work[3]] = found
            yield []
        courses: list[Work] = [
            ("course", name, seed, at, n, lights[attack.light.name, at])
            for name, attack in SPECIES.items()
            for at, n in parts
        ]
        yield from pool.imap(_done, courses)


def landmark_parts(sessions: int) -> int:
    """Return how many pieces of work `landmarks` yields."""
    surfaces = {attack.light for attack in SPECIES.values()}
    return (len(surfaces) + len(SPECIES)) * -(-sessions // PART)


def pixels(attacks: int, live: int, seed: int, jobs: int) -> Iterator[list[Row]]:
    """Yield rows of so many sessions of each species, and of live people, through full pixels."""
    work: list[Work] = [
        ("pixels", name, seed, at, min(PIXELS_PART, count - at), [])
        for name in SHOWN
        for count in [live if name == LIVE else attacks]
        for at in range(0, count, PIXELS_PART)
    ]
    # Each process keeps one person's renderings; so one person after the other.
    work.sort(key=lambda one: _person(one[3]))
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap(_done, work)


def pixel_parts(attacks: int, live: int) -> int:
    """Return how many pieces of work `pixels` yields."""
    return -(-live // PIXELS_PART) + (len(SHOWN) - 1) * -(-attacks // PIXELS_PART)


def row(level: str, name: str, liveness: Liveness) -> Row:
    """Return one session as it is stored: what was seen, whether it was paid, and why not."""
    return {
        "level": level,
        "species": name,
        "paid": is_live(liveness),
        "refused_by": sorted(refusing(liveness)),
        **asdict(liveness),
    }


def _done(work: Work) -> list[Any]:
    cv2.setNumThreads(1)
    kind, name, seed, at, count, lights = work
    if kind == "light":
        random = np.random.default_rng((seed, 0, list(Species).index(Species[name]), at))
        return [
            answer(Species[name], 1 / random.uniform(*FRAMES_PER_SECOND), random)
            for _ in range(count)
        ]
    if kind == "course":
        course = Course(SPECIES[name], count, (seed, 1, list(SPECIES).index(name), at))
        return [
            row("landmarks", name, one.liveness) | {"refused_by": sorted(one.refused_by)}
            for one in course.results(lights)
        ]
    return [_filmed(name, seed, at + i) for i in range(count)]


def _filmed(name: str, seed: int, number: int) -> Row:
    people = attack_pixels.PEOPLE
    mine = _person(number - number % PIXELS_PART)
    # Two of the pictures are of one man: nobody helps himself.
    own, helper = (_bank(people[(mine + i) % len(people)]) for i in (0, 2))
    seeds = (seed, 2, list(SHOWN).index(name), number)
    look = attack_pixels.Look(SHOWN[name], (own, helper), seeds, _parts())
    return row("pixels", name, look.judged()) | {"person": people[mine]}


def _person(at: int) -> int:
    return at // PIXELS_PART % len(attack_pixels.PEOPLE)


_parts = cache(attack_pixels.Parts)
_bank = cache(Bank)
