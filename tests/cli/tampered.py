"""A unit's folder for somebody who writes to its files without its key."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from edge_atm.cash import balances, storage
from edge_atm.cli.opening import open_unit
from edge_atm.cli.unit import Unit
from edge_atm.errors import EdgeError, StoreFault
from edge_atm.store import DATABASE
from edge_atm.vault.ring import seal_ring
from tests.cli.conftest import Cli
from tests.rig.bench import CARD_A, CARD_B
from tests.unit.vaulted import unit_vector

NOWHERE = "/dev/nowhere"
NAMES = {CARD_A: "Ada Lovelace", CARD_B: "Grace Hopper"}
WRITTEN_LAST = "are not those that were written last"


@dataclass(frozen=True)
class Site:
    """A unit's folder, and what it held before each later change."""

    cli: Cli
    older: Path
    newer: Path

    @property
    def state(self) -> Path:
        return self.cli.database.parent

    def opened(self) -> str:
        """Open the unit for a moment."""
        with open_unit(self.cli.config, development=True, alone=True):
            return "opened"

    def refused(self, fault: type[EdgeError] = StoreFault) -> str:
        """Return why the unit does not open; the technician is told what to do."""
        with pytest.raises(fault) as refused:
            self.opened()
        assert refused.value.hint
        return str(refused.value)

    def put_back(self, *names: str, of: Path | None = None) -> None:
        """Put older files in the place of what is there."""
        for name in names:
            shutil.copy((of or self.older) / name, self.state / name)

    def rows_of(self, folder: Path, table: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(folder / DATABASE)) as connection:
            return connection.execute(f"SELECT * FROM {table}").fetchall()


def enrol(unit: Unit, seed: int) -> None:
    with unit.store.transaction() as connection:
        for number, card in enumerate((CARD_A, CARD_B)):
            who, at = unit.customers.claim(card).customer_id, unit.journal.stamp()
            unit.customers.name(connection, who, NAMES[card])
            unit.faces.enrol(connection, who, unit_vector(seed + number), at)
        unit.journal.append(connection, "enrolled", seed=seed)


def loaded(folder: Path) -> Cli:
    """Make a unit with two customers: accounts, PINs, faces, escrow."""
    cli = Cli(folder, NOWHERE)
    with open_unit(cli.config, development=True, create=True) as unit:
        with unit.store.transaction() as connection:
            for card in (CARD_A, CARD_B):
                customer_id = unit.customers.add(connection, card, "4711")
                balances.load(connection, customer_id, 50_000)
                connection.execute("INSERT INTO escrow VALUES (?, 1, x'0102')", (customer_id,))
            storage.replenish(connection, unit.config.dispenser.cassette_values_cents, (9, 9, 9, 0))
        enrol(unit, seed=1)
    return cli


@cache
def _unit() -> TemporaryDirectory[str]:
    """A unit's folder as it was before its last commits (older, newer) and after them (state)."""
    folder = TemporaryDirectory()
    path = Path(folder.name)
    cli = loaded(path)
    state = cli.database.parent
    shutil.copytree(state, path / "older")
    with open_unit(cli.config, development=True) as unit:
        enrol(unit, seed=3)
        customer_id = unit.customers.claim(CARD_A).customer_id
        for _ in range(3):
            assert not unit.customers.check_pin(customer_id, "0000")
            unit.customers.note_face(customer_id, ok=False)
        with unit.store.transaction() as connection:
            connection.execute("UPDATE vault SET ring = ?", (seal_ring(unit.ring),))
            unit.journal.append(connection, "keys_rotated", customers=0)
    shutil.copytree(state, path / "newer")
    with open_unit(cli.config, development=True) as unit:
        unit.journal.record("opened")
    return folder


def site_in(folder: Path) -> Site:
    """Return a copy of one unit, in this folder."""
    for name in ("state", "older", "newer"):
        shutil.copytree(Path(_unit().name) / name, folder / name)
    site = Site(Cli(folder, NOWHERE), folder / "older", folder / "newer")
    assert site.opened()
    return site
