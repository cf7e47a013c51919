"""The nouns of cash: notes, cassettes, payouts, and what a dispenser says it did."""

import enum
from dataclasses import dataclass

Quantities = tuple[int, int, int, int]

NO_NOTES: Quantities = (0, 0, 0, 0)


@enum.unique
class Operation(enum.Enum):
    """What a dispenser's last-status record speaks of."""

    NONE = "none"
    DISPENSE = "dispense"
    TEST_DISPENSE = "test_dispense"
    PURGE = "purge"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the dispenser says it did: counts per cassette, top to bottom, and its error code.

    `presented` notes left the exit, `rejected` notes went to the reject tray. Error 0 is none.
    """

    operation: Operation
    error: int
    presented: Quantities
    rejected: Quantities


@dataclass(frozen=True, slots=True)
class StorageUnit:
    """One cassette and its XFS4IoT counts in notes."""

    position: int
    value_cents: int
    initial: int
    presented: int
    rejected: int
    unknown: int
    accuracy: str

    @property
    def present(self) -> int:
        """Notes that should still be in the cassette."""
        return self.initial - self.presented - self.rejected - self.unknown


@dataclass(frozen=True, slots=True)
class Payout:
    """One withdrawal as the ledger holds it."""

    payout_id: str
    customer_id: str
    state: str
    requested_cents: int
    presented_cents: int
    presented: Quantities
