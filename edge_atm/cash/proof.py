"""What the dispenser's memory proves about a command whose answer was lost."""

from edge_atm.cash.outcomes import NOT_RUN
from edge_atm.money import Operation, Outcome, Quantities


def prove(asked: Quantities, baseline: Outcome, now: Outcome, accepted: bool) -> Outcome | None:
    """Return what became of one DISPENSE of `asked`, or None when nobody can know.

    `baseline` is the dispenser's memory before the command, `now` after the silence; `accepted`
    is False only when the command was certainly not acknowledged. The record carries no
    transaction id, so only a change, or an unchanged one that our command cannot have left
    behind, proves anything.
    """
    if now != baseline:
        # Nothing but our command was sent in between; any other record means that the dispenser
        # was reset or driven by somebody else.
        ours = now.operation is Operation.DISPENSE and (now.error != 0 or now.presented == asked)
        return now if ours else None
    if accepted:
        # It began, and its power may have failed before it wrote down what it did.
        return None
    if baseline.operation in (Operation.NONE, Operation.OTHER):
        # A dispenser that lost its memory says the same as one that never ran.
        return None
    if baseline.operation is Operation.DISPENSE and _could_be(baseline, asked):
        return None
    return NOT_RUN


def _could_be(outcome: Outcome, asked: Quantities) -> bool:
    if outcome.error == 0:
        return outcome.presented == asked
    return True
