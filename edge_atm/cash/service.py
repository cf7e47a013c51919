"""Purges and test dispenses on disk: written down before, counted after, nobody's debit."""

import json
from collections.abc import Sequence

from edge_atm.cash import faults, outcomes, storage
from edge_atm.errors import StoreFault
from edge_atm.journal import Journal
from edge_atm.money import Operation, Outcome, Quantities
from edge_atm.store import Store

# A purge may have moved a note of any cassette.
EVERY: Quantities = (1, 1, 1, 1)


class Service:
    """What the unit or a technician moves without a customer."""

    def __init__(self, store: Store, journal: Journal) -> None:
        self._store = store
        self._journal = journal

    def begin(self, operation: Operation, memory: Outcome, asked: Quantities) -> None:
        """Write down what is about to be told, and what the dispenser remembers before it."""
        with self._store.transaction() as connection:
            connection.execute(
                "INSERT INTO service_moves (operation, asked) VALUES (?, ?)",
                (operation.value, json.dumps(asked)),
            )
            self._journal.append(
                connection,
                "service",
                told=operation.value,
                asked=asked,
                memory=outcomes.fields(memory),
            )

    def uncounted(self) -> Operation | None:
        """Return the operation that was begun last, unless it is counted."""
        told = self._waiting()
        return told[1] if told else None

    def count(self, outcome: Outcome | None) -> None:
        """Book what the last one moved; None when the dispenser cannot say."""
        told = self._waiting()
        if told is None:
            raise StoreFault("nothing that was moved without a customer waits to be counted")
        move, operation, asked = told
        with self._store.transaction() as connection:
            if outcome is None:
                storage.misplace(connection, asked)
            elif operation is Operation.PURGE:
                storage.purged(connection, outcome)
            else:
                storage.book(connection, outcome)
                storage.misplace(connection, faults.missing_from_tray(asked, outcome))
            if outcome is None or outcome.error:
                storage.distrust(connection, EVERY if operation is Operation.PURGE else asked)
            connection.execute(
                "UPDATE service_moves SET outcome = ? WHERE move = ?",
                ("unknown" if outcome is None else outcomes.to_text(outcome), move),
            )
            counted = {} if outcome is None else outcomes.fields(outcome)
            self._journal.append(connection, "service_counted", asked=asked, **counted)

    def note_missing(self, positions: Sequence[int]) -> None:
        """Trust no count of a cassette that was taken out, until somebody has counted it."""
        held = [u for u in storage.units(self._store) if u.value_cents and not u.manipulated]
        taken = [unit.position for unit in held if unit.position in positions]
        if taken:
            with self._store.transaction() as connection:
                storage.manipulated(connection, taken)
                self._journal.append(connection, "manipulated", positions=taken)

    def _waiting(self) -> tuple[int, Operation, Quantities] | None:
        rows = self._store.rows("SELECT * FROM service_moves ORDER BY move DESC LIMIT 1")
        if not rows or rows[0]["outcome"] is not None:
            return None
        move, operation, asked, _ = rows[0]
        return move, Operation(operation), outcomes.quantities(json.loads(asked))
