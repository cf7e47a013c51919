"""A fresh database, and the customers in it, for the tests of the vault."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_atm.store import Store
from edge_atm.vault.customers import Customers
from tests.unit.vaulted import KEYS, MODEL


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "unit.db")
    yield opened
    opened.close()


@pytest.fixture
def customers(store: Store) -> Customers:
    return Customers(store, KEYS, MODEL)
