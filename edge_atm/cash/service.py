"""Purges and test dispenses on disk: written down before, counted after, nobody's debit."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from edge_atm.cash import faults, outcomes, storage
from edge_atm.errors import StoreFault
from edge_atm.journal import Journal
from edge_atm.money import NO_NOTES, Operation, Outcome, Quantities
from edge_atm.store import Store

# A purge may have moved a note of any cassette.
EVERY: Quantities = (1, 1, 1, 1)


@dataclass(frozen=True, slots=True)
class _Move:
    """One that is not counted yet, and what the dispenser remembered before it."""

    move: int
    operation: Operation
    asked: Quantities
    baseline: Outcome


class Service:
    """What the unit or a technician moves without a customer."""

    def __init__(self, store: Store, journal: Journal) -> None:
        self._store = store
        self._journal = journal

    def begin(self, operation: Operation, memory: Outcome, asked: Quantities) -> None:
        """Write down what is about to be told, and what the dispenser remembers before it."""
        with self._store.transaction() as connection:
            connection.execute(
                "INSERT INTO service_moves (operation, asked, baseline) VALUES (?, ?, ?)",
                (operation.value, json.dumps(asked), outcomes.to_text(memory)),
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
        return told.operation if told else None

    def conclude(self, now: Outcome) -> None:
        """Count what still waits from what the dispenser remembers now."""
        told = self._waiting()
        if told is None:
            return
        # A record that was there before says nothing, but for one that moved nothing anyway.
        idle = Outcome(told.operation, 0, NO_NOTES, NO_NOTES)
        known = now.operation is told.operation and (now != told.baseline or now == idle)
        self.count(now if known else None)

    def count(self, outcome: Outcome | None) -> None:
        """Book what the last one moved; None when the dispenser cannot say."""
        told = self._waiting()
        if told is None:
            raise StoreFault("nothing that was moved without a customer waits to be counted")
        with self._store.transaction() as connection:
            before = storage.unknown(connection)
            if told.operation is Operation.PURGE:
                self._count_purge(connection, outcome)
            else:
                self._count_test(connection, told.asked, outcome)
            connection.execute(
                "UPDATE service_moves SET outcome = ? WHERE move = ?",
                ("unknown" if outcome is None else outcomes.to_text(outcome), told.move),
            )
            now = storage.unknown(connection)
            self._journal.append(
                connection,
                "service_counted",
                asked=told.asked,
                unknown=[notes - then for notes, then in zip(now, before, strict=True)],
                **({} if outcome is None else outcomes.fields(outcome)),
            )

    def _count_purge(self, connection: sqlite3.Connection, outcome: Outcome | None) -> None:
        if outcome is not None:
            storage.purged(connection, outcome)
        if outcome is None or outcome.error != 0:
            storage.distrust(connection, EVERY)

    def _count_test(
        self, connection: sqlite3.Connection, asked: Quantities, outcome: Outcome | None
    ) -> None:
        missing = asked if outcome is None else faults.missing_from_tray(asked, outcome)
        if outcome is not None:
            storage.book(connection, outcome)
        storage.misplace(connection, missing)
        if missing != NO_NOTES:
            storage.distrust(connection, asked)

    def note_missing(self, positions: Sequence[int]) -> None:
        """Trust no count of a cassette that was taken out, until somebody has counted it."""
        held = [u for u in storage.units(self._store) if u.value_cents and not u.manipulated]
        taken = [unit.position for unit in held if unit.position in positions]
        if taken:
            with self._store.transaction() as connection:
                storage.manipulated(connection, taken)
                self._journal.append(connection, "manipulated", positions=taken)

    def _waiting(self) -> _Move | None:
        rows = self._store.rows("SELECT * FROM service_moves ORDER BY move DESC LIMIT 1")
        if not rows or rows[0]["outcome"] is not None:
            return None
        move, operation, asked, baseline, _ = rows[0]
        return _Move(
            move,
            Operation(operation),
            outcomes.quantities(json.loads(asked)),
            outcomes.from_text(baseline),
        )
