import itertools

import numpy as np
import pytest

from edge_atm.records import Face, Frame, Hint
from edge_atm.vision.enrol_watch import (
    POSE_STEP,
    SAME_POSE_SPACING_SECONDS,
    SPACING_SECONDS,
    EnrolWatch,
)
from edge_atm.vision.pose import NOSE, yaw_proxy
from tests.vision.stage import EYES_PX, NOISE, SECONDS_PER_FRAME, Stage, face


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def watch(stage: Stage) -> EnrolWatch:
    return EnrolWatch(stage, stage)


def sway(watch: EnrolWatch, stage: Stage, seconds: float, degrees: float = 12) -> Hint:
    for step in range(round(seconds / SECONDS_PER_FRAME)):
        hint = stage.show(watch, face(degrees * float(np.sin(step / 8))))
        if watch.done:
            break
    return hint


def test_three_seconds_of_a_slowly_moving_face_are_enough(watch: EnrolWatch, stage: Stage) -> None:
    assert stage.show(watch, face()) is Hint.MOVE_SLOWLY
    assert watch.embeddings[:1] == ()
    assert sway(watch, stage, seconds=3) is Hint.DONE
    assert (watch.done, watch.fault) == (True, None)
    assert 5 <= len(watch.embeddings) <= 8
    assert np.diff(stage.embedded_at).min() >= 0.149


def test_a_still_face_is_asked_to_move_until_it_does(watch: EnrolWatch, stage: Stage) -> None:
    assert stage.show(watch, face(), seconds=6) is Hint.MOVE_SLOWLY
    assert (watch.done, watch.embeddings) == (False, ())
    assert len(stage.embedded_at) == 8
    assert sway(watch, stage, seconds=1) is Hint.DONE
    assert len(watch.embeddings) == 8


def test_the_frames_of_a_template_differ_in_pose_or_are_apart(
    watch: EnrolWatch, stage: Stage
) -> None:
    shown: dict[float, float] = {}
    # Now and then the head stands still, for longer than any spacing.
    for step in range(200):
        degrees = 3.0 * (step // 6)
        stage.show(watch, face(degrees))
        shown[stage.at_seconds] = float(yaw_proxy(face(degrees).landmarks))
        if watch.done:
            break
    assert 5 <= len(watch.embeddings) <= 8
    for one, other in itertools.pairwise(stage.embedded_at):
        new_pose = abs(shown[one] - shown[other]) >= POSE_STEP
        assert other - one >= (SPACING_SECONDS if new_pose else SAME_POSE_SPACING_SECONDS) - 1e-6


def test_five_frames_do_when_time_is_up(watch: EnrolWatch, stage: Stage) -> None:
    sway(watch, stage, seconds=0.9)
    kept = len(stage.embedded_at)
    assert 4 <= kept < 8
    stage.show(watch, face(45), seconds=2.4)
    assert (watch.done, watch.embeddings) == (False, ())
    assert stage.show(watch, face(10), seconds=0.4) is Hint.DONE
    assert len(watch.embeddings) < 8


def test_a_far_turned_face_is_not_kept(watch: EnrolWatch, stage: Stage) -> None:
    assert stage.show(watch, face(40), seconds=2) is Hint.LOOK_STRAIGHT
    assert stage.embedded_at == []


def test_a_lowered_head_is_not_kept(watch: EnrolWatch, stage: Stage) -> None:
    lowered = face()
    lowered.landmarks[NOSE, 1] += 0.3 * EYES_PX
    assert stage.show(watch, lowered, seconds=2) is Hint.LOOK_STRAIGHT
    assert stage.embedded_at == []


def test_a_template_wants_better_pictures_than_a_match_does(
    watch: EnrolWatch, stage: Stage
) -> None:
    small = face()
    middle = small.landmarks.mean(axis=0)
    small.landmarks[:] = middle + (small.landmarks - middle) * np.float32(65 / EYES_PX)
    assert stage.show(watch, small, seconds=1) is Hint.COME_CLOSER
    assert stage.embedded_at == []
    stage.show(stage.watch(), small, seconds=1)
    assert stage.embedded_at != []


def test_four_frames_do_not_do(watch: EnrolWatch, stage: Stage) -> None:
    for degrees in (0, 5, 10):
        stage.show(watch, face(degrees), seconds=0.2)
    assert len(stage.embedded_at) == 3
    stage.show(watch, face(45), seconds=3)
    stage.show(watch, face(-5))
    assert (len(stage.embedded_at), watch.done) == (4, False)
    stage.show(watch, face(45), seconds=0.5)
    assert stage.show(watch, face(-10)) is Hint.DONE
    assert len(watch.embeddings) == 5


def test_a_face_that_leaves_the_picture_is_told_so(watch: EnrolWatch, stage: Stage) -> None:
    hints = {stage.show(watch, face(x_px=x)) for x in range(100, -400, -20)}
    assert hints == {Hint.MOVE_SLOWLY, Hint.STEP_INTO_VIEW}
    assert watch.face is not None
    assert watch.face.box[2] < 0
    assert not watch.done


def test_poor_pictures_are_named(watch: EnrolWatch, stage: Stage) -> None:
    stage.pixels = NOISE // 4
    assert stage.show(watch, face(), seconds=1) is Hint.MORE_LIGHT
    assert stage.embedded_at == []
    assert watch.poor_frames == (("LuminanceMean", 16),)


@pytest.mark.parametrize(
    ("seen", "hint", "word"),
    [
        ([face(), face(x_px=560)], Hint.ONE_PERSON_ONLY, "two_faces"),
        ([], Hint.STEP_INTO_VIEW, "track_lost"),
    ],
)
def test_a_broken_track_ends_it_once_begun(
    watch: EnrolWatch, stage: Stage, seen: list[Face], hint: Hint, word: str
) -> None:
    assert stage.show(watch, *seen, seconds=0.5) is hint
    assert (watch.done, watch.embeddings) == (False, ())
    sway(watch, stage, seconds=0.5)
    stage.show(watch, *seen, seconds=0.5)
    assert (watch.done, watch.fault, watch.embeddings) == (True, word, ())


def test_two_people_do_not_share_a_template(watch: EnrolWatch, stage: Stage) -> None:
    sway(watch, stage, seconds=0.5)
    stage.person = 1
    sway(watch, stage, seconds=1)
    assert (watch.fault, watch.embeddings) == ("face_changed", ())


def test_a_clock_that_stands_ends_it(watch: EnrolWatch, stage: Stage) -> None:
    stage.show(watch, face())
    watch.see(Frame(NOISE, stage.at_seconds, 0))
    assert (watch.done, watch.fault) == (True, "frame_clock")
