"""Whole looks of the rig's people."""

import itertools

import numpy as np
import pytest

from edge_atm.policy.challenge import ORDERS
from edge_atm.policy.decision import is_live
from edge_atm.records import Turn
from edge_atm.vision.challenge import LIFTED
from edge_atm.vision.motion import YAW_SPEED_MAX
from edge_atm.vision.samples import SAME_FACE_MIN
from tests.clips.looks import HEADS, embedder, lift, look, seen, staged, yaws
from tests.rig.camera import Clip
from tests.rig.clips import FPS

pytestmark = pytest.mark.slow

LOOKS = list(zip(itertools.cycle(HEADS), ORDERS))


@pytest.mark.parametrize(("clip", "turns"), LOOKS)
def test_a_head_is_a_head_in_whichever_order_it_turns(clip: str, turns: tuple[Turn, ...]) -> None:
    found = look(clip, turns)
    assert is_live(found.liveness), found.liveness
    assert len(found.embeddings) == 8
    # What is asked of him must not be long.
    assert found.frames_seen <= 14 * FPS


@pytest.mark.parametrize("clip", HEADS)
def test_a_head_never_jumps_from_segment_to_segment(clip: str) -> None:
    step_max = YAW_SPEED_MAX / FPS
    for segment in ("left", "right"):
        turned = yaws(clip, segment)
        assert max(abs(b - a) for a, b in itertools.pairwise(turned)) <= step_max
        # It may come, and go back, at any place of the idling.
        for idle in yaws(clip, "front"):
            assert abs(turned[0] - idle) <= step_max
            assert abs(turned[-1] - idle) <= step_max
    assert abs(yaws(clip, "left")[-1] - yaws(clip, "right")[0]) <= step_max


@pytest.mark.parametrize("clip", HEADS)
def test_a_head_that_looks_up_goes_past_the_mark(clip: str) -> None:
    assert lift(clip) >= LIFTED + 0.01


@pytest.mark.parametrize("clip", HEADS)
def test_a_turned_head_stays_the_same_face(clip: str) -> None:
    front = [embedder().embed(*shown).vector for shown in seen(clip, "front")[::4]]
    mean = np.mean(front, axis=0) / np.linalg.norm(np.mean(front, axis=0))
    turned = [shown for segment in ("left", "right", "up") for shown in seen(clip, segment)]
    assert min(float(embedder().embed(*shown).vector @ mean) for shown in turned) > SAME_FACE_MIN


@pytest.mark.parametrize(
    ("part", "offset", "component"),
    [(0.4, 0, "LuminanceMean"), (0.5, 125, "OverExposurePrevention")],
)
def test_a_head_in_bad_light_is_a_failure_to_acquire(
    part: float, offset: float, component: str
) -> None:
    front = [(p * part + offset).astype(np.uint8) for p in Clip.load("a2").segment("front")[:8]]
    found = staged(lambda hint, since: front[since % 8])
    assert (found.liveness.fault, found.embeddings) == ("not_acquired", ())
    assert found.poor_frames[0][0] == component
    assert sum(count for _, count in found.poor_frames) >= 100
