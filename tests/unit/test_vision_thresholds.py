"""The numbers a thief would like looser. Who changes one says here that he means it."""

import pytest

from edge_atm.vision import (
    challenge,
    enrol_watch,
    motion,
    pose,
    quality,
    samples,
    track,
    turn,
    turning,
    watch,
)


def test_the_turn() -> None:
    assert pose.FRONTAL_YAW == 0.10
    assert pose.LEVEL_PITCH == (0.35, 0.85)
    assert (challenge.TURNED_YAW, challenge.TURN_RANGE) == (0.25, 0.62)
    assert challenge.LIFTED == 0.15
    assert (challenge.STRAIGHT_YAW, challenge.STRAIGHT_LIFT) == (0.12, 0.10)
    assert (challenge.MOVED_YAW, challenge.MOVED_LIFT) == (0.08, 0.05)
    assert (challenge.REST_SECONDS, challenge.REACTION_SECONDS_MIN) == (0.2, 0.15)
    assert (challenge.BEGIN_SECONDS_MAX, challenge.TURN_SECONDS_MAX) == (2.0, 6.0)
    assert (challenge.BACK_PART, challenge.PAST_MARK_SECONDS_MAX) == (0.6, 0.5)
    assert (motion.YAW_SPEED_MAX, motion.YAW_STEP_MAX) == (3.0, 0.25)
    assert (motion.SPEED_SECONDS_MIN, motion.JITTER_SECONDS) == (1 / 15, 0.02)


def test_the_proof_of_depth() -> None:
    assert turn.FRONTAL_FRAMES_MIN == 5
    assert (turn.EXTREME_PART, turn.EXTREME_FRAMES_MIN) == (0.05, 3)
    assert (turn.TANGENTS_MIN, turn.UNLIKE_MAX) == (0.3, 1.35)


def test_one_and_the_same_face() -> None:
    assert samples.SAME_FACE_MIN == 0.4
    assert (track.OVERLAP_MIN, track.UNSEEN_SECONDS_MAX) == (0.3, 0.4)
    assert track.SECOND_FACE_WIDTH_MIN == 0.5
    assert track.SECOND_FACE_CONFIDENCE_MIN == 0.8
    assert track.SECOND_FACE_WITHIN_MAX == 0.6


def test_the_frames_of_a_look() -> None:
    assert (watch.STEADY_COUNT, watch.FRONTAL_COUNT, watch.RETURNED_COUNT) == (2, 5, 3)
    assert (watch.PORTRAIT_SECONDS, watch.LIT_SECONDS) == (0.15, 0.4)
    assert (turning.SPACING_SECONDS, turning.IN_VIEW_MIN) == (0.3, 0.5)
    assert turning.LIFT_KNOWN_MAX == 0.25
    assert pytest.approx(0.14) == turning.OWN_YAW_MAX
    assert watch.HIDDEN_FRAMES_MAX == 2
    assert watch.NO_FACE_SECONDS == 10.0
    assert watch.FORGIVEN_BELOW == {
        "two_faces": 1,
        "track_lost": 2,
        "face_changed": 2,
        "face_jumped": 2,
    }


def test_the_frames_of_a_template() -> None:
    assert (enrol_watch.KEPT_MIN, enrol_watch.KEPT_MAX) == (5, 8)
    assert enrol_watch.YAW_SPREAD_MIN == 0.06
    assert enrol_watch.SECONDS_MAX == 3.0
    assert enrol_watch.SPACING_SECONDS == 0.15
    assert (enrol_watch.SAME_POSE_SPACING_SECONDS, enrol_watch.POSE_STEP) == (0.3, 0.03)


def test_the_quality_of_a_picture() -> None:
    level, gate = pose.LEVEL_PITCH, quality.Gate
    matching = gate(0.95, 0.93, pose.FRONTAL_YAW, level, 15, 60, (60, 190), 0.05, 2, 12)
    enrolment = gate(0.98, 0.97, 0.30, level, 10, 70, (60, 180), 0.03, 1.7, 16)
    gates = quality.MATCHING, quality.ENROLMENT
    assert gates == (matching, enrolment)
    assert (quality.LUMA_BLACK, quality.LUMA_WHITE) == (5, 250)
    assert (quality.SHARPNESS_PX, quality.SHARPNESS_FULL, quality.WEIGHT_MIN) == (128, 20, 0.2)
