"""Enrolled faces and their journal entries, one commit for both."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edge_atm.journal import Journal
from edge_atm.records import Embedding, Floats
from edge_atm.store import Store
from edge_atm.vault.customers import Customers
from edge_atm.vault.escrow import Escrow
from edge_atm.vault.faces import Faces


@dataclass(frozen=True)
class Registry:
    """Enrols, in one commit together with its journal entry."""

    store: Store
    journal: Journal
    customers: Customers
    faces: Faces
    escrow: Escrow | None = None

    def enrol(self, customer_id: str, holder_name: str, template: Embedding) -> int:
        """Seal name and template, and the bank's copy if there is one; return the version."""
        with self.store.transaction() as connection:
            at = self.journal.stamp()
            self.customers.name(connection, customer_id, holder_name)
            version = self.faces.enrol(connection, customer_id, template.vector, at)
            if self.escrow is not None:
                self.escrow.leave(connection, customer_id, holder_name, template.vector)
            self.journal.append(
                connection, "enrolled", customer=customer_id, version=version, consent=True
            )
        return version

    def batches(self) -> Iterator[tuple[list[str], Floats]]:
        """Lend every enrolled face; as `Faces.batches`."""
        return self.faces.batches()

    def note_alike(self, customer_id: str, others: Sequence[str], confirmed: bool) -> None:
        """Write down whose faces are alike, and whether a person enrols all the same."""
        self.journal.record("alike", customer=customer_id, others=others, confirmed=confirmed)
