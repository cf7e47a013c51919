"""Which master key is in use while one follows another: the one that opens the database's ring."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from edge_atm.errors import KeyFault
from edge_atm.store import Store, sync_folder
from edge_atm.vault.keys import DEVELOPMENT_FILE, Keys
from edge_atm.vault.ring import Ring, ring_of

NEXT = "next_master_key"
NEXT_FILE = f"{DEVELOPMENT_FILE}.next"
WAITING = "a next key waits for `edge-atm rotate-keys`"
IN_USE = "next_master_key is in use: hand it over as master_key, and destroy the old one"


def offered(environ: Mapping[str, str]) -> list[Keys]:
    """Return the credential `master_key`, and `next_master_key` where there is one.

    Raises KeyFault.
    """
    return [Keys.from_credentials(environ), *_next(environ)]


def offered_at_desk(state_dir: Path, create: bool) -> list[Keys]:
    """Return the folder's own key, and the next one that a rotation left. Raises KeyFault."""
    masters = [Keys.from_development_file(state_dir, create)]
    if (state_dir / NEXT_FILE).exists():
        masters.append(Keys.from_development_file(state_dir, name=NEXT_FILE))
    return masters


def ring_under(store: Store, masters: Sequence[Keys], new: bool) -> Ring:
    """Return the database's ring, under the first of `masters` that opens it; as `ring_of`.

    The other keys are overwritten. Raises KeyFault when none opens it.
    """
    *others, last = masters
    for master in others:
        with suppress(KeyFault):
            return _without([*others, last], ring_of(store, master, new))
    return _without(others, ring_of(store, last, new))


def next_master(environ: Mapping[str, str], ring: Ring, state_dir: Path) -> Keys | None:
    """Return the key that is to follow the ring's master, None when none was handed over.

    At a desk a new one is made, on the disk when this returns. Raises KeyFault.
    """
    if ring.development:
        (state_dir / NEXT_FILE).unlink(missing_ok=True)
        return Keys.from_development_file(state_dir, create=True, name=NEXT_FILE)
    return next((keys for keys in _next(environ) if not _is(keys, ring.master)), None)


def settle_at_desk(state_dir: Path, ring: Ring) -> None:
    """Give the next key its lasting name, if the ring is under it. Safe to repeat."""
    path = state_dir / NEXT_FILE
    if ring.development and path.exists():
        following = Keys.from_development_file(state_dir, name=NEXT_FILE)
        if _is(following, ring.master):
            path.replace(state_dir / DEVELOPMENT_FILE)
            sync_folder(state_dir)


def advice(environ: Mapping[str, str], ring: Ring) -> str | None:
    """Return what is left to do about the next master key, None when nothing is."""
    following = [] if ring.development else _next(environ)
    if not following:
        return None
    return IN_USE if _is(following[0], ring.master) else WAITING


def _next(environ: Mapping[str, str]) -> list[Keys]:
    folder = environ.get("CREDENTIALS_DIRECTORY")
    there = folder is not None and (Path(folder) / NEXT).exists()
    return [Keys.from_credentials(environ, NEXT)] if there else []


def _without(masters: Sequence[Keys], ring: Ring) -> Ring:
    for master in masters:
        if master is not ring.master:
            master.wipe()
    return ring


def _is(one: Keys, other: Keys) -> bool:
    return one.derive("ring") == other.derive("ring")
