"""What a dispenser's memory proves after silence."""

import pytest

from edge_atm.cash.outcomes import NOT_RUN, from_text, to_text
from edge_atm.cash.proof import prove
from edge_atm.money import NO_NOTES, Operation, Outcome, Quantities

ASKED: Quantities = (2, 1, 0, 0)
PURGED = Outcome(Operation.PURGE, 0, NO_NOTES, NO_NOTES)
EMPTY = Outcome(Operation.NONE, 0, NO_NOTES, NO_NOTES)


def paid(presented: Quantities, error: int = 0) -> Outcome:
    return Outcome(Operation.DISPENSE, error, presented, NO_NOTES)


@pytest.mark.parametrize(
    ("baseline", "now", "expected"),
    [
        (PURGED, paid(ASKED), paid(ASKED)),
        (PURGED, paid((1, 0, 0, 0), 3), paid((1, 0, 0, 0), 3)),
        (PURGED, PURGED, NOT_RUN),
        (paid((5, 0, 0, 0)), paid((5, 0, 0, 0)), NOT_RUN),
        (paid((5, 0, 0, 0)), paid(ASKED), paid(ASKED)),
        # The same record before and after, and ours would have looked like it.
        (paid(ASKED), paid(ASKED), None),
        (paid((1, 0, 0, 0), 3), paid((1, 0, 0, 0), 3), None),
        # A memory that is empty afterwards is a memory that was lost.
        (PURGED, EMPTY, None),
        (EMPTY, EMPTY, None),
        # Somebody else drove the dispenser.
        (paid((5, 0, 0, 0)), PURGED, None),
        (PURGED, Outcome(Operation.PURGE, 0x0E, NO_NOTES, NO_NOTES), None),
        (PURGED, Outcome(Operation.TEST_DISPENSE, 3, NO_NOTES, ASKED), None),
        (PURGED, Outcome(Operation.OTHER, 0, ASKED, NO_NOTES), None),
        # Without an error it would have paid what was asked.
        (PURGED, paid((0, 0, 40, 0)), None),
        (PURGED, paid((1, 1, 0, 0)), None),
        (PURGED, paid((3, 1, 0, 0)), None),
        (PURGED, paid((3, 1, 0, 0), 0x29), paid((3, 1, 0, 0), 0x29)),
    ],
)
def test_only_proof_counts(baseline: Outcome, now: Outcome, expected: Outcome | None) -> None:
    assert prove(ASKED, baseline, now, accepted=False) == expected


def test_an_accepted_command_that_left_no_trace_proves_nothing() -> None:
    assert prove(ASKED, PURGED, PURGED, accepted=True) is None
    assert prove(ASKED, PURGED, paid(ASKED), accepted=True) == paid(ASKED)


def test_outcome_survives_its_text() -> None:
    outcome = Outcome(Operation.DISPENSE, 0x29, (1, 2, 3, 4), (0, 1, 0, 0))
    assert from_text(to_text(outcome)) == outcome
