"""A technician's count: the only thing that ends a SUSPECT payout."""

from collections.abc import Sequence
from dataclasses import dataclass

from edge_atm.cash import outcomes, states, storage
from edge_atm.cash.ledger import Ledger
from edge_atm.errors import StoreFault
from edge_atm.journal import Journal
from edge_atm.money import NO_NOTES, Operation, Outcome, Payout, Quantities, State, StorageUnit
from edge_atm.store import Store

# A damaged command may have moved other notes than the unit asked for, but no command moves more
# notes than this, rejected ones included; what is beyond is a slip of the pen.
MOVED_MAX = 100
COUNTABLE = (State.SENT, State.ACCEPTED, State.SUSPECT)
HINT = "`edge-atm doctor` names the payout that waits, and what it asked for."


@dataclass(frozen=True, slots=True)
class Waiting:
    """A SUSPECT payout, its unanswered command, and what the dispenser remembered before it."""

    payout: Payout
    batch: int
    asked: Quantities
    baseline: Outcome


def waiting(ledger: Ledger, payout_id: str | None = None) -> Waiting:
    """Return the payout that waits for a count. Raises StoreFault when it is not this one.

    One that a dispenser still has to be asked about may be counted too: it may never answer again.
    """
    payout = ledger.open_payout()
    if payout is None or payout.state not in COUNTABLE:
        raise StoreFault("no payout is waiting for a count", HINT)
    if payout_id not in (None, payout.payout_id):
        raise StoreFault(f"payout {payout_id} is not waiting for a count", HINT)
    command = ledger.open_batch(payout.payout_id)
    assert command is not None, "a SUSPECT payout has a command without a result"
    return Waiting(payout, *command)


def untouched(units: Sequence[StorageUnit], suspect: Waiting) -> tuple[Quantities, Quantities]:
    """Return what cassettes and reject tray would hold if the command had moved nothing."""
    doubted = suspect.asked if suspect.payout.state is State.SUSPECT else NO_NOTES
    held = zip(units, doubted, strict=True)
    notes = outcomes.quantities([unit.present + unplaced for unit, unplaced in held])
    return notes, outcomes.quantities([unit.rejected for unit in units])


def moved(
    units: Sequence[StorageUnit], suspect: Waiting, notes: Quantities, tray: Quantities
) -> tuple[Quantities, Quantities]:
    """Return what was presented and rejected, by what is in cassettes and tray now."""
    held, rejected_before = untouched(units, suspect)
    rejected = [now - then for now, then in zip(tray, rejected_before, strict=True)]
    left = zip(held, notes, rejected, strict=True)
    presented = [then - now - aside for then, now, aside in left]
    return outcomes.quantities(presented), outcomes.quantities(rejected)


def check(presented: Quantities, rejected: Quantities) -> None:
    """Raise StoreFault for a count that no command can have moved."""
    counted = (*presented, *rejected)
    if min(counted) < 0:
        raise StoreFault("there are more notes than the books ever had: count again", HINT)
    if sum(counted) > MOVED_MAX:
        raise StoreFault(f"one command moves {MOVED_MAX} notes at most, the count has more", HINT)


def settle_by_count(
    store: Store,
    journal: Journal,
    ledger: Ledger,
    payout_id: str,
    presented: Quantities,
    rejected: Quantities,
) -> Payout:
    """Book what the count shows of the unanswered command, and settle the payout.

    What was neither presented nor rejected is in its cassette again. Raises StoreFault when the
    payout is not SUSPECT, or when the count does not fit what was asked.
    """
    suspect = waiting(ledger, payout_id)
    check(presented, rejected)
    if suspect.payout.state is not State.SUSPECT:
        ledger.suspect(payout_id)
    outcome = Outcome(Operation.OTHER, 0, presented, rejected)
    state = states.ended_as(suspect.asked, outcome)
    with store.transaction() as connection:
        states.enter(connection, payout_id, state)
        storage.count(connection, "unknown", outcomes.quantities([-n for n in suspect.asked]))
        storage.book(connection, outcome)
        connection.execute(
            "INSERT INTO results VALUES (?, ?, ?)",
            (payout_id, suspect.batch, outcomes.to_text(outcome)),
        )
        journal.append(
            connection,
            "counted",
            payout=payout_id,
            state=state,
            presented=presented,
            rejected=rejected,
            unknown=[-notes for notes in suspect.asked],
        )
    return ledger.settle(payout_id)
