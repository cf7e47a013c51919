"""A guarded store in a folder, as a unit opens it, and a counter that outlives every disk."""

from pathlib import Path

import pytest

from edge_atm.errors import StoreFault
from edge_atm.store import DATABASE, Store
from edge_atm.vault.anchor import FILE, Anchor
from edge_atm.vault.guard import Guard
from tests.unit.power import Power
from tests.unit.vaulted import RING

KEY = RING.lasting.derive("anchor")


class Tpm:
    """A counter. Its number is there the moment it is advanced."""

    def __init__(self, power: Power | None = None) -> None:
        self.value = 5
        self._power = power

    def read(self) -> int:
        return self.value

    def advance(self) -> int:
        if self._power:
            self._power.step()
        self.value += 1
        if self._power:
            self._power.step()
        return self.value


class Guarded:
    """A unit's folder, with the store open in it."""

    def __init__(self, folder: Path, counter: Tpm | None = None) -> None:
        self.folder, self.counter = folder, counter
        self.open(new=True)

    def open(self, new: bool = False) -> None:
        """Start, as `open_unit` does. Raises StoreFault."""
        self.store = Store(self.folder / DATABASE)
        if new and not self.store.rows("SELECT 1 FROM vault"):
            with self.store.transaction() as connection:
                connection.execute("INSERT INTO vault (id, ring) VALUES (1, x'00')")
        self.guard = Guard(self.store, RING, Anchor(self.folder / FILE, KEY, self.counter))
        if new:
            self.guard.start()
        self.store.guarded_by(self.guard)
        self.guard.check()
        self.guard.count()

    def reopen(self) -> None:
        """Start again."""
        self.store.close()
        self.open()

    def write(self, customer_id: str) -> None:
        """Commit a customer with a template."""
        with self.store.transaction() as connection:
            connection.execute(
                "INSERT INTO customers (customer_id, card_hash, card_last4)"
                " VALUES (?1, CAST(?1 AS BLOB), '1234')",
                (customer_id,),
            )
            connection.execute(
                "INSERT INTO templates VALUES (?1, ?1, 1, 'm', 'p', 'd', x'00')", (customer_id,)
            )

    def customers(self) -> list[str]:
        """Return who is there, the first written first."""
        rows = self.store.rows("SELECT customer_id FROM customers ORDER BY rowid")
        return [row[0] for row in rows]

    def disk(self) -> dict[str, bytes]:
        """Return database and anchor as they are on the disk, closed."""
        self.store.close()
        return {name: (self.folder / name).read_bytes() for name in (DATABASE, FILE)}

    def put_back(self, files: dict[str, bytes], *names: str) -> None:
        """Put back an older disk's files, all of them or those named."""
        for name in names or files:
            (self.folder / name).write_bytes(files[name])

    def refuses(self, words: str) -> None:
        """Assert that the unit does not start, and says why."""
        self.store.close()
        with pytest.raises(StoreFault, match=words):
            self.open()
        self.store.close()
