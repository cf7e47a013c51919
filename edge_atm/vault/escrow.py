"""A copy of each enrolment for the bank, with which it can fill a new unit. docs/bank.md."""

import base64
import re
import sqlite3
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_atm.errors import ConfigError
from edge_atm.journal import Journal
from edge_atm.records import Floats
from edge_atm.store import Store
from edge_atm.vault.age import seal_to
from edge_atm.vault.appearing import Digested, appearing
from edge_atm.vault.cards import card_keys
from edge_atm.vault.ring import Ring
from edge_atm.vault.rotation import INT8_MAX, SIZE, to_int8
from edge_atm.vault.rows import row_of
from edge_atm.vault.signed_line import Fields, signed_line

FORMAT = "edge-escrow/1"
PAGE = 256
NO_ESCROW = "Set `escrow` under [bank]; copies are left from the next enrolment on."
# What each text of a line may be; the lengths bound whatever is made of them.
TEXTS = {
    "unit_id": r"[a-z0-9-]{1,32}",
    "customer": r"[0-9a-f]{16}",
    "card_last4": r"[0-9]{4}",
    "card_hash": r"[0-9a-f]{64}",
    "name": r"[^\n]{1,80}",
    "embedding_id": r"[!-~]{1,128}",
    "enrolled_at": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00",
    "face": r"[A-Za-z0-9+/]{683}=",
}
CARD_KEY = re.compile(r"[0-9a-f]{64}")
CARD_KEYS_MAX = 64
VERSION_MAX = 2**31
NAMES = {"format", *TEXTS, "card_keys", "version", "consent"}


@dataclass(frozen=True, slots=True)
class Copy:
    """One customer as enrolled on the unit that says so. It never shows what it holds.

    `card_keys`: that unit's card hash keys, 32 bytes each; one of them made `card_hash`.
    `face`: int8 [512], not rotated.
    """

    unit_id: str
    customer_id: str
    card_last4: str
    card_hash: bytes = field(repr=False)
    card_keys: tuple[bytes, ...] = field(repr=False)
    holder_name: str = field(repr=False)
    embedding_id: str
    version: int
    enrolled_at: str
    face: NDArray[np.int8] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Escrow:
    """Where a unit leaves its copies: rows that nobody but the owners of `public_keys` can read."""

    store: Store
    ring: Ring
    unit_id: str
    public_keys: tuple[str, ...]

    def leave(
        self, connection: sqlite3.Connection, customer_id: str, name: str, face: Floats
    ) -> None:
        """Seal a copy of the newest enrolment, in place of an older one. Caller's transaction.

        `face` is float32 [512], as enrolled. Raises ConfigError for a key that is none.
        """
        row = row_of(self.store, customer_id)
        fields: Fields = {
            "format": FORMAT,
            "unit_id": self.unit_id,
            "customer": customer_id,
            "card_last4": row["card_last4"],
            "card_hash": row["card_hash"].hex(),
            "card_keys": [key.hex() for key in card_keys(self.ring)],
            "name": name.strip(),
            "embedding_id": row["embedding_id"],
            "version": row["version"],
            "enrolled_at": row["enrolled_at"],
            "consent": True,
            "face": base64.b64encode(to_int8(face[np.newaxis]).tobytes()).decode(),
        }
        # The line's end parts the lines when the bank opens one box after the other.
        box = seal_to(self.public_keys, signed_line(self.ring.lasting, fields) + b"\n")
        connection.execute(
            "INSERT OR REPLACE INTO escrow (customer_id, version, box) VALUES (?, ?, ?)",
            (customer_id, row["version"], box),
        )


def copy_from(fields: Fields) -> Copy:
    """Return what a line's fields say. Raises ValueError naming the first that is wrong."""
    if fields.keys() != NAMES or fields["format"] != FORMAT:
        raise ValueError(f"it is no {FORMAT} line")
    text = {name: _text(fields, name) for name in TEXTS}
    keys, version = fields["card_keys"], fields["version"]
    if not (isinstance(keys, list) and 0 < len(keys) <= CARD_KEYS_MAX and all(map(_is_key, keys))):
        raise ValueError("card_keys is wrong")
    if not (type(version) is int and 0 < version < VERSION_MAX):
        raise ValueError("version is wrong")
    if fields["consent"] is not True:
        raise ValueError("there is no consent")
    face = np.frombuffer(base64.b64decode(text["face"]), np.int8)
    if not (face.shape == (SIZE,) and abs(face.astype(np.int16)).max() == INT8_MAX):
        raise ValueError("face is wrong")
    return Copy(
        text["unit_id"],
        text["customer"],
        text["card_last4"],
        bytes.fromhex(text["card_hash"]),
        tuple(bytes.fromhex(key) for key in keys),
        text["name"],
        text["embedding_id"],
        version,
        text["enrolled_at"],
        face,
    )


def boxes(store: Store) -> Iterator[tuple[str, bytes]]:
    """Yield each customer's pseudonym and sealed copy, a page in memory at a time."""
    last = ""
    while page := store.rows(
        "SELECT * FROM escrow WHERE customer_id > ? ORDER BY customer_id LIMIT ?", last, PAGE
    ):
        yield from ((row["customer_id"], row["box"]) for row in page)
        last = page[-1]["customer_id"]


def boxes_held(store: Store) -> int:
    """Return how many sealed copies there are. Raises ConfigError when there are none."""
    count = int(store.rows("SELECT count(*) FROM escrow")[0][0])
    if not count:
        raise ConfigError("this unit holds no escrow", NO_ESCROW)
    return count


def export(
    path: Path, journal: Journal, held: Iterable[tuple[str, bytes]], force: bool = False
) -> tuple[int, str]:
    """Write `held` as a tar of one age file each; return how many, and the tar's SHA-256.

    Journalled before the file has its name: none exists that the journal does not know. Raises
    StoreFault.
    """
    count = 0
    with appearing(path, force) as file:
        digested = Digested(file)
        for customer_id, box in held:
            member = tarfile.TarInfo(f"{customer_id}.age")
            member.size, member.mode = len(box), 0o600
            header = member.tobuf(tarfile.USTAR_FORMAT)
            digested.write(header + box + bytes(-len(box) % tarfile.BLOCKSIZE))
            count += 1
        # Two empty blocks end it, and whole records: GNU tar deletes members of no other.
        digested.write(bytes(2 * tarfile.BLOCKSIZE))
        digested.write(bytes(-digested.size_bytes % tarfile.RECORDSIZE))
        digested.read_back()
        journal.record("escrow_exported", count=count, sha256=digested.sha256)
    return count, digested.sha256


def _text(fields: Fields, name: str) -> str:
    value = fields[name]
    if not (isinstance(value, str) and re.fullmatch(TEXTS[name], value, re.ASCII)):
        raise ValueError(f"{name} is wrong")
    return value


def _is_key(value: object) -> bool:
    return isinstance(value, str) and CARD_KEY.fullmatch(value) is not None
