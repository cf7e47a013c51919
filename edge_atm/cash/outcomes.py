"""How a dispenser's outcome is written down and read back."""

import json
from collections.abc import Sequence

from edge_atm.money import NO_NOTES, Operation, Outcome, Quantities

# What is booked for a command that certainly did not run.
NOT_RUN = Outcome(Operation.NONE, 0, NO_NOTES, NO_NOTES)


def fields(outcome: Outcome) -> dict[str, object]:
    """Return the outcome as plain JSON values."""
    return {
        "operation": outcome.operation.value,
        "error": outcome.error,
        "presented": outcome.presented,
        "rejected": outcome.rejected,
    }


def to_text(outcome: Outcome) -> str:
    """Return the outcome as JSON text."""
    return json.dumps(fields(outcome))


def from_text(text: str) -> Outcome:
    """Return what `to_text` wrote."""
    found = json.loads(text)
    return Outcome(
        Operation(found["operation"]),
        found["error"],
        quantities(found["presented"]),
        quantities(found["rejected"]),
    )


def quantities(counts: Sequence[int]) -> Quantities:
    """Return exactly four counts."""
    top, second, third, bottom = counts
    return (top, second, third, bottom)
