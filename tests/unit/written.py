"""A journal with a known key and clock, and its export, for the tests of both."""

from datetime import UTC, datetime
from pathlib import Path

from edge_atm.journal import Entry, Journal
from edge_atm.store import Store
from edge_atm.vault import journal_export
from edge_atm.vault.journal_export import Export
from edge_atm.vault.keys import Keys

KEYS = Keys(bytes(range(32)))
UNIT_ID = "atm-001"


def journal_of(store: Store, keys: Keys = KEYS) -> Journal:
    return Journal(store, keys.derive("journal"), lambda: datetime(2031, 1, 1, tzinfo=UTC))


def append(store: Store, event: str, **detail: object) -> Entry:
    with store.transaction() as connection:
        return journal_of(store).append(connection, event, **detail)


def filled(path: Path, count: int = 5) -> Store:
    store = Store(path)
    with store.transaction() as connection:
        for number in range(count):
            journal_of(store).append(connection, "event", number=number)
    return store


def exported(store: Store, path: Path, keys: Keys = KEYS, force: bool = False) -> Export:
    journal = journal_of(store)
    newest = journal.entries(last=1)[0]
    return journal_export.write(path, UNIT_ID, keys, newest, journal.verified(), force)


def tamper(store: Store, statement: str, *values: object) -> None:
    """Change the journal as somebody does who has the file."""
    with store.transaction() as connection:
        connection.execute("DROP TRIGGER IF EXISTS journal_is_never_changed")
        connection.execute("DROP TRIGGER IF EXISTS journal_is_never_cut")
        connection.execute(statement, values)
