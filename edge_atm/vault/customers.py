"""Who a card number belongs to, and the name and the PIN sealed for that customer."""

import secrets
import sqlite3
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial

from edge_atm.errors import CardRefused, SealBroken, TemplateRevoked
from edge_atm.records import Customer, Way
from edge_atm.store import Store
from edge_atm.vault import failures
from edge_atm.vault.cards import card_hashes, last_four, parse_card_number
from edge_atm.vault.faces import ENROL_HINT, Faces
from edge_atm.vault.habits import check_habit
from edge_atm.vault.names import open_name, seal_name
from edge_atm.vault.pins import is_pin, open_pin, pin_fits, seal_pin
from edge_atm.vault.ring import Ring
from edge_atm.vault.rows import PIN_FAILURES_MAX, all_ids, customer_from, id_of_card, row_of

UTC_NOW = partial(datetime.now, UTC)


class Customers:
    """The customers of one unit; their faces are in `Faces`."""

    def __init__(self, store: Store, ring: Ring, now: Callable[[], datetime] = UTC_NOW) -> None:
        """`now`: the unit's clock, UTC."""
        self._store = store
        self._ring = ring
        self._now = now

    def add(self, connection: sqlite3.Connection, card_number: str, pin: str | None) -> str:
        """Return the card's customer_id, new or known. Opens its face; a given PIN opens its PIN.

        Part of the caller's transaction. Raises CardRefused.
        """
        number = parse_card_number(card_number)
        if pin is not None and not is_pin(pin):
            raise CardRefused("a terminal PIN has 4 to 6 digits", "Correct the PIN and load again.")
        hashes = card_hashes(self._ring, number)
        customer_id = id_of_card(self._store, hashes)
        if customer_id is None:
            customer_id = secrets.token_hex(8)
            connection.execute(
                "INSERT INTO customers (customer_id, card_hash, card_last4) VALUES (?, ?, ?)",
                (customer_id, hashes[0], last_four(number)),
            )
        box = None if pin is None else seal_pin(self._ring, customer_id, pin)
        if box is not None:
            # Another PIN is tapped in another way.
            connection.execute("DELETE FROM habits WHERE customer_id = ?", (customer_id,))
        connection.execute(
            # A reload without a PIN must not hand a thief more tries at the old one.
            "UPDATE customers SET face_failures = 0, face_failed_at = NULL,"
            " pin_box = coalesce(?1, pin_box), pin_failures = iif(?1 IS NULL, pin_failures, 0),"
            " pin_failed_at = iif(?1 IS NULL, pin_failed_at, NULL) WHERE customer_id = ?2",
            (box, customer_id),
        )
        return customer_id

    def claim(self, card_number: str) -> Customer:
        """Return the customer of a typed card number. Raises CardRefused.

        Failures that the unit's clock, having gone back, puts into the future begin anew now: it
        opens nothing, and what it closes it closes for one delay.
        """
        hashes = card_hashes(self._ring, parse_card_number(card_number))
        now = self._now()
        with self._store.verified():
            customer_id = id_of_card(self._store, hashes)
            if customer_id is None:
                raise CardRefused("this card is not known here")
            customer = customer_from(row_of(self._store, customer_id), now)
            ahead = failures.is_ahead(self._store, now)
        known = customer.pin_since_seconds >= 0 and customer.face_since_seconds >= 0
        if known and not ahead:
            return customer
        with self._store.transaction() as connection:
            failures.settle(connection, customer_id, now)
            return customer_from(row_of(self._store, customer_id), now)

    def unit_since_seconds(self, way: Way, nth: int) -> float:
        """Return how long ago the unit's `nth` last failed look or wrong PIN was, of any card.

        Infinity when there were fewer; up to `failures.HOURLY_MAX` can be asked for.
        """
        with self._store.verified():
            return failures.unit_since_seconds(self._store, way, nth, self._now())

    def name(self, connection: sqlite3.Connection, customer_id: str, holder_name: str) -> None:
        """Seal the holder's name; failed looks are forgiven. In the caller's transaction.

        Raises CardRefused, and EnrolmentRefused for a name that a screen could not show.
        """
        row_of(self._store, customer_id)
        connection.execute(
            "UPDATE customers SET name_box = ?, face_failures = 0, face_failed_at = NULL"
            " WHERE customer_id = ?",
            (seal_name(self._ring.rows, customer_id, holder_name), customer_id),
        )

    def holder_name(self, customer_id: str) -> str:
        """Return the enrolled name. Raises CardRefused when there is none, SealBroken."""
        name = self._name(row_of(self._store, customer_id))
        if name is None:
            raise CardRefused("this card has no enrolled name", ENROL_HINT)
        return name

    def listing(self) -> list[tuple[Customer, str | None]]:
        """Return every customer with the time of enrolment, None without a face; oldest first."""
        now = self._now()
        rows = [row_of(self._store, customer_id) for customer_id in all_ids(self._store)]
        return [(customer_from(row, now), row["enrolled_at"]) for row in rows]

    def check_pin(self, customer_id: str, pin: str) -> bool:
        """Whether `pin` is the customer's; always False after PIN_FAILURES_MAX failures in a row.

        The caller has judged that he need not wait. Raises CardRefused for an unknown customer,
        SealBroken.
        """
        with self._store.transaction() as connection:
            row = row_of(self._store, customer_id)
            if not row["pin_failures"] < PIN_FAILURES_MAX:
                return False
            failures.count(connection, customer_id, Way.PIN, self._now())
        # The failure is on disk before the PIN is looked at: pulling the plug buys no more tries.
        box = row["pin_box"]
        if box is None or not is_pin(pin) or not pin_fits(self._ring, customer_id, box, pin):
            return False
        with self._store.transaction() as connection:
            failures.forgive(connection, customer_id, Way.PIN)
        return True

    def note_face(self, customer_id: str, ok: bool) -> None:
        """Count one face session: a failure adds to those in a row, a success ends the row.

        Raises CardRefused for an unknown customer.
        """
        with self._store.transaction() as connection:
            row_of(self._store, customer_id)
            if ok:
                failures.forgive(connection, customer_id, Way.FACE)
            else:
                failures.count(connection, customer_id, Way.FACE, self._now())

    def forget(self, connection: sqlite3.Connection, customer_id: str) -> None:
        """Remove face, habit, name, age band and escrow; the pseudonym stays, for the ledger.

        What leaked stays known as leaked. Caller's transaction. Raises CardRefused for an unknown
        customer.
        """
        row_of(self._store, customer_id)
        for table in ("templates", "habits", "escrow"):
            connection.execute(f"DELETE FROM {table} WHERE customer_id = ?", (customer_id,))  # noqa: S608
        connection.execute(
            "UPDATE customers SET name_box = NULL, revoked = nullif(revoked, 'revoked'),"
            " touch_agreed = 0, age_band = NULL WHERE customer_id = ?",
            (customer_id,),
        )

    def verify_all(
        self, faces: Faces, shown: Callable[[list[str]], Iterable[str]] = iter
    ) -> list[str]:
        """Return the customers of whom a face, habit, name or PIN does not open, oldest first.

        `shown`: passes all of them on, behind a bar.
        """
        known = shown(all_ids(self._store))
        return [customer_id for customer_id in known if not self._opens(customer_id, faces)]

    def _opens(self, customer_id: str, faces: Faces) -> bool:
        row = row_of(self._store, customer_id)
        enrolled = row["version"] is not None
        try:
            if enrolled:
                with faces.opened(customer_id):
                    pass
            if row["pin_box"] is not None:
                open_pin(self._ring.rows, customer_id, row["pin_box"])
            check_habit(self._store, self._ring.rows, customer_id)
            named = self._name(row) is not None
            # A revoked face leaves its name behind, until it is forgotten.
            return row["revoked"] is not None or named == enrolled
        except (SealBroken, TemplateRevoked):
            return False

    def _name(self, row: sqlite3.Row) -> str | None:
        box = row["name_box"]
        return None if box is None else open_name(self._ring.rows, row["customer_id"], box)
