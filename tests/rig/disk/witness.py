"""The product's store and journal on a recorded disk: a witness to what a crash leaves."""

import random
from datetime import UTC, datetime
from pathlib import Path

from edge_atm.journal import Journal
from edge_atm.store import Store
from tests.rig.disk.disk import Disk

NAME = "unit.sqlite"


class Witness:
    """One unit's database; what it was told is known by the journal's events."""

    def __init__(self, folder: Path, disk: Disk) -> None:
        self.folder, self.disk = folder, disk
        self.reopen()

    def reopen(self) -> None:
        """Open the database again, or for the first time."""
        self.store = Store(self.folder / NAME)
        self.journal = Journal(self.store, bytes(32), lambda: datetime(2026, 1, 1, tzinfo=UTC))

    def left(self, at: int | None = None, seed: int = 0) -> tuple[str, ...]:
        """Crash, open what is left as the product does, and return its events, verified."""
        folder = self.folder / f"crash-{at}-{seed}"
        folder.mkdir()
        self.disk.crash(folder, at, random.Random(f"{at} {seed}"))
        found = Witness(folder, self.disk)
        found.store.check()
        found.journal.verify()
        events = tuple(entry.event for entry in found.journal.entries())
        found.store.close()
        return events
