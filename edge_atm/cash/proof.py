"""What the dispenser's memory proves about a command."""

from edge_atm.cash import faults
from edge_atm.cash.outcomes import NOT_RUN
from edge_atm.money import Operation, Outcome, Quantities


def prove(
    asked: Quantities,
    baseline: Outcome,
    now: Outcome,
    accepted: bool,
    answer: Outcome | None = None,
) -> Outcome | None:
    """Return what became of one DISPENSE of `asked`, or None when nobody can know.

    `baseline` is the dispenser's memory before the command, `now` after it; `answer` is its
    response, None after silence; `accepted` is False only when the command was certainly not
    acknowledged. The memory carries no transaction id, so only a change, or an unchanged one that
    our command cannot have left behind, proves anything.
    """
    if answer == now and faults.proves(asked, now):
        return now
    if now != baseline:
        # Nothing but our command was sent in between; any other record means that the dispenser
        # was reset or driven by somebody else.
        ours = now.operation is Operation.DISPENSE and faults.proves(asked, now)
        return now if ours else None
    if answer is not None and faults.refused(answer):
        # Two sound answers agree: it did not begin, and so it wrote nothing down.
        return answer
    if accepted or answer is not None:
        # It began, and its power may have failed before it wrote down what it did.
        return None
    if baseline.operation in (Operation.NONE, Operation.OTHER):
        # A dispenser that lost its memory says the same as one that never ran.
        return None
    # Cut short by a power failure, ours may have left fewer notes without an error.
    fewer = all(n <= most for n, most in zip(baseline.presented, asked, strict=True))
    ours = baseline.operation is Operation.DISPENSE and (baseline.error != 0 or fewer)
    return None if ours else NOT_RUN


def looks_alike(memory: Outcome, asked: Quantities) -> bool:
    """Whether a DISPENSE of `asked` might leave the very record that is there already."""
    if memory.operation is not Operation.DISPENSE:
        return False
    return memory.error != 0 or memory.presented == asked
