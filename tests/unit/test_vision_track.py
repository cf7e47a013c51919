from dataclasses import replace

import numpy as np
import pytest

from edge_atm.records import Frame
from edge_atm.vision.track import UNSEARCHED_SECONDS_MAX, Track
from tests.vision.stage import NOISE, Stage, face


def follow(track: Track, stage: Stage, at_seconds: float, *x_px: float) -> str | None:
    stage.faces = [face(x_px=x) for x in x_px]
    return track.follow(Frame(NOISE, at_seconds, 0))


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def track(stage: Stage) -> Track:
    track = Track(stage)
    assert follow(track, stage, 1.0, 320) is None
    return track


def test_a_moving_face_stays_the_same(track: Track, stage: Stage) -> None:
    for step in range(1, 8):
        assert follow(track, stage, 1 + step / 5, 320 + 30 * step) is None
        assert track.visible
    assert track.frames_seen == 8


def test_the_nearest_face_is_the_same_one(track: Track, stage: Stage) -> None:
    stage.faces = [face(x_px=500, width_px=90), face(x_px=330)]
    assert track.follow(Frame(NOISE, 1.2, 0)) is None
    assert track.face is stage.faces[1]


@pytest.mark.parametrize("places", [[], [560]])
def test_a_short_gap_is_forgiven_a_longer_one_is_not(
    track: Track, stage: Stage, places: list[float]
) -> None:
    assert (follow(track, stage, 1.3, *places), track.visible) == (None, False)
    assert (follow(track, stage, 1.39, 325), track.visible) == (None, True)
    assert follow(track, stage, 1.7, *places) is None
    assert follow(track, stage, 1.9, *places) == "track_lost"


@pytest.mark.parametrize(("moved_px", "same"), [(100, True), (120, False)])
def test_a_face_is_the_same_where_its_boxes_share_enough(
    track: Track, stage: Stage, moved_px: float, same: bool
) -> None:
    assert follow(track, stage, 1.1, 320 + moved_px) is None
    assert track.visible is same


def test_a_hole_in_the_frames_is_a_gap_too(track: Track, stage: Stage) -> None:
    assert follow(track, stage, 1.5, 320) == "track_lost"


def test_a_second_face_counts_from_half_the_width(track: Track, stage: Stage) -> None:
    stage.faces = [face(), face(x_px=560, width_px=99)]
    assert track.follow(Frame(NOISE, 1.2, 0)) is None
    stage.faces = [face(), face(x_px=560, width_px=100)]
    assert track.follow(Frame(NOISE, 1.4, 0)) is None
    assert track.follow(Frame(NOISE, 1.41, 0)) == "two_faces"


def test_what_looks_like_a_face_in_one_frame_alone_is_none(track: Track, stage: Stage) -> None:
    for at_seconds, others in ((1.2, [560]), (1.23, []), (1.4, [560]), (1.43, [])):
        assert follow(track, stage, at_seconds, 320, *others) is None
    # Nobody leaves because the track is begun anew.
    assert follow(track, stage, 1.6, 320, 560) is None
    track.restart()
    assert follow(track, stage, 1.63, 320, 560) == "two_faces"
    track.restart()
    assert follow(track, stage, 1.66, 320, 560) == "two_faces"


def test_two_faces_count_even_when_neither_is_the_known_one(track: Track, stage: Stage) -> None:
    assert follow(track, stage, 1.1, 60, 590) is None
    assert follow(track, stage, 1.13, 60, 590) == "two_faces"


@pytest.mark.parametrize("at_seconds", [1.0, 0.9, float("nan"), float("inf")])
def test_time_must_move_on(track: Track, stage: Stage, at_seconds: float) -> None:
    assert follow(track, stage, at_seconds, 320) == "frame_clock"
    track.restart()
    assert follow(track, stage, 0.5, 320) == "frame_clock"


def test_the_whole_frame_is_searched_at_first_when_lost_and_every_so_often(
    track: Track, stage: Stage
) -> None:
    searched = []
    for number in range(1, 13):
        before = stage.searches
        follow(track, stage, 1 + number / 16, *([] if number == 6 else [320]))
        searched.append(stage.searches - before)
    # At 16 frames a second: every third; and after the frame that hid him at once.
    assert searched == [0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0, 0]


def test_a_slow_board_searches_every_frame(track: Track, stage: Stage) -> None:
    for number in range(1, 5):
        before = stage.searches
        follow(track, stage, 1 + number * 0.16, 320)
        assert stage.searches == before + 1


def test_a_second_face_is_found_before_a_hand_could_swap_them(track: Track, stage: Stage) -> None:
    broken = [follow(track, stage, 1 + n / 30, 320, 560) for n in range(1, 7)]
    assert broken == [None, None, None, None, None, "two_faces"]
    assert UNSEARCHED_SECONDS_MAX <= 0.15


def test_a_face_that_goes_too_far_at_once_is_searched_for(track: Track, stage: Stage) -> None:
    before = stage.searches
    assert follow(track, stage, 1.05, 350) is None
    assert (stage.searches, track.visible) == (before + 1, True)
    assert follow(track, stage, 1.1, 360) is None
    assert (stage.searches, track.visible) == (before + 1, True)


@pytest.mark.parametrize("degrees", [15, -15, 40, float("nan")])
def test_a_turned_face_is_searched_for_in_every_frame(
    track: Track, stage: Stage, degrees: float
) -> None:
    for number in range(1, 6):
        before = stage.searches
        stage.faces = [face(degrees)]
        assert track.follow(Frame(NOISE, 1 + number / 30, 0)) is None
        assert (stage.searches, track.visible) == (before + 1, True)


def test_after_a_restart_the_frame_is_searched(track: Track, stage: Stage) -> None:
    track.restart()
    before = stage.searches
    assert follow(track, stage, 1.05, 320) is None
    assert stage.searches == before + 1


@pytest.mark.parametrize(("confidence", "broken"), [(0.79, None), (0.8, "two_faces")])
def test_a_chin_that_looks_a_little_like_a_face_is_no_second_one(
    track: Track, stage: Stage, confidence: float, broken: str | None
) -> None:
    stage.faces = [face(), replace(face(x_px=560), confidence=confidence)]
    assert track.follow(Frame(NOISE, 1.2, 0)) is None
    assert track.follow(Frame(NOISE, 1.21, 0)) == broken


@pytest.mark.parametrize(
    ("box", "broken"),
    [
        # Of the followed face, 220 to 420 and 120 to 380: mouth, chin and collar.
        ((260, 290, 380, 440), None),
        ((260, 320, 380, 470), "two_faces"),
        # A head behind the followed one's shoulder, and one that hides it in part.
        ((360, 120, 480, 270), "two_faces"),
        ((200, 100, 440, 400), "two_faces"),
    ],
)
def test_what_lies_within_the_followed_face_is_no_second_one(
    track: Track, stage: Stage, box: tuple[float, ...], broken: str | None
) -> None:
    stage.faces = [face(), replace(face(), box=np.array(box, np.float32))]
    assert track.follow(Frame(NOISE, 1.2, 0)) is None
    assert track.follow(Frame(NOISE, 1.21, 0)) == broken
