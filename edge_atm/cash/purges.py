"""Purges on disk: written down before, counted after."""

from edge_atm.cash import outcomes, storage
from edge_atm.journal import Journal
from edge_atm.money import Outcome
from edge_atm.store import Store


class Purges:
    """What clearing the note path moved: nobody's debit, but in the counts."""

    def __init__(self, store: Store, journal: Journal) -> None:
        self._store = store
        self._journal = journal

    def uncounted(self) -> bool:
        """Whether the last purge was written down and what it moved was not."""
        rows = self._store.rows(
            "SELECT event FROM journal WHERE event IN ('purge', 'purged')"
            " ORDER BY sequence DESC LIMIT 1"
        )
        return bool(rows) and rows[0][0] == "purge"

    def note(self, memory: Outcome, outcome: Outcome | None) -> None:
        """Write down a purge before it runs (`outcome` None), and book what it moved after."""
        with self._store.transaction() as connection:
            if outcome is not None:
                storage.book(connection, outcome)
            self._journal.append(
                connection,
                "purge" if outcome is None else "purged",
                memory=outcomes.fields(memory),
                **({} if outcome is None else outcomes.fields(outcome)),
            )
