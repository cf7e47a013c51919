"""A unit with one customer, its backup, and a restore without the bank between, for tests."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from edge_atm.store import DATABASE, Store
from edge_atm.vault import backup
from edge_atm.vault.age import new_identity, open_with, public_half, seal_to
from edge_atm.vault.backup import Backup, restoring
from edge_atm.vault.customers import Customers
from edge_atm.vault.faces import Faces
from edge_atm.vault.keys import Keys
from edge_atm.vault.ring import open_ring
from edge_atm.vault.signed_line import signed_fields, signed_line
from edge_atm.vault.signing import public_key
from tests.rig.customer import made_up_card
from tests.unit.refilling import UNIT_ID, journal_of
from tests.unit.vaulted import MODEL, RING, looks_like

CARD, SECOND = made_up_card(1), made_up_card(2)
PUBLIC = public_key(RING.lasting)
# What the bank would seal to; here at once the new unit's receiving key.
IDENTITY = new_identity()
MASTER = Keys(bytes(32))


def written(store: Store, path: Path) -> Backup:
    keys = (public_half(IDENTITY),)
    return backup.write(path, UNIT_ID, store, RING, journal_of(store, RING), keys)


def restore(file: Path, state_dir: Path, identity: str = IDENTITY, public: bytes = PUBLIC) -> None:
    """Restore as the command does, but for the guard."""
    with restoring(file, state_dir, MASTER, identity, public, UNIT_ID) as restored:
        journal = journal_of(restored.store, restored.ring)
        journal.verify()
        assert sum(restored.opened()) == 1
        restored.adopt(journal)


def check(state_dir: Path) -> None:
    with closing(Store(state_dir / DATABASE)) as store:
        ring = open_ring(MASTER, store.rows("SELECT ring FROM vault")[0][0])
        customer = Customers(store, ring).claim(CARD)
        assert looks_like(Faces(store, ring, MODEL), customer.customer_id, 1)
        journal_of(store, ring).verify()


def changed(
    file: Path, header: dict[str, object], content: bytes = b"", key: Keys = RING.lasting
) -> None:
    """Write the backup anew, saying something else."""
    line, _, database = open_with(IDENTITY, file.read_bytes()).partition(b"\n")
    fields = signed_fields(line, PUBLIC) | header
    plain = signed_line(key, fields) + b"\n" + (content or database)
    file.write_bytes(seal_to([public_half(IDENTITY)], plain))


class Crash(BaseException):
    """The power fails."""


class Steps:
    """Fails at a step: the `last` that is begun."""

    def __init__(self, last: int) -> None:
        self._left = last

    def around(self, real: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object) -> object:
            self._left -= 1
            if self._left == 0:
                raise Crash
            return real(*args)

        return call
