"""Accounts, cassettes and payouts on disk; every change of money is one commit."""

import json
import sqlite3

from edge_atm.cash import balances, faults, outcomes, states, storage
from edge_atm.cash.outcomes import NOT_RUN
from edge_atm.cash.service import Service
from edge_atm.journal import Journal
from edge_atm.money import NO_NOTES, Outcome, Payout, Quantities, State, StorageUnit
from edge_atm.store import Store


class Ledger:
    """The unit's own books."""

    def __init__(self, store: Store, journal: Journal) -> None:
        self._store = store
        self._journal = journal
        self.service = Service(store, journal)

    def storage_units(self) -> list[StorageUnit]:
        """Return the cassettes, top to bottom."""
        return storage.units(self._store)

    def available_cents(self, customer_id: str) -> int:
        """Return what the customer may still draw; 0 without an account."""
        return balances.available_cents(self._store, customer_id)

    def open_payout(self) -> Payout | None:
        """Return the payout that is not SETTLED; the schema allows one at a time."""
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
            state=State(row["state"]),
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
            balances.hold(connection, customer_id, amount_cents)
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
            states.enter(connection, payout_id, State.INTENT)
            self._intend_batch(connection, payout_id, batch, asked, baseline)

    def note_sent(self, payout_id: str, batch: int) -> None:
        """Write down that the command may be on the wire, before its first byte is."""
        with self._store.transaction() as connection:
            states.enter(connection, payout_id, State.SENT)
            self._journal.append(connection, "sent", payout=payout_id, batch=batch)

    def note_accepted(self, payout_id: str, batch: int) -> None:
        """Write down that the dispenser acknowledged the command."""
        with self._store.transaction() as connection:
            states.enter(connection, payout_id, State.ACCEPTED)
            self._journal.append(connection, "accepted", payout=payout_id, batch=batch)

    def book(self, payout_id: str, batch: int, outcome: Outcome) -> None:
        """Book what the device counted; the key refuses a second result for the same command.

        NOT_RUN for a command that was never sent makes the payout NOT_SENT.
        """
        asked = self._asked(payout_id, batch)
        told = self.payout(payout_id).state is not State.INTENT
        assert told or outcome == NOT_RUN, "a command that was never sent has no other result"
        state = states.ended_as(asked, outcome) if told else State.NOT_SENT
        with self._store.transaction() as connection:
            states.enter(connection, payout_id, state)
            connection.execute(
                "INSERT INTO results VALUES (?, ?, ?)",
                (payout_id, batch, outcomes.to_text(outcome)),
            )
            storage.book(connection, outcome)
            misplaced = faults.misplaced(asked, outcome)
            storage.misplace(connection, misplaced)
            if outcome.error != 0 and not faults.refused(outcome):
                storage.distrust(connection, asked)
            self._journal.append(
                connection,
                "booked",
                payout=payout_id,
                batch=batch,
                state=state,
                unknown=misplaced,
                **outcomes.fields(outcome),
            )

    def settle(self, payout_id: str) -> Payout:
        """Debit what was presented, give back the rest of the hold, and close the payout."""
        with self._store.transaction() as connection:
            # Read inside: what another program changes just now stops the commit.
            payout = self.payout(payout_id)
            values = [unit.value_cents for unit in self.storage_units()]
            presented_cents = sum(n * v for n, v in zip(payout.presented, values, strict=True))
            # Surplus notes are the bank's loss: nobody agreed to a larger debit.
            debit_cents = min(presented_cents, payout.requested_cents)
            states.enter(connection, payout_id, State.SETTLED)
            connection.execute(
                "UPDATE payouts SET presented_cents = ? WHERE payout_id = ?",
                (presented_cents, payout_id),
            )
            balances.debit(connection, payout.customer_id, payout.requested_cents, debit_cents)
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
            states.enter(connection, payout_id, State.SUSPECT)
            storage.misplace(connection, asked)
            storage.distrust(connection, asked)
            about = {"payout": payout_id, "batch": batch, "asked": asked, "unknown": asked}
            self._journal.append(connection, "suspect", **about)

    def _asked(self, payout_id: str, batch: int) -> Quantities:
        rows = self._store.rows(
            "SELECT asked FROM batches WHERE payout_id = ? AND batch = ?", payout_id, batch
        )
        return outcomes.quantities(json.loads(rows[0][0]))

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
