"""The numbers that keep strangers out, written a second time: loosening one must fail here."""

import pytest

from edge_atm import asking, enrolment, looking
from edge_atm.cash import mix
from edge_atm.policy import adaptation, calibration, decision, habit, lockout, match
from edge_atm.vault import pins, rows

# The other tests take these from the product, so a looser value would carry them along unseen.
# Whoever changes one changes it here too, in the same commit, which says what was measured anew.
SAFETY: list[tuple[object, str, object]] = [
    (decision, "TURN_RANGE_MIN", 0.60),
    (decision, "NOSE_RESIDUAL_MIN", 0.40),
    (decision, "NOSE_DEPTH_MIN", 0.28),
    (decision, "MIDLINE_MIN", 0.04),
    (decision, "LIGHT_GAIN_MIN", 0.003),
    (decision, "LIGHT_FIT_MIN", 0.85),
    (decision, "MATCH_FRAMES_MIN", 5),
    (decision, "ENROL_FRAMES_MIN", 5),
    (match, "AGREEMENT_MIN", 0.55),
    (adaptation, "WEIGHT", 0.05),
    (adaptation, "DRIFT_MIN", 0.995),
    (adaptation, "REST_HOURS_MIN", 20.0),
    (calibration, "SCORE_MIN", 0.598),
    (calibration, "LLR_OFFSET", -9.146),
    (calibration, "LLR_SLOPE", 16.858),
    (calibration, "LLR_LOG10_MAX", 2.986),
    (asking, "PIN_ATTEMPTS", 3),
    (looking, "LOOK_SECONDS_MAX", 25.0),
    (enrolment, "LOOK_SECONDS_MAX", 20.0),
    (habit, "ENTRIES_MIN", 5),
    (habit, "ENTRIES_MAX", 20),
    (habit, "WEIGHT", 1.0),
    (habit, "LLR_LOG10_MIN", -0.5),
    (habit, "LLR_LOG10_MAX", 1.0),
    (rows, "PIN_FAILURES_MAX", 50),
    (lockout, "PINS", lockout.Rule(3, 60.0, 3600.0, 50)),
    (lockout, "LOOKS", lockout.Rule(5, 30.0, 3600.0, 50)),
    (lockout, "HOUR_SECONDS", 3600.0),
    (mix, "NOTES_MAX", 100),
    (pins, "SCRYPT_N", 2**14),
    (pins, "SCRYPT_R", 8),
    (pins, "SCRYPT_P", 1),
]


@pytest.mark.parametrize(
    ("room", "name", "value"), SAFETY, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_safety_constant_is_the_one_that_was_measured(
    room: object, name: str, value: object
) -> None:
    assert getattr(room, name) == value
