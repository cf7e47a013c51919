"""Accounts, cassettes and payouts on disk; every change of money is one commit."""

import json
import sqlite3

from edge_atm.cash import outcomes, storage
from edge_atm.cash.purges import Purges
from edge_atm.errors import StoreFault
from edge_atm.journal import Journal
from edge_atm.money import NO_NOTES, Outcome, Payout, Quantities, StorageUnit
from edge_atm.store import Store


class Ledger:
    """The unit's own books."""

    def __init__(self, store: Store, journal: Journal) -> None:
        self._store = store
        self._journal = journal
        self.purges = Purges(store, journal)

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

    def open_payout(self) -> Payout | None:
        """Return the payout that is INTENT or SUSPECT; the schema allows one at a time."""
        rows = self._store.rows("SELECT payout_id FROM payouts WHERE state <> 'SETTLED'")
        return self.payout(rows[0][0]) if rows else None

    def payout(self, payout_id: str) -> Payout:
        """Return one payout with what the device counted for it so far."""
        row = self._store.rows("SELECT * FROM payouts WHERE payout_id = ?", payout_id)[0]
        rows = self._store.rows("SELECT outcome FROM results WHERE payout_id = ?", payout_id)
        counted = [NO_NOTES, *(outcomes.from_text(text[0]).presented for text in rows)]
        return Payout(
            payout_id=payout_id,
            customer_id=row["customer_id"],
            state=row["state"],
            requested_cents=row["requested_cents"],
            presented_cents=row["presented_cents"],
            presented=outcomes.quantities([sum(notes) for notes in zip(*counted, strict=True)]),
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
        batch, asked, baseline = rows[0]
        return batch, outcomes.quantities(json.loads(asked)), outcomes.from_text(baseline)

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
            about = {"customer": customer_id, "session": session_id, "cents": amount_cents}
            self._intend_batch(connection, payout_id, 1, asked, baseline, **about)

    def intend_batch(
        self, payout_id: str, batch: int, asked: Quantities, baseline: Outcome
    ) -> None:
        """Write down one further command of a payout before it is sent."""
        with self._store.transaction() as connection:
            self._intend_batch(connection, payout_id, batch, asked, baseline)

    def book(self, payout_id: str, batch: int, outcome: Outcome) -> None:
        """Book what the device counted; the key refuses a second result for the same command."""
        command = self.open_batch(payout_id)
        with self._store.transaction() as connection:
            connection.execute(
                "INSERT INTO results VALUES (?, ?, ?)",
                (payout_id, batch, outcomes.to_text(outcome)),
            )
            storage.book(connection, outcome)
            if outcome.error != 0 and command is not None:
                storage.distrust(connection, command[1])
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
                " WHERE payout_id = ? AND state = 'INTENT' AND payout_id NOT IN"
                " (SELECT payout_id FROM batches NATURAL LEFT JOIN results WHERE outcome IS NULL)",
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
                customer=payout.customer_id,
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
            opened = connection.execute(
                "UPDATE payouts SET state = 'SUSPECT' WHERE payout_id = ? AND state = 'INTENT'",
                (payout_id,),
            )
            if opened.rowcount != 1:
                raise StoreFault("a payout that is not INTENT cannot become suspect")
            storage.count(connection, "unknown", asked)
            storage.distrust(connection, asked)
            self._journal.append(connection, "suspect", payout=payout_id, batch=batch, asked=asked)

    def _intend_batch(
        self,
        connection: sqlite3.Connection,
        payout_id: str,
        batch: int,
        asked: Quantities,
        baseline: Outcome,
        **about: object,
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
            **about,
        )
