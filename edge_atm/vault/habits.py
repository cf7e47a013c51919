"""How customers tap their PINs: sealed, opened for a moment, learnt on, revoked."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from edge_atm.errors import SealBroken, TemplateRevoked
from edge_atm.records import Floats
from edge_atm.store import Store
from edge_atm.vault.envelope import seal, unseal_erasable
from edge_atm.vault.keys import Keys
from edge_atm.vault.ring import Ring
from edge_atm.vault.rows import habit_of

# In front of the entries: how many numbers each has, in as many bytes as a number.
WIDTH_BYTES = 4


class KeptHabits:
    """The habits of one unit. Whatever is opened is overwritten when its block ends."""

    def __init__(self, store: Store, ring: Ring) -> None:
        self.store = store
        self._ring = ring

    def agree(self, connection: sqlite3.Connection, customer_id: str, age_band: str | None) -> None:
        """Keep that the customer agreed, and the account's age band, None for not told.

        Until then nothing is learnt of him. Part of the caller's transaction.
        """
        connection.execute(
            "UPDATE customers SET touch_agreed = 1, age_band = ? WHERE customer_id = ?",
            (age_band, customer_id),
        )

    def age_band(self, customer_id: str) -> str | None:
        """Return the account's age band as the bank said, None when it did not."""
        with self.store.verified():
            band = habit_of(self.store, customer_id)["age_band"]
        return None if band is None else str(band)

    @contextmanager
    def opened(self, customer_id: str, model: str) -> Iterator[Floats]:
        """Lend float32 [n, D], the oldest entry first; n is 0 where none was told by `model`.

        Raises CardRefused for an unknown customer, TemplateRevoked, SealBroken.
        """
        with self.store.verified():
            row = habit_of(self.store, customer_id)
        kept = self._under(row, model)
        try:
            yield kept
        finally:
            kept.fill(0)

    def learn(
        self,
        connection: sqlite3.Connection,
        customer_id: str,
        model: str,
        fresh: Sequence[Floats],
        keep: int,
    ) -> int:
        """Add entries, float32 [D] each, and keep the newest `keep`; return how many are kept.

        0, and nothing is learnt, of who has not agreed, or whose habit leaked as this model tells
        it. Another model's entries, and those of another D, are given up. Caller's commit. Raises
        as `opened`.
        """
        row = habit_of(self.store, customer_id)
        if not row["touch_agreed"] or row["leaked_habit"] == model:
            return 0
        before = self._under(row, model)
        known = before if before.shape[1:] == fresh[0].shape else ()
        both = np.stack([*known, *fresh][-keep:])
        before.fill(0)
        _put_next(connection, self._ring.rows, row, model, both)
        count = len(both)
        both.fill(0)
        return count

    def reissue(self, connection: sqlite3.Connection, customer_id: str) -> bool:
        """Seal the habit anew as its next version, without the customer; False when there is none.

        In the caller's commit. Raises as `opened`.
        """
        row = habit_of(self.store, customer_id)
        if row["version"] is None:
            return False
        reseal_habit(connection, self._ring.rows, self._ring.rows, row)
        return True

    def revoke(self, connection: sqlite3.Connection, customer_id: str, leaked: bool) -> bool:
        """Destroy the habit; whether there was one. In the caller's commit. Raises CardRefused.

        It begins again with the next paid session; after `leaked` not before the customer agreed
        anew, and then not as the model of what was destroyed tells it.
        """
        row = habit_of(self.store, customer_id)
        connection.execute("DELETE FROM habits WHERE customer_id = ?", (customer_id,))
        if leaked:
            connection.execute(
                "UPDATE customers SET touch_agreed = 0, leaked_habit = coalesce(?, leaked_habit)"
                " WHERE customer_id = ?",
                (row["model"], customer_id),
            )
        return row["version"] is not None

    def _under(self, row: sqlite3.Row, model: str) -> Floats:
        if row["version"] is None or row["model"] != model:
            return np.empty((0, 0), np.float32)
        return open_habit(self._ring.rows, row)


def open_habit(keys: Keys, row: sqlite3.Row) -> Floats:
    """Return float32 [n, D] of a row of `habit_of`, to be overwritten by the caller.

    Raises TemplateRevoked for an older row than the customer's last, SealBroken.
    """
    if row["version"] < row["last_habit"]:
        raise TemplateRevoked("the habit is an older one than the last: it was revoked")
    if row["version"] != row["last_habit"]:
        raise SealBroken("the habit is newer than its customer's last one")
    owner = _owner(row["customer_id"], row["version"], row["model"])
    plain = unseal_erasable(keys.derive("habit", *owner), row["box"], *owner)
    # What was unsealed is lent itself: no copy stays behind.
    return _entries(plain, row["customer_id"])


def check_habit(store: Store, keys: Keys, customer_id: str) -> None:
    """Open the customer's habit once, if there is one. Raises as `open_habit`."""
    row = habit_of(store, customer_id)
    if row["version"] is not None:
        open_habit(keys, row).fill(0)


def reseal_habit(
    connection: sqlite3.Connection, keys: Keys, others: Keys, row: sqlite3.Row
) -> None:
    """Seal the same entries as the next version under the keys of `others`. Raises as opening."""
    kept = open_habit(keys, row)
    _put_next(connection, others, row, row["model"], kept)
    kept.fill(0)


def _put_next(
    connection: sqlite3.Connection, keys: Keys, row: sqlite3.Row, model: str, kept: Floats
) -> None:
    assert kept.dtype == np.float32
    assert np.isfinite(kept).all()
    customer_id, version = row["customer_id"], row["last_habit"] + 1
    owner = _owner(customer_id, version, model)
    plain = bytearray(WIDTH_BYTES + kept.nbytes)
    plain[:WIDTH_BYTES] = kept.shape[1].to_bytes(WIDTH_BYTES, "big")
    np.frombuffer(plain, np.float32, offset=WIDTH_BYTES)[:] = kept.ravel()
    box = seal(keys.derive("habit", *owner), plain, *owner)
    plain[:] = bytes(len(plain))
    connection.execute(
        "INSERT OR REPLACE INTO habits (customer_id, version, model, box) VALUES (?, ?, ?, ?)",
        (customer_id, version, model, box),
    )
    connection.execute(
        "UPDATE customers SET last_habit = ? WHERE customer_id = ?", (version, customer_id)
    )


def _entries(plain: bytearray, customer_id: str) -> Floats:
    width = int.from_bytes(plain[:WIDTH_BYTES], "big")
    rest = len(plain) - WIDTH_BYTES
    if not (width > 0 and rest >= 0 and rest % (4 * width) == 0):
        raise SealBroken(f"what was sealed is no habit: {customer_id}")
    return np.frombuffer(plain, np.float32, offset=WIDTH_BYTES).reshape(-1, width)


def _owner(customer_id: str, version: int, model: str) -> tuple[str, ...]:
    return (customer_id, "habit", str(version), model)
