"""Fills a new unit with the customers of another, from the copies that it left for the bank."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edge_atm.errors import ConfigError, EnrolmentRefused, ModelMismatch, SealBroken, StoreFault
from edge_atm.journal import Journal
from edge_atm.store import Store
from edge_atm.vault.age import open_with
from edge_atm.vault.cards import card_keys
from edge_atm.vault.customers import Customers
from edge_atm.vault.escrow import Copy, Escrow, copy_from
from edge_atm.vault.faces import Faces
from edge_atm.vault.ring import Ring, seal_ring
from edge_atm.vault.rotation import from_int8
from edge_atm.vault.rows import id_of_card
from edge_atm.vault.signed_line import FORGED, signed_fields

CUT = "Open the boxes and seal them to this unit again, as docs/bank.md shows; nothing was changed."
OTHER_MODEL = "Install the release that the other unit ran, or enrol these customers anew."
ACCOUNTS_AFTER = (
    "Fill a unit before its accounts are loaded: cards loaded here and customers taken over could"
    " not be told to be the same."
)
ONE_UNIT = "A unit takes over the customers of one other; enrol these anew, or use a further unit."


def opened(path: Path, identity: str) -> list[bytes]:
    """Return the lines that were sealed to this unit. Raises SealBroken, StoreFault."""
    try:
        plain = open_with(identity, path.read_bytes())
    except SealBroken as fault:
        raise SealBroken(f"{path.name} does not open: {fault}", fault.hint) from None
    except OSError as error:
        raise StoreFault(f"{path.name} cannot be read: {error.strerror}", CUT) from None
    *lines, rest = plain.split(b"\n")
    if rest or not lines:
        raise SealBroken(f"{path.name} holds no whole line at its end", CUT)
    return lines


def copies(lines: Iterable[bytes], public: bytes, embedding_id: str) -> Iterator[Copy]:
    """Yield each line's customer once its unit's signature is proved; nothing may stand twice.

    Raises SealBroken, and ModelMismatch for faces of another model, naming the line.
    """
    seen: set[str | bytes] = set()
    units = set()
    for number, line in enumerate(lines, start=1):
        try:
            copy = copy_from(signed_fields(line, public))
        except (SealBroken, ValueError) as fault:
            raise SealBroken(f"line {number} is refused: {fault}", FORGED) from None
        if copy.embedding_id != embedding_id:
            raise ModelMismatch(f"line {number}: the face was made by another model", OTHER_MODEL)
        units.add(copy.unit_id)
        if len(units) > 1:
            raise SealBroken(f"line {number}: it comes from another unit than the first", CUT)
        if seen & {copy.customer_id, copy.card_hash}:
            raise SealBroken(f"line {number}: this customer or card stands there twice", CUT)
        seen |= {copy.customer_id, copy.card_hash}
        yield copy


@dataclass(frozen=True, slots=True)
class Refill:
    """What customers are taken over into. `escrow`: where their copies are left again, or None."""

    store: Store
    ring: Ring
    journal: Journal
    customers: Customers
    faces: Faces
    embedding_id: str
    escrow: Escrow | None

    def take_keys(self, connection: sqlite3.Connection, held: Sequence[Copy]) -> "Refill":
        """Add the other unit's card hash keys to the ring; return what knows them.

        Part of the caller's transaction. Raises ConfigError after another unit's customers.
        """
        own, *others = card_keys(self.ring)
        keys = {key for copy in held for key in copy.card_keys} - {own}
        if set(others) - keys:
            raise ConfigError("this unit has taken over another unit's customers before", ONE_UNIT)
        ring = replace(self.ring, other_cards=tuple(sorted(keys)))
        connection.execute("UPDATE vault SET ring = ?", (seal_ring(ring),))
        escrow = None if self.escrow is None else replace(self.escrow, ring=ring)
        return replace(self, ring=ring, escrow=escrow)

    def take(self, connection: sqlite3.Connection, copy: Copy) -> bool:
        """Enrol one customer under this unit's keys; False for one who is here as new or newer.

        So an old file brings back nobody who was forgotten or revoked since. Part of the caller's
        transaction. Raises SealBroken for another card's pseudonym, ConfigError.
        """
        found = self.store.rows("SELECT * FROM customers WHERE customer_id = ?", copy.customer_id)
        if not found:
            self._add(connection, copy)
        elif found[0]["card_hash"] != copy.card_hash:
            raise SealBroken(f"customer {copy.customer_id} is here with another card", FORGED)
        elif not self._is_newer(copy, found[0]):
            return False
        self._enrol(connection, copy)
        self.journal.append(
            connection,
            "escrow_imported",
            customer=copy.customer_id,
            version=copy.version,
            unit=copy.unit_id,
            enrolled_at=copy.enrolled_at,
            consent=True,
        )
        return True

    def _is_newer(self, copy: Copy, row: sqlite3.Row) -> bool:
        leaked = row["leaked_model"] == self.embedding_id
        return copy.version > row["last_version"] and not leaked

    def _add(self, connection: sqlite3.Connection, copy: Copy) -> None:
        # A file of this very unit, of before it was restored, uses the same hashes.
        foreign = copy.card_keys[0] != card_keys(self.ring)[0]
        if foreign and self.store.rows("SELECT 1 FROM accounts LIMIT 1"):
            raise ConfigError("accounts were loaded into this unit already", ACCOUNTS_AFTER)
        if id_of_card(self.store, [copy.card_hash]) is not None:
            raise SealBroken(f"customer {copy.customer_id}: the card is another's here", FORGED)
        connection.execute(
            "INSERT INTO customers (customer_id, card_hash, card_last4) VALUES (?, ?, ?)",
            (copy.customer_id, copy.card_hash, copy.card_last4),
        )

    def _enrol(self, connection: sqlite3.Connection, copy: Copy) -> None:
        connection.execute(
            "UPDATE customers SET last_version = ? WHERE customer_id = ?",
            (copy.version - 1, copy.customer_id),
        )
        face = from_int8(copy.face[None])[0]
        try:
            self.customers.name(connection, copy.customer_id, copy.holder_name)
        except EnrolmentRefused as fault:
            raise SealBroken(f"customer {copy.customer_id}: {fault}", CUT) from None
        self.faces.enrol(connection, copy.customer_id, face, copy.enrolled_at)
        if self.escrow is not None:
            self.escrow.leave(connection, copy.customer_id, copy.holder_name, face)
