"""What every test leaves behind: no open database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_atm.store import Store


@pytest.fixture(autouse=True)
def stores_are_closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close what a test opened; an exception between opening and closing is often its subject."""
    opened: list[Store] = []
    open_store = Store.__init__

    def remember(store: Store, path: Path) -> None:
        open_store(store, path)
        opened.append(store)

    monkeypatch.setattr(Store, "__init__", remember)
    yield
    for store in opened:
        store.close()
