"""Who a card number belongs to, and the face, the name and the PIN sealed for that customer."""

import secrets
import sqlite3

from edge_atm.errors import CardRefused, SealBroken
from edge_atm.records import Customer, Embedding, Floats
from edge_atm.store import Store
from edge_atm.vault.cards import card_hash, last_four, parse_card_number
from edge_atm.vault.keys import Keys
from edge_atm.vault.names import open_name, seal_name
from edge_atm.vault.pins import is_pin, open_pin, pin_fits, seal_pin
from edge_atm.vault.rows import PIN_FAILURES_MAX, all_ids, customer_from, id_of_card, row_of
from edge_atm.vault.templates import Binding, open_template, seal_template

ENROL_HINT = "Enrol the customer with `edge-atm enrol`."


class Customers:
    """The customers of one unit. A face is opened for one customer and one model at a time."""

    def __init__(self, store: Store, keys: Keys, embedding_id: str) -> None:
        self._store = store
        self._keys = keys
        self._embedding_id = embedding_id

    def add(self, connection: sqlite3.Connection, card_number: str, pin: str | None) -> str:
        """Return the card's customer_id, new or known. Opens its face; a given PIN opens its PIN.

        Part of the caller's transaction. Raises CardRefused.
        """
        number = parse_card_number(card_number)
        if pin is not None and not is_pin(pin):
            raise CardRefused("a terminal PIN has 4 to 6 digits", "Correct the PIN and load again.")
        hashed = card_hash(self._keys, number)
        customer_id = id_of_card(self._store, hashed)
        if customer_id is None:
            customer_id = secrets.token_hex(8)
            connection.execute(
                "INSERT INTO customers (customer_id, card_hash, card_last4) VALUES (?, ?, ?)",
                (customer_id, hashed, last_four(number)),
            )
        box = None if pin is None else seal_pin(self._keys, customer_id, pin)
        connection.execute(
            # A reload without a PIN must not hand a thief three more tries at the old one.
            "UPDATE customers SET face_failures = 0, pin_box = coalesce(?1, pin_box), pin_failures"
            " = CASE WHEN ?1 IS NULL THEN pin_failures ELSE 0 END WHERE customer_id = ?2",
            (box, customer_id),
        )
        return customer_id

    def claim(self, card_number: str) -> Customer:
        """Return the customer of a typed card number. Raises CardRefused."""
        hashed = card_hash(self._keys, parse_card_number(card_number))
        customer_id = id_of_card(self._store, hashed)
        if customer_id is None:
            raise CardRefused("this card is not known here")
        return customer_from(row_of(self._store, customer_id))

    def enrol(
        self,
        connection: sqlite3.Connection,
        customer_id: str,
        holder_name: str,
        template: Floats,
        at: str,
    ) -> int:
        """Seal name and face for the customer; return the template's version, 1 for the first.

        Part of the caller's transaction. `template` is float32 [512] of unit length, from the
        model in use; `at` is ISO 8601 UTC. Raises CardRefused, EnrolmentRefused.
        """
        name = seal_name(self._keys, customer_id, holder_name)
        version = (row_of(self._store, customer_id)["version"] or 0) + 1
        binding = Binding(customer_id, version, self._embedding_id, at)
        connection.execute(
            "INSERT OR REPLACE INTO templates (customer_id, version, embedding_id, box)"
            " VALUES (?, ?, ?, ?)",
            (
                customer_id,
                version,
                self._embedding_id,
                seal_template(self._keys, template, binding),
            ),
        )
        connection.execute(
            "UPDATE customers SET name_box = ?, enrolled_at = ?, face_failures = 0"
            " WHERE customer_id = ?",
            (name, at, customer_id),
        )
        return version

    def template(self, customer_id: str) -> Embedding:
        """Return the enrolled face. Raises CardRefused when there is none, SealBroken."""
        row = row_of(self._store, customer_id)
        if row["version"] is None:
            raise CardRefused("this card has no enrolled face", ENROL_HINT)
        if row["embedding_id"] != self._embedding_id:
            raise SealBroken(
                "the template belongs to another model; enrol again",
                "The customer must enrol again; report it if nobody replaced the model.",
            )
        at = row["enrolled_at"] or ""
        binding = Binding(customer_id, row["version"], self._embedding_id, at)
        return Embedding(open_template(self._keys, row["box"], binding), self._embedding_id)

    def holder_name(self, customer_id: str) -> str:
        """Return the enrolled name. Raises CardRefused when there is none, SealBroken."""
        name = self._name(row_of(self._store, customer_id))
        if name is None:
            raise CardRefused("this card has no enrolled name", ENROL_HINT)
        return name

    def listing(self) -> list[tuple[Customer, str | None]]:
        """Return every customer with the time of enrolment, None without a face; oldest first."""
        rows = [row_of(self._store, customer_id) for customer_id in all_ids(self._store)]
        return [(customer_from(row), row["enrolled_at"]) for row in rows]

    def check_pin(self, customer_id: str, pin: str) -> bool:
        """Whether `pin` is the customer's; always False after PIN_FAILURES_MAX failures in a row.

        Raises CardRefused for an unknown customer, SealBroken.
        """
        with self._store.transaction() as connection:
            row = row_of(self._store, customer_id)
            if not row["pin_failures"] < PIN_FAILURES_MAX:
                return False
            connection.execute(
                "UPDATE customers SET pin_failures = pin_failures + 1 WHERE customer_id = ?",
                (customer_id,),
            )
        # The failure is on disk before the PIN is looked at: pulling the plug buys no more tries.
        box = row["pin_box"]
        if box is None or not is_pin(pin) or not pin_fits(self._keys, customer_id, box, pin):
            return False
        with self._store.transaction() as connection:
            connection.execute(
                "UPDATE customers SET pin_failures = 0 WHERE customer_id = ?", (customer_id,)
            )
        return True

    def note_face(self, customer_id: str, ok: bool) -> None:
        """Count one face session: a failure adds to those in a row, a success ends the row.

        Raises CardRefused for an unknown customer.
        """
        with self._store.transaction() as connection:
            before = row_of(self._store, customer_id)["face_failures"]
            connection.execute(
                "UPDATE customers SET face_failures = ? WHERE customer_id = ?",
                (0 if ok else before + 1, customer_id),
            )

    def forget(self, connection: sqlite3.Connection, customer_id: str) -> None:
        """Remove face and name; the pseudonym stays, for the ledger. In the caller's transaction.

        Raises CardRefused for an unknown customer.
        """
        row_of(self._store, customer_id)
        connection.execute("DELETE FROM templates WHERE customer_id = ?", (customer_id,))
        connection.execute(
            "UPDATE customers SET name_box = NULL, enrolled_at = NULL WHERE customer_id = ?",
            (customer_id,),
        )

    def verify_all(self) -> list[str]:
        """Return the customers of whom a sealed face, name or PIN does not open, oldest first."""
        return [customer for customer in all_ids(self._store) if not self._opens(customer)]

    def _opens(self, customer_id: str) -> bool:
        row = row_of(self._store, customer_id)
        enrolled = row["version"] is not None
        try:
            if enrolled:
                self.template(customer_id)
            if row["pin_box"] is not None:
                open_pin(self._keys, customer_id, row["pin_box"])
            return (self._name(row) is not None) == enrolled
        except SealBroken:
            return False

    def _name(self, row: sqlite3.Row) -> str | None:
        box = row["name_box"]
        return None if box is None else open_name(self._keys, row["customer_id"], box)
