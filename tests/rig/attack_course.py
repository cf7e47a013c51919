"""Many simulated looks at once, at the level of landmarks and colours; all of it is a model."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge_atm.looking import LOOK_SECONDS_MAX
from edge_atm.policy.challenge import FIELDS, NONCE_BYTES, draw_challenge
from edge_atm.records import Challenge, Liveness, Turn
from edge_atm.vision.light import FIELD_SECONDS
from edge_atm.vision.light_response import LAG_MAX
from edge_atm.vision.pose import nose_part, yaw_proxy
from edge_atm.vision.watch import PORTRAIT_SECONDS
from tests.rig.attack_motion import Movers
from tests.rig.attack_session import Glimpse, Session
from tests.rig.attack_shapes import Array, Lens, Shapes, heads, lenses, prints, seen
from tests.rig.attack_species import Attack

FRAMES_PER_SECOND = (8.0, 30.0)
# Where a frame's stamp is from where it should be, as a part of a frame.
JITTER = 0.05
# Of a landmark's error this part is also in the next frame of 1/15 s.
KEPT_NOISE = 0.4
# Cosines of uncentred embeddings to the mean of a look's portraits, stand-ins for the embedder. One
# person: turned frames of public clips .72 and more. Two people: LFW, .8 % reach .4.
SAME, SAME_SD, SAME_TURNED, COSINE_SD = 0.88, 0.03, 0.12, 0.03
OTHER, OTHER_SD = 0.09, 0.125
# How long a hand needs to take a print away from before a face, or to put it there.
SWAP_SECONDS = (0.15, 0.5)
# Two portraits, six fields, and the wait for the last one's light.
LIT_SECONDS = 2 * PORTRAIT_SECONDS + FIELDS * FIELD_SECONDS + LAG_MAX
# How long a turn takes in a recording, from one hint to the next.
RECORDED_TURN_SECONDS = (1.6, 3.0)


Lights = Sequence[tuple[float, float]]


class Result(NamedTuple):
    """What became of one look: what was seen, and which of `CUES` refuse it."""

    liveness: Liveness
    refused_by: frozenset[str]


class Course:
    """So many looks of one species, in step; `results` gives what became of each."""

    def __init__(self, attack: Attack, count: int, seed: tuple[int, ...]) -> None:
        self._attack = attack
        self._random = random = np.random.default_rng(seed)
        self._lens = lenses(count, random)
        self._live = heads(count, random)
        self._held = self._live
        if attack.sheet is not None:
            self._held = prints(attack.sheet, self._live, random)
        self._movers = Movers(count, random, self._lens.focal_px)
        self._frame_seconds = 1 / random.uniform(*FRAMES_PER_SECOND, count)
        challenges = [draw_challenge(random.bytes(NONCE_BYTES)) for _ in range(count)]
        self._sessions = [Session(c, LIT_SECONDS) for c in challenges]
        self._own = [own_course(random) for _ in range(count)]
        self._noise = np.zeros((count, 5, 2))
        self._same = random.normal(SAME, SAME_SD, count)
        self._other = random.normal(OTHER, OTHER_SD, count)
        self._swapped = np.full(count, attack.helper == "end")
        self._hidden_until = np.zeros(count)
        self._start = random.uniform(0, 1, count)

    def results(self, lights: Lights) -> Iterator[Result]:
        """Yield what became of each look; `lights`: what each one's surface answered."""
        at_seconds = self._start.copy()
        while True:
            which = np.flatnonzero(
                [not s.done for s in self._sessions] & (at_seconds < self._start + LOOK_SECONDS_MAX)
            )
            if not len(which):
                break
            self._step(which, at_seconds[which])
            wait = self._frame_seconds * (1 + self._random.normal(0, JITTER, len(at_seconds)))
            at_seconds += wait.clip(0.2 * self._frame_seconds)
        for session, light in zip(self._sessions, lights, strict=True):
            if not session.done:
                session.faults.append("not_finished")
            yield Result(*session.liveness(light))

    def _step(self, which: NDArray[np.intp], at_seconds: Array) -> None:
        pose = self._movers.pose(at_seconds, which)
        marks, middle = self._filmed(which, pose)
        yaws, parts = yaw_proxy(marks), nose_part(marks)
        cosines = self._cosines(which, pose)
        for n, (i, now) in enumerate(zip(which, at_seconds, strict=True)):
            session = self._sessions[i]
            visible = bool(now >= self._hidden_until[i])
            session.see(
                Glimpse(
                    float(now),
                    float(yaws[n]),
                    float(parts[n]),
                    marks[n],
                    middle[n],
                    float(cosines[n]),
                    visible,
                )
            )
            self._movers.ask(i, self._asked(i, session, float(now)), float(now))
            self._swap(i, session, float(now))

    def _filmed(self, which: NDArray[np.intp], pose: Array) -> tuple[NDArray[np.float32], Array]:
        lens = self._lens
        lens = Lens(lens.focal_px[which], lens.mark_sd_mm[which], lens.point_sd_mm[which])
        px_per_mm = (lens.focal_px / -pose[:, 5])[:, None, None]
        marks, middle = seen(_part(self._held, which), lens, pose)
        if self._attack.helper:
            helping = self._swapped[which, None, None]
            own_marks, own_middle = seen(_part(self._live, which), lens, pose)
            marks = np.where(helping, own_marks, marks)
            middle = np.where(helping, own_middle, middle)
        kept = KEPT_NOISE ** (15 * self._frame_seconds[which, None, None])
        fresh = self._random.normal(0, 1, marks.shape) * lens.mark_sd_mm[:, None, None] * px_per_mm
        self._noise[which] = kept * self._noise[which] + np.sqrt(1 - kept**2) * fresh
        tracked = (
            self._random.normal(0, 1, middle.shape) * lens.point_sd_mm[:, None, None] * px_per_mm
        )
        return (marks + self._noise[which]).astype(np.float32), middle + tracked

    def _cosines(self, which: NDArray[np.intp], pose: Array) -> Array:
        away = np.where(self._swapped[which] ^ (self._attack.helper == "end"), 1, 0)
        if not self._attack.helper:
            away[:] = 0
        mean = np.where(away, self._other[which], self._same[which])
        mean -= (1 - away) * SAME_TURNED * (np.abs(pose[:, :2]).max(1) / 40).clip(0, 1.5)
        return np.asarray(mean + self._random.normal(0, COSINE_SD, len(which)))

    def _asked(self, i: int, session: Session, now: float) -> Turn | None:
        if self._attack.follows == "screen":
            return session.asked
        own = self._attack.follows == "own"
        return asked_in(self._own[i], now - self._start[i]) if own else None

    def _swap(self, i: int, session: Session, now: float) -> None:
        if not self._attack.helper:
            return
        # He who turns needs to be there before he is asked.
        turning = not session.lit and not session.turned_all
        helping = turning or (self._attack.helper == "end" and session.lit)
        if helping != self._swapped[i]:
            self._swapped[i] = helping
            self._hidden_until[i] = now + self._random.uniform(*SWAP_SECONDS)


def _part(shapes: Shapes, which: NDArray[np.intp]) -> Shapes:
    return Shapes(shapes.marks[which], shapes.middle[which], shapes.pivot, shapes.prior[which])


def own_course(random: np.random.Generator) -> list[tuple[float, Turn | None]]:
    """Return what another challenge asked for, and when; its turns began about when these do."""
    challenge: Challenge = draw_challenge(random.bytes(NONCE_BYTES))
    at = LIT_SECONDS + float(random.uniform(0, 1.5))
    course: list[tuple[float, Turn | None]] = []
    for turn, delay in zip(challenge.turns, challenge.delays_seconds, strict=True):
        at += delay
        course.append((at, turn))
        at += float(random.uniform(*RECORDED_TURN_SECONDS)) / 2
        course.append((at, None))
        at += 1.0
    return course


def asked_in(course: list[tuple[float, Turn | None]], since_seconds: float) -> Turn | None:
    """Return what a recording's own unit asked for so long after its begin."""
    return next((turn for begins, turn in reversed(course) if since_seconds >= begins), None)
