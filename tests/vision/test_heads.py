from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_atm.models import Models
from edge_atm.policy.challenge import draw_challenge
from edge_atm.policy.decision import LIGHT_FIT_MIN, MIDLINE_MIN, NOSE_DEPTH_MIN
from edge_atm.records import Floats, Frame, Hint, Pixels, Turn
from edge_atm.vision.detector import Detector
from edge_atm.vision.embedder import Embedder
from edge_atm.vision.turn import apart, measure
from edge_atm.vision.turning import HINTS
from edge_atm.vision.watch import TurnWatch
from tests.rig.bench import nonce_for

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
LONGER_SIDE_PX = 900
RANGE_GATE, RESIDUAL_GATE = 0.5, 0.40
# Of the clip's 60 frames a second.
EVERY, FPS = 4, 15

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"the recorded heads are not in {DATA}"),
]


def frames(path: Path, every: int) -> Iterator[Pixels]:
    clip = cv2.VideoCapture(str(path))
    while clip.grab():
        _, picture = clip.retrieve()
        if round(clip.get(cv2.CAP_PROP_POS_FRAMES)) % every == 0:
            scale = min(1, LONGER_SIDE_PX / max(picture.shape[:2]))
            small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            yield np.asarray(small[:, :, ::-1], dtype=np.uint8)
    clip.release()


def trace(name: str, every: int) -> Floats:
    detector = Detector(Models())
    found = [detector.detect(pixels) for pixels in frames(DATA / name, every)]
    return np.stack([faces[0].landmarks for faces in found if faces])


@pytest.mark.parametrize(
    ("name", "residual"),
    [("clips/leszko-face.mp4", 0.56), ("pad/clip-tranvanluyt/real/real.mp4", 0.63)],
)
def test_a_real_head_that_turns_shows_its_depth(name: str, residual: float) -> None:
    turn_range, found, depth = measure(*apart(trace(name, every=2)))
    assert turn_range >= RANGE_GATE
    assert found >= RESIDUAL_GATE
    assert found == pytest.approx(residual, abs=0.05)
    assert depth >= NOSE_DEPTH_MIN + 0.05


@pytest.mark.parametrize(
    "name",
    [
        "clips/fellway-me.mp4",
        "pad/clip-wolfhuo/attack-replay/089ebaf677f4790cae56915cb67a1fa3.mp4",
        "pad/clip-manikantha/attack-replay/fake.mp4",
    ],
)
def test_a_head_or_a_picture_that_does_not_turn_proves_nothing(name: str) -> None:
    turn_range, residual, _ = measure(*apart(trace(name, every=4)))
    assert not turn_range >= RANGE_GATE
    assert not residual >= RESIDUAL_GATE


@pytest.mark.parametrize(
    "turns",
    [(Turn.LEFT, Turn.RIGHT), (Turn.UP, Turn.RIGHT, Turn.LEFT), (Turn.RIGHT, Turn.UP, Turn.LEFT)],
)
def test_a_real_head_that_follows_the_hints_is_a_head_to_the_watch(turns: tuple[Turn, ...]) -> None:
    # He looks straight, turns to his right and back, and later looks up and down; to his left he
    # turned in a mirror.
    pictures = list(frames(DATA / "clips/leszko-face.mp4", EVERY))
    front, right, up = pictures[:15], pictures[14:34], pictures[39:62]
    detector = Detector(Models())
    box = detector.detect(front[0])[0].box
    # Mirrored about the face, so that it stays where it is.
    shift = round(float(box[0] + box[2])) - front[0].shape[1]
    mirrored = [np.roll(np.fliplr(p), shift, axis=1) for p in (*front, *right)]
    left = mirrored[len(front) :]
    played = {Hint.TURN_RIGHT: right, Hint.TURN_LEFT: left, Hint.TURN_UP: up}
    asks = draw_challenge(nonce_for(*turns))
    watch, told = TurnWatch(detector, Embedder(Models()), asks), Hint.LOOK_STRAIGHT
    # Each turn is played to its end, back to where the next one begins.
    waiting: list[Pixels] = []
    for number in range(330):
        waiting += played.pop(told, [])
        # Before he turns to his left he rests in that mirror, just past his middle: one face rests
        # and turns, and his own front is not quite straight.
        coming = next((turn for turn in turns if HINTS[turn] in played), None)
        resting = left[1::-1] if coming is Turn.LEFT and watch.colour is None else front[13:]
        shown = waiting.pop(0) if waiting else resting[number % 8 // 7]
        told = watch.see(Frame(shown, number / FPS, number))
        if watch.done:
            break
    liveness = watch.look().liveness
    assert liveness.fault is None
    assert liveness.turn_range >= RANGE_GATE
    assert liveness.nose_residual >= RESIDUAL_GATE
    assert liveness.midline >= MIDLINE_MIN
    # Nobody lit him.
    assert not liveness.light_fit >= LIGHT_FIT_MIN


def test_a_recording_of_a_real_head_does_not_do_what_is_asked() -> None:
    asks = draw_challenge(nonce_for(Turn.RIGHT, Turn.LEFT))
    watch = TurnWatch(Detector(Models()), Embedder(Models()), asks)
    # To and fro between straight and his right, in which nobody could see where it was cut.
    pictures = list(frames(DATA / "clips/leszko-face.mp4", EVERY))[:34]
    to_and_fro = [*pictures, *pictures[-2:0:-1]]
    for number in range(5 * len(to_and_fro)):
        watch.see(Frame(to_and_fro[number % len(to_and_fro)], number / FPS, number))
    # The first turn may happen to be what was asked; the second one is not.
    assert watch.look().liveness.fault in ("begun_early", "not_begun", "wrong_turn")
