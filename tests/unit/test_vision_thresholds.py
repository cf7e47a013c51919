"""The numbers a thief would like looser. Who changes one says here that he means it."""

from edge_atm.vision import (
    challenge,
    enrol_watch,
    motion,
    pose,
    quality,
    samples,
    track,
    turn,
    watch,
)


def test_the_turn() -> None:
    assert pose.FRONTAL_YAW == 0.10
    assert pose.LEVEL_PITCH == (0.35, 0.85)
    assert (challenge.TURNED_YAW, challenge.TURN_RANGE) == (0.25, 0.6)
    assert (challenge.BACK_PART, challenge.PAST_MARK_SECONDS_MAX) == (0.6, 0.5)
    assert (motion.YAW_SPEED_MAX, motion.YAW_STEP_MAX) == (3.0, 0.25)
    assert (motion.SPEED_SECONDS_MIN, motion.JITTER_SECONDS) == (1 / 15, 0.02)


def test_the_proof_of_depth() -> None:
    assert turn.FRONTAL_FRAMES_MIN == 5
    assert (turn.EXTREME_PART, turn.EXTREME_FRAMES_MIN) == (0.05, 3)


def test_one_and_the_same_face() -> None:
    assert samples.SAME_FACE_MIN == 0.4
    assert (track.OVERLAP_MIN, track.UNSEEN_SECONDS_MAX) == (0.3, 0.4)
    assert track.SECOND_FACE_WIDTH_MIN == 0.5


def test_the_frames_of_a_look() -> None:
    assert (watch.FRONTAL_COUNT, watch.RETURNED_COUNT) == (5, 3)
    assert (watch.SPACING_SECONDS, watch.TURNING_SPACING_SECONDS) == (0.15, 0.3)
    assert (watch.TURNED_IN_VIEW_MIN, watch.HIDDEN_FRAMES_MAX) == (0.5, 2)
    assert watch.NO_FACE_SECONDS == 10.0
    assert watch.FORGIVEN_BELOW == {
        "two_faces": 1,
        "track_lost": 5,
        "face_changed": 5,
        "face_jumped": 5,
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
