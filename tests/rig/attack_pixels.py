"""Attacks through full pixels: rendered pictures, the unit's own watch, detector and embedder."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from edge_atm.looking import LOOK_SECONDS_MAX
from edge_atm.models import Models
from edge_atm.policy.challenge import NONCE_BYTES, draw_challenge
from edge_atm.policy.match import AGREEMENT_MIN, agreement
from edge_atm.records import Colour, Frame, Hint, Liveness, Turn
from edge_atm.vision.detector import Detector
from edge_atm.vision.embedder import Embedder
from edge_atm.vision.watch import TurnWatch
from tests.rig import optics
from tests.rig.attack_cues import FRAMES_DISAGREE
from tests.rig.attack_motion import Movers
from tests.rig.attack_pictures import AWAY_MM, Bank, Bend, displayed, sheet
from tests.rig.attack_shapes import Array
from tests.rig.scene import ROOM_LIT, Sensor, View, room

PEOPLE = ("a1", "a2", "b", "c")
FRAMES_PER_SECOND = (10.0, 15.0)
LUX = (100.0, 500.0)
LATENCY_SECONDS = (0.05, 0.2)
EXPOSURE_SECONDS = 1 / 30
# Farther away faces have fewer px than `vision/quality.py` matches.
FARTHEST_MM = 620.0
SWAP_SECONDS = (0.0, 0.4)
START_SECONDS = 1.0
AXIS_SD_DEGREES = 8.0
ASKED = {Hint.TURN_LEFT: Turn.LEFT, Hint.TURN_RIGHT: Turn.RIGHT, Hint.TURN_UP: Turn.UP}


@dataclass(frozen=True, slots=True)
class Shown:
    """One species: how a sheet is bent (ranges), or a head; what it does with light.

    `light`: the room's and the screen's, "none", as past the lens, of other
    fields, "other", or also mirrored over it all, "mirror".
    `helper`: a living person turns in the print's stead, "turns", or is there until the print is
    matched, "end".
    """

    axis_degrees: float | None = None
    radius_mm: tuple[float, float] = (np.inf, np.inf)
    crease_degrees: tuple[float, float] = (0.0, 0.0)
    cut_out: bool = True
    pane: bool = False
    light: Literal["screen", "none", "other", "mirror"] = "screen"
    helper: Literal["", "turns", "end"] = ""


LIVE = Shown()
ATTACKS = {
    "print, flat": Shown(0.0, cut_out=False),
    "print, bent upright": Shown(0.0, (60.0, 120.0)),
    "print, bent level": Shown(90.0, (60.0, 120.0)),
    "print, bent aslant": Shown(45.0, (60.0, 120.0)),
    "print, creased down the nose": Shown(0.0, crease_degrees=(15.0, 50.0)),
    "print, a live helper turns": Shown(0.0, helper="turns"),
    "live helper, print to match": Shown(0.0, helper="end"),
    "screen, right turns": Shown(pane=True),
    "screen, right turns, mirrored": Shown(pane=True, light="mirror"),
    "injected, right turns": Shown(light="none"),
    "injected, right turns, other fields": Shown(light="other"),
}


class Parts:
    """The nets, opened once."""

    def __init__(self) -> None:
        models = Models()
        self.detector, self.embedder = Detector(models), Embedder(models)
        self.mean_embedding = models.mean_embedding()


class Look:
    """One session: somebody, or something, before the camera, and the watch that judges it."""

    def __init__(
        self, shown: Shown, people: tuple[Bank, Bank], seed: tuple[int, ...], parts: Parts
    ) -> None:
        self._shown, (self._bank, self._helper) = shown, people
        self._random = random = np.random.default_rng(seed)
        self._challenge = draw_challenge(random.bytes(NONCE_BYTES))
        self._mean = parts.mean_embedding
        self._watch = TurnWatch(parts.detector, parts.embedder, self._challenge)
        self._movers = Movers(1, random, np.array([FARTHEST_MM]))
        self._sensor = Sensor(random)
        self._frame_seconds = 1 / random.uniform(*FRAMES_PER_SECOND)
        self._lux = float(np.exp(random.uniform(*np.log(LUX))))
        self._mirror = float(random.uniform(*optics.GLASS_MIRROR))
        self._display_cd_m2 = float(random.uniform(*optics.DISPLAY_CD_M2))
        self._latency = float(random.uniform(*LATENCY_SECONDS))
        self._other = draw_challenge(random.bytes(NONCE_BYTES)).fields
        self._commands: list[tuple[float, tuple[float, ...] | None]] = [(0.0, None)]
        self._colour: Colour | None = None
        self._turns, self._hidden_until = 0, 0.0
        self._swapped = shown.helper == "end"
        self._photo = self._bank.seen(np.array([0.0, 0, 0, 0, 0, -AWAY_MM]))
        if shown.axis_degrees is not None:
            self._bend = _bend(shown, shown.axis_degrees, random)
            self._movers.slides_mm[:] = random.normal(0, 12, 3)
            self._movers.pitches_with_yaw[:] = random.normal(0, 0.15)

    def judged(self) -> Liveness:
        """Show frame after frame until the watch has seen enough; return what it says."""
        asked: Turn | None = None
        for frame in self._frames():
            hint = self._watch.see(frame)
            if self._watch.done:
                break
            self._light(self._watch.colour, frame.at_seconds)
            before, asked = asked, ASKED.get(hint)
            self._turns += asked is not None and before is None
            if self._shown.helper:
                self._swap(asked, frame.at_seconds)
            self._movers.ask(0, asked, frame.at_seconds)
        look = self._watch.look()
        if look.embeddings and not agreement(look.embeddings, self._mean) >= AGREEMENT_MIN:
            return replace(look.liveness, fault=FRAMES_DISAGREE)
        return look.liveness

    def _light(self, colour: Colour | None, now: float) -> None:
        if colour is self._colour or self._shown.light == "none":
            return
        self._colour = colour
        if colour is not None and self._shown.light == "other":
            # A recording of another session, begun just when this one began.
            colour = self._other[min(len(self._commands), len(self._other)) - 1]
        self._commands.append((now, None if colour is None else colour.value))

    def _swap(self, asked: Turn | None, now: float) -> None:
        # Not before the first turn is asked: till then the light is looked at.
        turned_all = asked is None and self._turns == len(self._challenge.turns)
        helping = not turned_all and (self._turns > 0 or self._shown.helper == "end")
        if helping != self._swapped:
            self._swapped = not self._swapped
            self._hidden_until = now + self._random.uniform(*SWAP_SECONDS)

    def _frames(self) -> Iterator[Frame]:
        at_seconds, number = START_SECONDS, 0
        while at_seconds < START_SECONDS + LOOK_SECONDS_MAX:
            number += 1
            pose = self._movers.pose(np.array([at_seconds]), np.array([0]))[0]
            view = self._view(pose, at_seconds)
            screen = optics.shown(
                np.array([at_seconds]), self._commands, self._latency, EXPOSURE_SECONDS
            )[0]
            pixels = optics.in_light(view.pixels, view.lit, screen, self._lux, self._random)
            if self._shown.light == "mirror":
                pixels = optics.veiled(pixels, screen, self._mirror, self._display_cd_m2)
            yield Frame(self._sensor.taken(pixels), at_seconds, number)
            at_seconds += self._frame_seconds * float(1 + self._random.normal(0, 0.03))

    def _view(self, pose: Array, now: float) -> View:
        if now < self._hidden_until:
            return View(room(), np.full((1, 1), ROOM_LIT, np.float32))
        if self._swapped:
            return self._helper.seen(pose)
        if self._shown.axis_degrees is not None:
            return sheet(self._photo, self._bend, pose, self._shown.cut_out)
        view = self._bank.seen(pose)
        return displayed(view) if self._shown.pane else view


def _bend(shown: Shown, axis_degrees: float, random: np.random.Generator) -> Bend:
    axis = random.choice((-1, 1)) * (axis_degrees + random.normal(0, AXIS_SD_DEGREES))
    return Bend(
        float(axis),
        float(random.uniform(*shown.radius_mm)) if shown.radius_mm[0] < np.inf else np.inf,
        float(random.uniform(*shown.crease_degrees)),
    )
