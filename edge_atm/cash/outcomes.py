"""How a dispenser's outcome is written down and read back."""

import json
from dataclasses import asdict

from edge_atm.records import NO_NOTES, Operation, Outcome

# What is booked for a command that certainly did not run.
NOT_RUN = Outcome(Operation.NONE, 0, NO_NOTES, NO_NOTES)


def fields(outcome: Outcome) -> dict[str, object]:
    """Return the outcome as plain JSON values."""
    return {**asdict(outcome), "operation": outcome.operation.value}


def to_text(outcome: Outcome) -> str:
    """Return the outcome as JSON text."""
    return json.dumps(fields(outcome))


def from_text(text: str) -> Outcome:
    """Return what `to_text` wrote."""
    found = json.loads(text)
    presented, rejected = found["presented"], found["rejected"]
    return Outcome(
        Operation(found["operation"]),
        found["error"],
        (presented[0], presented[1], presented[2], presented[3]),
        (rejected[0], rejected[1], rejected[2], rejected[3]),
    )
