"""A fresh database, and the customers in it, for the tests of the vault."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_atm.store import Store
from edge_atm.vault import pins
from edge_atm.vault.customers import Customers
from edge_atm.vault.faces import Faces
from tests.unit.vaulted import MODEL, RING


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    # What stretching a PIN costs is a constant of its own test; here it costs the gate seconds.
    monkeypatch.setattr(pins, "SCRYPT_N", 2)
    opened = Store(tmp_path / "unit.db")
    yield opened
    opened.close()


@pytest.fixture
def customers(store: Store) -> Customers:
    return Customers(store, RING)


@pytest.fixture
def faces(store: Store) -> Faces:
    return Faces(store, RING, MODEL)
