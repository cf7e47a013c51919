"""A failure to acquire is told apart from a look that failed, with what the pictures lacked."""

from dataclasses import replace

import numpy as np
import pytest

from edge_atm.records import Frame, Hint
from edge_atm.vision.quality import MATCHING, SHARPNESS_FULL, quality_of
from edge_atm.vision.watch import TurnWatch
from tests.unit.counter import LIVE, Counter
from tests.vision.stage import NOISE, Stage, face, unmeasured


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    return unmeasured(monkeypatch)


@pytest.fixture
def watch(stage: Stage) -> TurnWatch:
    return stage.watch()


def fault(watch: TurnWatch) -> str | None:
    look = watch.look()
    assert (look.embeddings == ()) == (look.liveness.fault is not None)
    return look.liveness.fault


def turn_both_ways(watch: TurnWatch, stage: Stage) -> None:
    for hint, degrees in ((Hint.TURN_LEFT, 33), (Hint.TURN_RIGHT, -33)):
        stage.wait(watch, hint)
        stage.turn(watch, 0, degrees)
        stage.turn(watch, degrees, 0)


def test_poor_light_is_named_and_nothing_is_kept(watch: TurnWatch, stage: Stage) -> None:
    stage.pixels = NOISE // 4
    assert stage.show(watch, face(), seconds=2) is Hint.MORE_LIGHT
    assert stage.embedded_at == []
    assert watch.look().frames_seen == 32
    assert watch.look().poor_frames == (("LuminanceMean", 32),)
    assert fault(watch) == "not_acquired"


def test_what_was_poor_is_counted_by_its_name_and_may_get_better(
    watch: TurnWatch, stage: Stage
) -> None:
    stage.pixels = NOISE // 4
    assert stage.show(watch, face(), seconds=1) is Hint.MORE_LIGHT
    stage.pixels = NOISE
    stage.turn(watch, 0, 20)
    assert stage.show(watch, face(20), seconds=0.3) is Hint.LOOK_STRAIGHT
    assert fault(watch) == "not_acquired"
    stage.turn(watch, 20, 0)
    stage.wait(watch, Hint.TURN_LEFT)
    (dark, turned) = watch.look().poor_frames
    assert dark == ("LuminanceMean", 16)
    assert turned[0] == "HeadPoseYaw"
    assert 5 <= turned[1] < 16
    # Now it waits for the head, not for a picture.
    assert fault(watch) == "not_finished"


def test_only_a_poor_picture_is_a_failure_to_acquire(watch: TurnWatch, stage: Stage) -> None:
    assert fault(watch) == "not_finished"
    stage.show(watch, seconds=1)
    assert (fault(watch), watch.look().poor_frames) == ("not_finished", ())
    stage.show(watch, face(), seconds=0.3)
    assert fault(watch) == "not_finished"


def test_a_poor_picture_after_the_turn_is_one_too(stage: Stage) -> None:
    ready = stage.watch()
    turn_both_ways(ready, stage)
    stage.pixels = NOISE // 4
    assert stage.show(ready, face(), seconds=2) is Hint.MORE_LIGHT
    assert fault(ready) == "not_acquired"


def test_a_fault_is_told_before_poor_pictures(watch: TurnWatch, stage: Stage) -> None:
    stage.show(watch, face(), seconds=0.4)
    stage.pixels = NOISE // 4
    stage.show(watch, face(), seconds=0.4)
    watch.see(Frame(NOISE, stage.at_seconds, 0))
    assert fault(watch) == "frame_clock"
    assert dict(watch.look().poor_frames)["LuminanceMean"] > 0


def test_a_softer_frame_counts_less(stage: Stage) -> None:
    stage.pixels = ((NOISE.astype(int) - 125) * 6 // 40 + 125).astype(np.uint8)
    soft = quality_of(stage.pixels, face())
    assert MATCHING.sharpness_min <= soft.sharpness < SHARPNESS_FULL
    watch = stage.watch()
    turn_both_ways(watch, stage)
    stage.pixels = NOISE
    stage.wait(watch, Hint.DONE)
    weights = [embedding.quality for embedding in watch.look().embeddings]
    assert weights == sorted(weights)
    assert (weights[:5], weights[-1], len(weights)) == ([soft.weight] * 5, 1.0, 8)


@pytest.mark.parametrize("cents", [5000, 10_001])
def test_a_withdrawal_ends_with_it_and_the_journal_says_why(cents: int) -> None:
    poor = (("LuminanceMean", 71), ("Sharpness", 3))
    unseen = replace(LIVE, fault="not_acquired")
    counter = Counter(liveness=unseen, cents=cents, poor_frames=poor)
    assert counter.serve().reason == "not_acquired"
    assert counter.named("pay") == []
    assert counter.journal[0]["liveness_fault"] == counter.journal[0]["reason"] == "not_acquired"
    assert counter.journal[0]["poor_frames"] == {"LuminanceMean": 71, "Sharpness": 3}
    assert counter.named("note_face") == [(False,)]
    assert counter.named("template") == counter.named("pin") == []
