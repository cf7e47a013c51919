"""Opens a unit's state for one command: configuration, key, lock, database, journal."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from edge_atm.cash.ledger import Ledger
from edge_atm.cli.hardening import keep_memory_private
from edge_atm.cli.unit import Unit
from edge_atm.config import Config, read_config
from edge_atm.errors import StoreFault
from edge_atm.journal import Journal
from edge_atm.models import Models
from edge_atm.prepared import FOLDER, Prepared
from edge_atm.store import DATABASE, OTHER_USER, Store
from edge_atm.vault import masters
from edge_atm.vault.anchor import FILE as ANCHOR
from edge_atm.vault.anchor import Anchor
from edge_atm.vault.customers import Customers
from edge_atm.vault.faces import Faces
from edge_atm.vault.guard import Guard
from edge_atm.vault.habits import KeptHabits
from edge_atm.vault.keys import Keys
from edge_atm.vault.nv_counter import NvCounter
from edge_atm.vault.ring import Ring
from edge_atm.vault.roll import SCHEMA, TABLES

NO_DATABASE = "For a new unit run `edge-atm provision` with --notes first; else call the bank."


@contextmanager
def open_unit(
    config_path: Path,
    development: bool,
    create: bool = False,
    alone: bool = False,
    unchecked: bool = False,
) -> Iterator[Unit]:
    """Open configuration, key, database and journal; raise EdgeError for the first that fails.

    `alone`: nobody else may move cash or change accounts meanwhile. `unchecked`: open also what
    was changed behind the unit's back, for those who look and do not serve; it commits nothing.
    """
    keep_memory_private()
    config = read_config(config_path)
    state_dir = config.unit.state_dir
    path = state_dir / DATABASE
    if create:
        _make_private(state_dir)
    elif not (size_bytes := _size_bytes(path)):
        found = "no database" if size_bytes is None else f"an empty file {path.name}, of 0 bytes,"
        raise StoreFault(f"there is {found} in {state_dir}", NO_DATABASE)
    offered = _offered(state_dir, development, create)
    with ExitStack() as stack:
        if alone:
            stack.enter_context(_held(state_dir / "lock"))
        store = stack.enter_context(closing(Store(path)))
        # Power may have failed between the schema and the key's mark: nothing was sealed yet.
        new = create and _is_empty(store)
        ring = masters.ring_under(store, offered, new)
        stack.callback(ring.wipe)
        masters.settle_at_desk(state_dir, ring)
        guard = guard_of(config, development, store, ring, new)
        store.guarded_by(guard)
        if not unchecked:
            guard.check()
        yield _unit(config, ring, store, guard)


@contextmanager
def open_empty(config_path: Path, development: bool) -> Iterator[tuple[Config, Keys]]:
    """Open configuration and master key alone, of a unit that may have no database yet."""
    keep_memory_private()
    config = read_config(config_path)
    state_dir = config.unit.state_dir
    _make_private(state_dir)
    master = _offered(state_dir, development, create=True)[0]
    with _held(state_dir / "lock"):
        try:
            yield config, master
        finally:
            master.wipe()


def _unit(config: Config, ring: Ring, store: Store, guard: Guard) -> Unit:
    journal = Journal(store, ring.lasting.derive("journal"), partial(datetime.now, UTC))
    models = Models(prepared=prepared_of(config.unit.state_dir, ring))
    return Unit(
        config,
        ring,
        store,
        guard,
        journal,
        models,
        Customers(store, ring),
        Faces(store, ring, models.embedding_id),
        KeptHabits(store, ring),
        Ledger(store, journal),
    )


def prepared_of(state_dir: Path, ring: Ring) -> Prepared:
    """Return the models optimised for this computer; their record is under the master key."""
    return Prepared(state_dir / FOLDER, ring.master.derive("prepared-models"))


def guard_of(config: Config, development: bool, store: Store, ring: Ring, new: bool) -> Guard:
    """Return what guards a database; a `new` one is sealed and marked as it is now."""
    # A development key is not the TPM's, so its unit says nothing of the TPM either.
    tpm = config.unit.key_protection == "tpm" and not development
    counter = NvCounter() if tpm else None
    anchor = Anchor(config.unit.state_dir / ANCHOR, ring.lasting.derive("anchor"), counter)
    guard = Guard(store, ring, anchor)
    if new:
        if counter is not None:
            counter.define()
        guard.start()
    return guard


def _offered(state_dir: Path, development: bool, create: bool) -> list[Keys]:
    if development:
        return masters.offered_at_desk(state_dir, create)
    return masters.offered(os.environ)


@contextmanager
def _held(path: Path) -> Iterator[None]:
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except PermissionError:
        raise StoreFault(f"{path} belongs to another user", OTHER_USER) from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreFault(
                "another edge-atm has this unit to itself",
                "Stop the service (or the other command) first, then try again.",
            ) from None
        yield
    finally:
        os.close(handle)


def _is_empty(store: Store) -> bool:
    # Whatever lies there, however little, was not put there by a unit that has sealed nothing.
    tables = ("journal", *(table for table in TABLES if table not in (SCHEMA, "vault")))
    return not any(store.rows(f"SELECT 1 FROM {table} LIMIT 1") for table in tables)  # noqa: S608


def _make_private(state_dir: Path) -> None:
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreFault(
            f"{state_dir} cannot be made: {error.strerror}",
            "Choose another state_dir in the configuration, or run as the unit's user.",
        ) from None


def _size_bytes(path: Path) -> int | None:
    try:
        return path.stat().st_size if path.is_file() else None
    except PermissionError:
        raise StoreFault(f"{path.parent} belongs to another user", OTHER_USER) from None
