"""What the cashier needs of a dispenser."""

from collections.abc import Callable
from typing import Protocol

from edge_atm.money import Outcome, Quantities, Readiness


class Dispenser(Protocol):
    """A dispenser that remembers its last operation.

    The moving commands raise LinkFault when they certainly did not run, and LinkSilent when
    nobody knows; the others may be asked as often as one likes. `sending` is called before the
    first byte of the command, `accepted` when the dispenser has acknowledged it.
    """

    def dispense(
        self, quantities: Quantities, sending: Callable[[], None], accepted: Callable[[], None]
    ) -> Outcome: ...
    def test_dispense(self, quantities: Quantities) -> Outcome: ...
    def purge(self) -> Outcome: ...
    def last(self) -> Outcome: ...
    def readiness(self) -> Readiness: ...
