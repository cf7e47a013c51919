"""What the guard against older rows costs: at each commit, and at each start."""

import secrets
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from edge_atm.journal import Journal
from edge_atm.store import Store
from edge_atm.vault.anchor import FILE, Anchor
from edge_atm.vault.guard import Guard
from edge_atm.vault.keys import Keys
from edge_atm.vault.ring import ring_of
from tests.bench.times import Job

CUSTOMERS = 10_000
# What the vault writes for one customer: a name, a PIN, a template of two faces.
NAME_BYTES, PIN_BYTES, TEMPLATE_BYTES = 70, 100, 1064
COMMITS = 20


def guarding(folder: Path) -> list[Job]:
    """Return the jobs, on the state of 10,000 customers with account and template."""
    store = Store(folder / "guarded.sqlite")
    ring = ring_of(store, Keys.new(), new=True)
    journal = Journal(store, bytes(32), partial(datetime.now, UTC))
    _fill(store)
    guard = Guard(store, ring, Anchor(folder / FILE, ring.lasting.derive("anchor")))
    guard.start()
    store.guarded_by(guard)
    guard.check()

    def commits() -> None:
        for _ in range(COMMITS):
            journal.record("opened")

    return [
        Job("journal entry sealed, on disk, marked", commits, COMMITS),
        Job(f"every row checked, N = {CUSTOMERS:,}", guard.check),
    ]


def _fill(store: Store) -> None:
    with store.transaction() as connection:
        for number in range(CUSTOMERS):
            who, boxes = f"{number:016x}", map(secrets.token_bytes, (32, NAME_BYTES, PIN_BYTES))
            connection.execute(
                "INSERT INTO customers (customer_id, card_hash, name_box, pin_box, card_last4)"
                " VALUES (?, ?, ?, ?, '1234')",
                (who, *boxes),
            )
            row = (
                who,
                who,
                1,
                "f" * 64,
                "fused",
                "2031-01-01",
                secrets.token_bytes(TEMPLATE_BYTES),
            )
            connection.execute("INSERT INTO templates VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            connection.execute("INSERT INTO accounts VALUES (?, 50000, 0)", (who,))
