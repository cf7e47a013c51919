"""What a dispenser's memory proves after silence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_atm.cash.outcomes import NOT_RUN, from_text, to_text
from edge_atm.cash.proof import looks_alike, prove
from edge_atm.money import NO_NOTES, Operation, Outcome, Quantities

ASKED: Quantities = (2, 1, 0, 0)
PURGED = Outcome(Operation.PURGE, 0, NO_NOTES, NO_NOTES)
# By the interface specification a note may be left where a hand can reach it.
AT_EXIT = {0x04, 0x05, 0x06, 0x07, 0x08, 0x0A, 0x40, 0x41, 0x42, 0x43}
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


REFUSED = Outcome(Operation.DISPENSE, 0x24, NO_NOTES, NO_NOTES)


@pytest.mark.parametrize("accepted", [False, True])
@pytest.mark.parametrize(
    ("baseline", "now", "answer", "expected"),
    [
        # Told twice.
        (PURGED, paid((1, 0, 0, 0), 3), paid((1, 0, 0, 0), 3), paid((1, 0, 0, 0), 3)),
        # The check byte is one XOR: where the two disagree, the memory is asked about as if
        # nothing had been answered.
        (PURGED, paid(ASKED), paid((1, 0, 0, 0), 3), paid(ASKED)),
        (PURGED, paid(ASKED), REFUSED, paid(ASKED)),
        (PURGED, paid((1, 1, 0, 0), 3), paid(ASKED, 3), paid((1, 1, 0, 0), 3)),
        (PURGED, paid((1, 1, 0, 0)), paid((1, 0, 0, 0)), None),
        (PURGED, PURGED, paid((1, 0, 0, 0), 3), None),
        (PURGED, PURGED, paid((1, 0, 0, 0)), None),
        (PURGED, EMPTY, paid((1, 0, 0, 0), 3), None),
        (paid(ASKED), paid(ASKED), paid((1, 0, 0, 0), 3), None),
        # It did not begin: some write that down, some leave the record before.
        (PURGED, REFUSED, REFUSED, REFUSED),
        (PURGED, PURGED, REFUSED, REFUSED),
        (REFUSED, REFUSED, REFUSED, REFUSED),
        (paid(ASKED), paid(ASKED), REFUSED, REFUSED),
        # An error before the start that comes with counts has begun.
        (PURGED, PURGED, paid((1, 0, 0, 0), 0x24), None),
    ],
)
def test_an_answer_is_believed_when_the_memory_does_not_contradict(
    baseline: Outcome, now: Outcome, answer: Outcome, expected: Outcome | None, accepted: bool
) -> None:
    assert prove(ASKED, baseline, now, accepted, answer) == expected


@given(st.integers(0, 0xDF), st.tuples(*[st.integers(0, 3)] * 4), st.booleans())
def test_a_note_that_may_lie_in_the_exit_is_never_proved(
    error: int, presented: Quantities, accepted: bool
) -> None:
    now = paid(presented, error)
    proved = prove(ASKED, PURGED, now, accepted)
    short = any(out < wanted for out, wanted in zip(presented, ASKED, strict=True))
    assert proved in (None, now)
    if error == 0:
        assert (proved is None) == (presented != ASKED)
    elif short and error in AT_EXIT:
        assert proved is None
    elif not short:
        assert proved == now


@given(st.sampled_from(list(Operation)), st.integers(0, 0xDF), st.tuples(*[st.integers(0, 3)] * 4))
def test_what_looks_alike_proves_nothing_after_silence(
    operation: Operation, error: int, presented: Quantities
) -> None:
    memory = Outcome(operation, error, presented, NO_NOTES)
    proved = prove(ASKED, memory, memory, accepted=False)
    # Cut short, ours may have left any smaller record without an error.
    fewer = all(out <= wanted for out, wanted in zip(presented, ASKED, strict=True))
    ours = operation is Operation.DISPENSE and (error != 0 or fewer)
    assert ours or not looks_alike(memory, ASKED)
    if ours or operation in (Operation.NONE, Operation.OTHER):
        assert proved is None
    else:
        assert proved == NOT_RUN


def test_outcome_survives_its_text() -> None:
    outcome = Outcome(Operation.DISPENSE, 0x29, (1, 2, 3, 4), (0, 1, 0, 0))
    assert from_text(to_text(outcome)) == outcome
