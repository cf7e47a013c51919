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
class Readiness:
    """What stands against moving notes: positions without a cassette, and notes on the path."""

    missing: tuple[int, ...]
    path_blocked: bool


# Error codes with which the device says that it looked and did not begin: no note can have moved.
BEFORE_START = frozenset({0x0B, 0x20, 0x21, 0x24, 0x25, 0x26, 0x30, 0x31, 0x32})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the dispenser says it did: counts per cassette, top to bottom, and its error code.

    `presented` notes left the exit, `rejected` notes went to the reject tray. Error 0 is none.
    """

    operation: Operation
    error: int
    presented: Quantities
    rejected: Quantities


@enum.unique
class Mix(enum.Enum):
    """Which of the possible notes make an amount, in XFS4IoT's words; smallNotes is our own."""

    MINIMUM_BILLS = "minimumBills"  # the fewest notes
    EQUAL_EMPTYING = "equalEmptying"  # the cassettes run low together
    MAX_CASH_UNITS = "maxCashUnits"  # notes from as many cassettes as possible
    SMALL_NOTES = "smallNotes"  # the customer's wish for change


@dataclass(frozen=True, slots=True)
class Wish:
    """What a customer asks for."""

    amount_cents: int
    small_notes: bool = False


@dataclass(frozen=True, slots=True)
class StorageUnit:
    """One cassette and its XFS4IoT counts in notes.

    `accuracy` is accurate (a machine counted), accurateSet (a person did), inaccurate (a fault may
    have moved notes uncounted) or unknown. A `manipulated` cassette was away outside an exchange.
    """

    position: int
    value_cents: int
    initial: int
    presented: int
    rejected: int
    unknown: int
    accuracy: str
    manipulated: bool

    @property
    def present(self) -> int:
        """Notes that should still be in the cassette; below 0 when more left than were loaded."""
        return self.initial - self.presented - self.rejected - self.unknown

    def replenishment_status(self, low_notes: int) -> str:
        """Return XFS4IoT's word for the filling; fewer than `low_notes` are low."""
        if self.present <= 0:
            return "empty"
        return "low" if self.present < low_notes else "ok"


@enum.unique
class State(enum.StrEnum):
    """How far a payout is on disk; each step is one commit.

    Before INTENT it is only PLANNED, and a power cut forgets it: nothing is held or told yet.
    """

    INTENT = "INTENT"  # the money is held, nothing was told
    SENT = "SENT"  # the command may be on the wire
    ACCEPTED = "ACCEPTED"  # the dispenser acknowledged it
    RESULT = "RESULT"  # all notes asked for were presented
    PARTIAL = "PARTIAL"  # the command ran and fell short
    REFUSED = "REFUSED"  # the dispenser did not begin
    NOT_SENT = "NOT_SENT"  # the command never left the unit
    SUSPECT = "SUSPECT"  # nobody knows until a technician has counted
    SETTLED = "SETTLED"  # debited for what was presented, the hold is gone


@dataclass(frozen=True, slots=True)
class Payout:
    """One withdrawal as the ledger holds it."""

    payout_id: str
    customer_id: str
    state: State
    requested_cents: int
    presented_cents: int
    presented: Quantities
