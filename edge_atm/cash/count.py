"""A technician's count: the only thing that ends a SUSPECT payout."""

from edge_atm.cash import outcomes, storage
from edge_atm.cash.ledger import Ledger
from edge_atm.errors import StoreFault
from edge_atm.journal import Journal
from edge_atm.money import Operation, Outcome, Payout, Quantities
from edge_atm.store import Store

# The dispenser gives up after ten rejected notes a command; it picks another for each of them.
REJECTED_MAX = 10


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
    waiting, command = ledger.open_payout(), ledger.open_batch(payout_id)
    suspect = waiting is not None and (waiting.payout_id, waiting.state) == (payout_id, "SUSPECT")
    if command is None or not suspect:
        raise StoreFault(f"payout {payout_id} is not waiting for a count", HINT)
    batch, asked, _ = command
    counted = zip(presented, rejected, asked, strict=True)
    if not all(0 <= p <= a and 0 <= r <= (REJECTED_MAX if a else 0) for p, r, a in counted):
        raise StoreFault(f"the unit asked for {asked}, the count does not fit", HINT)
    outcome = Outcome(Operation.OTHER, 0, presented, rejected)
    with store.transaction() as connection:
        storage.count(connection, "unknown", outcomes.quantities([-n for n in asked]))
        storage.book(connection, outcome)
        connection.execute(
            "INSERT INTO results VALUES (?, ?, ?)", (payout_id, batch, outcomes.to_text(outcome))
        )
        connection.execute("UPDATE payouts SET state = 'INTENT' WHERE payout_id = ?", (payout_id,))
        journal.append(
            connection, "counted", payout=payout_id, presented=presented, rejected=rejected
        )
    return ledger.settle(payout_id)


HINT = "`edge-atm doctor` names the payout that waits, and what it asked for."
