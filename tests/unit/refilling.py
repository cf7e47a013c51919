"""Two units and the bank between them, without files, for the tests of escrow."""

from datetime import UTC, datetime
from pathlib import Path

from edge_atm.journal import Journal
from edge_atm.store import Store
from edge_atm.vault.age import new_identity, open_with, public_half
from edge_atm.vault.customers import Customers
from edge_atm.vault.escrow import Copy, Escrow, boxes
from edge_atm.vault.faces import Faces
from edge_atm.vault.refill import Refill, copies
from edge_atm.vault.ring import Ring, seal_ring
from edge_atm.vault.signing import public_key
from tests.unit.vaulted import MODEL, RING, unit_vector

BANK = new_identity()
BANK_KEYS = (public_half(BANK),)
AT = "2031-01-01T08:00:00.000+00:00"
UNIT_ID = "atm-001"


def opened_store(path: Path, ring: Ring) -> Store:
    store = Store(path)
    with store.transaction() as connection:
        connection.execute("INSERT INTO vault (id, ring) VALUES (1, ?)", (seal_ring(ring),))
    return store


def journal_of(store: Store, ring: Ring) -> Journal:
    key = ring.lasting.derive("journal")
    return Journal(store, key, lambda: datetime(2031, 1, 1, tzinfo=UTC))


def enrol(store: Store, card: str, seed: int, ring: Ring = RING, unit_id: str = UNIT_ID) -> str:
    """Load a card, enrol its holder and leave the bank's copy."""
    customers, face = Customers(store, ring), unit_vector(seed)
    escrow = Escrow(store, ring, unit_id, BANK_KEYS)
    with store.transaction() as connection:
        customer_id = customers.add(connection, card, None)
        customers.name(connection, customer_id, " Ada ")
        Faces(store, ring, MODEL).enrol(connection, customer_id, face, AT)
        escrow.leave(connection, customer_id, " Ada ", face)
    return customer_id


def lines_of(store: Store) -> list[bytes]:
    """Return what the bank reads, one line for each customer."""
    return [open_with(BANK, box).removesuffix(b"\n") for _, box in boxes(store)]


def copies_of(store: Store, ring: Ring = RING) -> list[Copy]:
    return list(copies(lines_of(store), public_key(ring.lasting), MODEL))


def refill(store: Store, ring: Ring, held: list[Copy], escrow: Escrow | None = None) -> list[bool]:
    """Take copies over into a unit."""
    parts = journal_of(store, ring), Customers(store, ring), Faces(store, ring, MODEL)
    into = Refill(store, ring, *parts, MODEL, escrow)
    with store.transaction() as connection:
        into = into.take_keys(connection, held)
        return [into.take(connection, copy) for copy in held]
