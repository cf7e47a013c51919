"""Accounts, cassettes and payouts on disk; every change of money is one commit."""

import json
import sqlite3

from edge_atm.cash import outcomes, storage
from edge_atm.errors import StoreFault
from edge_atm.records import NO_NOTES, Outcome, Payout, Quantities, StorageUnit
from edge_atm.store import Journal, Store


class Ledger:
    """The unit's own books."""

    def __init__(self, store: Store, journal: Journal) -> None:
        self._store = store
        self._journal = journal

    def storage_units(self) -> list[StorageUnit]:
        """Return the cassettes, top to bottom."""
        return storage.units(self._store)

    def load_account(
        self, connection: sqlite3.Connection, customer_id: str, balance_cents: int
    ) -> None:
        """Set what the customer may draw, in the caller's transaction."""
        connection.execute(
            "INSERT INTO accounts (customer_id, balance_cents) VALUES (?1, ?2)"
            " ON CONFLICT DO UPDATE SET balance_cents = ?2",
            (customer_id, balance_cents),
        )

    def available_cents(self, customer_id: str) -> int:
        """Return what the customer may still draw; 0 without an account."""
        rows = self._store.rows(
            "SELECT balance_cents FROM accounts WHERE customer_id = ?", customer_id
        )
        return int(rows[0][0]) if rows else 0

    def payouts(self, *states: str) -> list[Payout]:
        """Return the payouts in any of `states`, oldest first."""
        marks = ", ".join("?" * len(states))
        rows = self._store.rows(
            f"SELECT payout_id FROM payouts WHERE state IN ({marks}) ORDER BY opened_at, rowid",  # noqa: S608 - only question marks
            *states,
        )
        return [self.payout(row[0]) for row in rows]

    def payout(self, payout_id: str) -> Payout:
        """Return one payout with what the device counted for it so far."""
        row = self._store.rows("SELECT * FROM payouts WHERE payout_id = ?", payout_id)[0]
        presented = list(NO_NOTES)
        for outcome in self._results(payout_id):
            presented = [a + b for a, b in zip(presented, outcome.presented, strict=True)]
        return Payout(
            payout_id=payout_id,
            customer_id=row["customer_id"],
            state=row["state"],
            requested_cents=row["requested_cents"],
            presented_cents=row["presented_cents"],
            held_cents=0 if row["state"] == "SETTLED" else row["requested_cents"],
            presented=(presented[0], presented[1], presented[2], presented[3]),
        )

    def open_batch(self, payout_id: str) -> tuple[int, Quantities, Outcome] | None:
        """Return number, notes asked and baseline of the command without a result, if any."""
        rows = self._store.rows(
            "SELECT batch, asked, baseline FROM batches NATURAL LEFT JOIN results"
            " WHERE payout_id = ? AND outcome IS NULL",
            payout_id,
        )
        if not rows:
            return None
        asked = json.loads(rows[0][1])
        return rows[0][0], (asked[0], asked[1], asked[2], asked[3]), outcomes.from_text(rows[0][2])

    def intend(
        self,
        payout_id: str,
        customer_id: str,
        session_id: str,
        amount_cents: int,
        asked: Quantities,
        baseline: Outcome,
    ) -> None:
        """Hold the money and write down what is about to be sent, in one commit."""
        with self._store.transaction() as connection:
            held = connection.execute(
                "UPDATE accounts SET balance_cents = balance_cents - ?1, held_cents = held_cents"
                " + ?1 WHERE customer_id = ?2 AND balance_cents >= ?1",
                (amount_cents, customer_id),
            )
            if held.rowcount != 1:
                raise StoreFault("the account cannot cover the amount that was judged")
            connection.execute(
                "INSERT INTO payouts (payout_id, customer_id, session_id, state, requested_cents,"
                " opened_at) VALUES (?, ?, ?, 'INTENT', ?, ?)",
                (payout_id, customer_id, session_id, amount_cents, self._journal.stamp()),
            )
            self._intend_batch(connection, payout_id, 1, asked, baseline)

    def intend_batch(
        self, payout_id: str, batch: int, asked: Quantities, baseline: Outcome
    ) -> None:
        """Write down one further command of a payout before it is sent."""
        with self._store.transaction() as connection:
            self._intend_batch(connection, payout_id, batch, asked, baseline)

    def book(self, payout_id: str, batch: int, outcome: Outcome) -> None:
        """Book what the device counted; the key refuses a second result for the same command."""
        with self._store.transaction() as connection:
            connection.execute(
                "INSERT INTO results VALUES (?, ?, ?)",
                (payout_id, batch, outcomes.to_text(outcome)),
            )
            inaccurate = outcome.error != 0
            storage.count(connection, "presented", outcome.presented, inaccurate)
            storage.count(connection, "rejected", outcome.rejected, inaccurate)
            self._journal.append(
                connection, "booked", payout=payout_id, batch=batch, **outcomes.fields(outcome)
            )

    def settle(self, payout_id: str) -> Payout:
        """Debit what was presented, give back the rest of the hold, and close the payout."""
        payout = self.payout(payout_id)
        values = [unit.value_cents for unit in self.storage_units()]
        presented_cents = sum(n * v for n, v in zip(payout.presented, values, strict=True))
        # Surplus notes are the bank's loss: nobody agreed to a larger debit.
        debit_cents = min(presented_cents, payout.requested_cents)
        with self._store.transaction() as connection:
            closed = connection.execute(
                "UPDATE payouts SET state = 'SETTLED', presented_cents = ?"
                " WHERE payout_id = ? AND state = 'INTENT'",
                (presented_cents, payout_id),
            )
            if closed.rowcount != 1:
                raise StoreFault("a payout that is not open cannot be settled")
            connection.execute(
                "UPDATE accounts SET held_cents = held_cents - ?1,"
                " balance_cents = balance_cents + ?1 - ?2 WHERE customer_id = ?3",
                (payout.requested_cents, debit_cents, payout.customer_id),
            )
            self._journal.append(
                connection,
                "settled",
                payout=payout_id,
                requested_cents=payout.requested_cents,
                presented_cents=presented_cents,
            )
        return self.payout(payout_id)

    def suspect(self, payout_id: str) -> None:
        """Keep the hold, and move the notes that nobody can place to `unknown`."""
        command = self.open_batch(payout_id)
        assert command is not None, "nothing is unknown about this payout"
        batch, asked, _ = command
        with self._store.transaction() as connection:
            connection.execute(
                "UPDATE payouts SET state = 'SUSPECT' WHERE payout_id = ?", (payout_id,)
            )
            storage.count(connection, "unknown", asked, inaccurate=any(asked))
            self._journal.append(connection, "suspect", payout=payout_id, batch=batch, asked=asked)

    def _intend_batch(
        self,
        connection: sqlite3.Connection,
        payout_id: str,
        batch: int,
        asked: Quantities,
        baseline: Outcome,
    ) -> None:
        connection.execute(
            "INSERT INTO batches VALUES (?, ?, ?, ?)",
            (payout_id, batch, json.dumps(asked), outcomes.to_text(baseline)),
        )
        self._journal.append(
            connection,
            "intent",
            payout=payout_id,
            batch=batch,
            asked=asked,
            baseline=outcomes.fields(baseline),
        )

    def _results(self, payout_id: str) -> list[Outcome]:
        rows = self._store.rows("SELECT outcome FROM results WHERE payout_id = ?", payout_id)
        return [outcomes.from_text(row[0]) for row in rows]
