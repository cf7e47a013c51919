"""Enrolled faces and their journal entries, one commit for both."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from edge_atm.journal import Journal
from edge_atm.policy.adaptation import adapted, is_rested
from edge_atm.records import Embedding, Floats
from edge_atm.store import Store
from edge_atm.vault.customers import Customers
from edge_atm.vault.escrow import Escrow
from edge_atm.vault.faces import Faces
from edge_atm.vault.habits import KeptHabits

SECONDS_PER_HOUR = 3600
# Answered by an index of its own, however long the journal is.
LAST_ADAPTED = (
    "SELECT at FROM journal WHERE event = 'adapted'"
    " AND json_extract(detail, '$.customer') = ? ORDER BY sequence DESC LIMIT 1"
)


@dataclass(frozen=True)
class Registry:
    """Enrols and adapts, each in one commit together with its journal entry.

    `habits`: where it is kept that the customer agreed to those too, None where nobody asks him.
    """

    store: Store
    journal: Journal
    customers: Customers
    faces: Faces
    escrow: Escrow | None = None
    habits: KeptHabits | None = None
    age_band: str | None = None

    def enrol(self, customer_id: str, holder_name: str, template: Embedding) -> int:
        """Seal name and template, and the bank's copy if there is one; return the version."""
        with self.store.transaction() as connection:
            at = self.journal.stamp()
            self.customers.name(connection, customer_id, holder_name)
            version = self.faces.enrol(connection, customer_id, template.vector, at)
            if self.escrow is not None:
                self.escrow.leave(connection, customer_id, holder_name, template.vector)
            if self.habits is not None:
                self.habits.agree(connection, customer_id, self.age_band)
            self.journal.append(
                connection,
                "enrolled",
                customer=customer_id,
                version=version,
                consent=True,
                touch=self.habits is not None,
            )
        return version

    def batches(self) -> Iterator[tuple[list[str], Floats]]:
        """Lend every enrolled face; as `Faces.batches`."""
        return self.faces.batches()

    def note_alike(self, customer_id: str, others: Sequence[str], confirmed: bool) -> None:
        """Write down whose faces are alike, and whether a person enrols all the same."""
        self.journal.record("alike", customer=customer_id, others=others, confirmed=confirmed)

    def adapt(self, customer_id: str, probe: Sequence[Embedding], mean: Floats) -> None:
        """Move the face towards `probe` where policy allows it. Raises as `Faces.adapt`."""
        # Read and written in one transaction: nobody can enrol another face in between.
        with self.store.transaction() as connection:
            if not is_rested(self._hours_since_adapted(customer_id)):
                return
            with self.faces.pair(customer_id) as (enrolled, now):
                moved = adapted(enrolled, now, probe, mean)
            if moved is None:
                return
            face, cosine = moved
            version = self.faces.adapt(connection, customer_id, face)
            face.fill(0)
            self.journal.append(
                connection,
                "adapted",
                customer=customer_id,
                version=version,
                cosine=f"{cosine:.3f}",
            )

    def _hours_since_adapted(self, customer_id: str) -> float | None:
        rows = self.store.rows(LAST_ADAPTED, customer_id)
        if not rows:
            return None
        now, last = map(datetime.fromisoformat, (self.journal.stamp(), rows[0]["at"]))
        return (now - last).total_seconds() / SECONDS_PER_HOUR
