"""The screen's light through whole pictures: it falls on heads, on sheets, hardly on a display."""

from itertools import islice

import numpy as np
import pytest

from edge_atm.policy.challenge import draw_challenge
from edge_atm.policy.decision import LIGHT_FIT_MIN, LIGHT_GAIN_MIN
from edge_atm.records import Colour, Face, Floats, Pixels
from edge_atm.vision.light import LightCheck, patches
from edge_atm.vision.light_response import SKIN
from tests.clips.looks import HEADS, detector
from tests.rig import optics
from tests.rig.camera import Clip, RecordedCamera

pytestmark = pytest.mark.slow

FRAMES_MAX = 90


def measured(
    clip: str, nonce: bytes, latency_seconds: float = 0.12, lux: float = optics.LOBBY_LUX
) -> tuple[float, float]:
    """Return (light gain, light fit) of whoever is shown, straight and lit as the check asks."""
    camera = RecordedCamera(Clip.load(clip), latency_seconds=latency_seconds, lux=lux)
    check = LightCheck(draw_challenge(nonce).fields)
    for frame in islice(camera.frames(), FRAMES_MAX):
        check.see(frame, found(frame.pixels))
        camera.light(check.colour)
    assert check.done
    return check.measure()


def found(pixels: Pixels) -> Face:
    (face,) = detector().detect(pixels)
    return face


def passes(light: tuple[float, float]) -> bool:
    gain, fit = light
    return gain >= LIGHT_GAIN_MIN and fit >= LIGHT_FIT_MIN


@pytest.mark.parametrize("clip", HEADS)
def test_a_head_answers_the_screen(clip: str) -> None:
    assert passes(light := measured(clip, b"heads in a lobby")), light


# Prints bent round narrow cylinders leave the room beside them: there only geometry decides.
@pytest.mark.parametrize("clip", ["flat_a2", "folded_a2", "replay_a2"])
def test_a_sheet_and_a_display_do_not(clip: str) -> None:
    assert not passes(light := measured(clip, b"prints and panes")), light


@pytest.mark.parametrize("latency_seconds", [0.5, 0.6])
def test_an_answer_that_comes_too_late_is_none(latency_seconds: float) -> None:
    assert not passes(measured("a1", b"latency too long", latency_seconds))


def test_in_daylight_the_screen_is_lost() -> None:
    assert not passes(measured("a1", b"before a window.", lux=20_000))


def answers(clip: str) -> Floats:
    """Return what a blue screen adds to the patches' blue, as parts of what they are."""
    camera = RecordedCamera(Clip.load(clip))
    before = next(camera.frames())
    camera = RecordedCamera(Clip.load(clip))
    camera.light(Colour.BLUE)
    camera.sleep(1)
    after = next(camera.frames())
    face = found(before.pixels)
    light = [patches(frame.pixels, face)[:, 2] for frame in (before, after)]
    return np.asarray(light[1] / light[0] - 1, dtype=np.float32)


def test_light_falls_off_with_the_distance_and_on_a_display_not_at_all() -> None:
    # 19 lx of blue beside 300 lx of a lamp of 4,000 K, less what the interface's page gave.
    full = optics.screen_lux(optics.FACE_M) / optics.LOBBY_LUX / optics.white_of(4000)[2] * 0.5
    head, sheet, pane = (answers(clip) for clip in ("a1", "flat_a2", "replay_a2"))
    assert head[:SKIN].min() > 0.5 * full
    assert head[SKIN:].max() < 0.2 * full
    assert sheet[SKIN:].min() > 0.5 * full
    assert pane[:SKIN].max() < 0.1 * full


def test_without_light_a_clip_is_as_it_was_stored() -> None:
    clip = Clip.load("a1")
    camera = RecordedCamera(clip)
    camera.light(None)
    assert np.array_equal(next(camera.frames()).pixels, clip.segment("front")[0])
