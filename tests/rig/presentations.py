"""Live faces, prints, displays and injected frames at colour level, filmed by `optics`' camera."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from edge_atm.records import Colour, Pixels
from tests.rig import optics
from tests.rig.optics import Commands, Light

PATCHES = len(optics.PATCHES_CM)
SKIN = optics.SKIN_PATCHES
# The features are where `vision/light_response.py` wants them: behind the skin.
FACE = SKIN + 1
DIM_CD_M2 = (10.0, 60.0)


@enum.unique
class Species(enum.Enum):
    """What stands before the camera, or in place of it."""

    LIVE = "live"
    PRINT = "print"
    # Its sheet was cut along the head and is held before the real room.
    CUT_OUT = "cut_out"
    REPLAY = "replay"
    # Turned down as far as a face can still be seen: what it reflects counts for more.
    REPLAY_DIM = "replay_dim"
    # Held so that the unit's own screen is mirrored in the display, over the face as far as it can.
    REPLAY_MIRROR = "replay_mirror"
    # Frames fed in past the lens: of a live person in steady light, and in other colour fields.
    INJECTED = "injected"
    INJECTED_FIELDS = "injected_fields"


DISPLAYS = (Species.REPLAY, Species.REPLAY_DIM, Species.REPLAY_MIRROR)


@dataclass(frozen=True, slots=True)
class Scene:
    """One presentation: what does not change while it lasts.

    `skin`, `background`: albedo [3]. `lux`: on the face. `room`: the background's light over the
    face's. `facing` [patches]: how squarely each meets the screen's light. `display_cd_m2`,
    `mirror` [patches], `diffuse`: the display's white and how much it reflects. `features_sd`,
    `filled`: of the face, as in `optics`. `recorded`: the
    fields in whose light a recording was made, in the time of its showing.
    """

    species: Species
    skin: Light
    background: Light
    lux: float
    white: Light
    room: float
    latency_seconds: float
    exposure_seconds: float
    face_m: float
    background_m: float
    facing: Light
    flicker: float
    tone: float
    features_sd: float
    filled: float
    display_cd_m2: float
    mirror: Light
    diffuse: float
    recorded: Commands


def draw_scene(
    species: Species, random: np.random.Generator, lux: float, latency_seconds: float, skin: int
) -> Scene:
    """Return one presentation of a kind, with all else drawn from the ranges of `optics`."""
    mirror = np.zeros(PATCHES)
    if species is Species.REPLAY_MIRROR:
        aimed = random.normal(0, 1.0, 2)
        mirror = optics.mirrored(random.uniform(0.15, 0.5), aimed, random.random() < 0.5)
    old = species is Species.INJECTED_FIELDS
    old |= species in DISPLAYS and random.random() < 0.5
    background = random.uniform(0.1, 0.8) * random.uniform(0.7, 1, 3)
    return Scene(
        species=species,
        skin=optics.from_lab(optics.SKIN_LAB[skin]) * random.uniform(0.85, 1.15),
        background=background,
        lux=lux,
        white=optics.white_of(random.uniform(*optics.KELVIN)),
        room=float(np.exp(random.uniform(np.log(0.4), np.log(2)))),
        latency_seconds=latency_seconds,
        exposure_seconds=random.uniform(1 / 60, 1 / 20),
        face_m=random.uniform(0.4, 0.6),
        background_m=random.uniform(*optics.BACKGROUND_M),
        facing=random.uniform(0.75, 1, PATCHES),
        flicker=optics.FLICKER_MAX * random.uniform(0, 1) ** 2,
        tone=random.uniform(*optics.TONE),
        features_sd=random.uniform(*optics.FEATURES_SD),
        filled=random.uniform(*optics.FILLED),
        display_cd_m2=random.uniform(
            *(DIM_CD_M2 if species is Species.REPLAY_DIM else optics.DISPLAY_CD_M2)
        ),
        mirror=mirror * random.uniform(*optics.GLASS_MIRROR),
        diffuse=random.uniform(*optics.GLASS_DIFFUSE),
        recorded=_other_fields(random) if old else (),
    )


def filmed(
    scene: Scene, at_seconds: Light, commands: Commands, random: np.random.Generator
) -> Pixels:
    """Return the patches' pixels, uint8 [N, patches, samples, 3] sRGB, skin before background.

    `at_seconds` [N]: the frames' stamps. `commands`: when the unit's screen was told which colour.
    """
    if scene.species in (Species.INJECTED, Species.INJECTED_FIELDS):
        commands = scene.recorded
        scene = replace(scene, species=Species.LIVE, latency_seconds=0.1)
    screen = optics.shown(at_seconds, commands, scene.latency_seconds, scene.exposure_seconds)
    return _camera(scene, *_luminance(scene, at_seconds, screen, random), random)


def _luminance(
    scene: Scene, at_seconds: Light, screen: Light, random: np.random.Generator
) -> tuple[Light, Light]:
    # cd/m2 per channel, [N, patches, 3]: what has the surface's pattern, and what lies over it.
    face, room = _ambient(scene, at_seconds, random)
    fall = np.full(PATCHES, optics.screen_lux(scene.face_m)) * scene.facing
    albedo = np.stack([scene.skin] * FACE + [scene.background] * (PATCHES - FACE))
    ambient = np.stack([face] * FACE + [room] * (PATCHES - FACE), axis=1)
    if scene.species in (Species.PRINT, *DISPLAYS):
        # One flat sheet or pane: the same light all over, but for a little slope.
        ambient = np.stack([face] * PATCHES, axis=1)
        fall = np.full(PATCHES, fall[0]) * (1 + 0.08 * (scene.facing - 0.9))
    else:
        fall[FACE:] = optics.screen_lux(scene.background_m)
    came = fall[:, None] * screen[:, None]
    if scene.species not in DISPLAYS:
        low, high = optics.PAPER if scene.species is not Species.LIVE else (0.0, 1.0)
        albedo = np.clip(albedo, low, high) / np.pi
        filling = np.where(np.arange(PATCHES) == SKIN, scene.filled, 0)[:, None] * came
        return np.asarray(albedo * (ambient + came - filling)), np.asarray(albedo * filling)
    # The recording: the person at some other time, in other light, as bright as the pane can show.
    then = optics.shown(at_seconds, scene.recorded, 0.1, scene.exposure_seconds)
    light = ambient / scene.lux / scene.white
    if scene.recorded:
        light[:, :FACE] += 0.06 * then[:, None]
    picture = albedo * light
    emitted = scene.display_cd_m2 * np.clip(picture * 0.4 / scene.skin.max(), 0, 1)
    own = scene.mirror[:, None] * optics.SCREEN_CD_M2 * screen[:, None]
    return emitted, np.asarray(scene.diffuse * (ambient + came) / np.pi + own)


def _ambient(scene: Scene, at_seconds: Light, random: np.random.Generator) -> tuple[Light, Light]:
    # Lux per channel on the face and on the room, [N, 3] each.
    depth = scene.flicker * abs(np.sinc(optics.FLICKER_HZ * scene.exposure_seconds))
    colour = 1 + optics.FLICKER_CHROMA * np.array([-0.5, 0.0, 1.0])
    turns = 2 * np.pi * (at_seconds[:, None] * optics.FLICKER_HZ + random.random(2))
    beat = 1 + depth * np.sin(turns)[..., None] * colour
    hz, start = random.uniform(*optics.SWAY_HZ, 4), random.uniform(0, 2 * np.pi, 4)
    waves = np.sin(2 * np.pi * hz * at_seconds[:, None] + start)
    sway = 1 + optics.SWAY * waves[:, 0, None] * waves[:, 1, None]
    warm = 1 + optics.SWAY_CHROMA * waves[:, 2, None] * waves[:, 3, None] * np.array([1, 0, -1])
    light = scene.lux * scene.white
    return light * beat[:, 0] * sway * warm, light * scene.room * beat[:, 1]


def _camera(scene: Scene, reflected: Light, veil: Light, random: np.random.Generator) -> Pixels:
    texture = np.exp(random.normal(0, optics.TEXTURE, (PATCHES, optics.SAMPLES, 1)))
    # A quarter of what they cover is dark, the rest is skin.
    part = optics.FEATURES_PART
    darker = scene.features_sd / np.sqrt(part * (1 - part))
    texture[SKIN] *= np.where(random.random((optics.SAMPLES, 1)) < part, np.exp(-darker), 1)
    finer = np.where(np.arange(PATCHES) == SKIN, optics.FEATURES_NOISE, 1)[:, None, None]
    luminance = reflected + veil
    gain = optics.GREY / luminance[0].mean() * np.exp(random.normal(0, 0.3))
    white = np.ones(3) if scene.species in DISPLAYS else scene.white
    balance = 1 / white * np.exp(random.normal(0, 0.05, 3))
    lux = luminance.mean() * np.pi / optics.GREY
    electrons = optics.FULL_WELL * min(1.0, lux / optics.FULL_WELL_LUX)
    frames = np.empty((*luminance.shape[:2], optics.SAMPLES, 3), dtype=np.uint8)
    for frame, seen, over in zip(frames, reflected, veil, strict=True):
        taken = (seen[:, None] * texture + over[:, None]) * gain * balance
        sd = np.sqrt(np.clip(taken, 0, 1) * electrons + optics.READ_NOISE**2) / electrons
        noisy = np.clip(taken + random.normal(0, 1, taken.shape) * sd * finer, 0, 1)
        frame[:] = np.rint(optics.to_srgb(noisy**scene.tone))
        # What the camera does to itself for the next frame, from the middle of this one.
        means = noisy.mean(axis=(0, 1))
        gain *= (optics.GREY / means.mean()) ** optics.EXPOSURE_STEP
        balance = balance * (means.mean() / means) ** optics.BALANCE_STEP
    return frames


def _other_fields(random: np.random.Generator, count: int = 10, seconds: float = 0.4) -> Commands:
    # The worst case: as many fields as the unit shows, begun when the unit begins.
    colours: Sequence[Colour] = list(Colour)
    drawn = [colours[i] for i in random.integers(0, len(colours), count)]
    return [(seconds * i, colour.value) for i, colour in enumerate(drawn)] + [
        (seconds * count, None)
    ]
