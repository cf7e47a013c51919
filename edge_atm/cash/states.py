"""The order in which a payout's states follow each other, and what a result makes of it."""

import json
import sqlite3

from edge_atm.cash import faults
from edge_atm.cash.outcomes import NOT_RUN
from edge_atm.errors import StoreFault
from edge_atm.money import NO_NOTES, Outcome, Quantities, State

_TOLD = (State.SENT, State.ACCEPTED)
_BOOKED = (*_TOLD, State.SUSPECT)
# From which states each one may be entered. INTENT is also where a payout begins.
BEFORE: dict[State, tuple[State, ...]] = {
    State.INTENT: (State.RESULT,),
    State.SENT: (State.INTENT,),
    State.ACCEPTED: (State.SENT,),
    State.RESULT: _BOOKED,
    State.PARTIAL: _BOOKED,
    State.REFUSED: _BOOKED,
    State.NOT_SENT: (State.INTENT,),
    State.SUSPECT: _TOLD,
    State.SETTLED: (State.RESULT, State.PARTIAL, State.REFUSED, State.NOT_SENT),
}


def enter(connection: sqlite3.Connection, payout_id: str, state: State) -> None:
    """Move a payout on, in the caller's transaction. Raises StoreFault out of order."""
    moved = connection.execute(
        "UPDATE payouts SET state = ? WHERE payout_id = ?"
        " AND state IN (SELECT value FROM json_each(?))",
        (state, payout_id, json.dumps(BEFORE[state])),
    )
    if moved.rowcount != 1:
        raise StoreFault(f"payout {payout_id} cannot become {state} now")


def ended_as(asked: Quantities, outcome: Outcome) -> State:
    """Return the state in which a command that was told leaves its payout."""
    if outcome == NOT_RUN or faults.refused(outcome):
        return State.REFUSED
    return State.PARTIAL if faults.short_by(asked, outcome) != NO_NOTES else State.RESULT
