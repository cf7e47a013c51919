"""The enrolled faces: sealed, opened for a moment, sealed anew, revoked."""

import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, fields, replace

import numpy as np

from edge_atm.errors import CardRefused, EnrolmentRefused, SealBroken, TemplateRevoked
from edge_atm.records import Embedding, Floats
from edge_atm.store import Store
from edge_atm.vault.keys import Keys
from edge_atm.vault.ring import Ring
from edge_atm.vault.rows import row_of, sealed_rows
from edge_atm.vault.templates import POLICY, Binding, open_templates, seal_templates

ENROL_HINT = "Enrol the customer with `edge-atm enrol`."
OTHER_MODEL = "The customer must enrol again; report it if nobody replaced the model."
LEAKED = (
    "Card and PIN serve this customer where the bank allows it, until the unit has another model"
    " (docs/templates.md)."
)
ENROLLED, NOW = 0, 1
# int8 costs .00003 of a cosine on average and seldom .0001: m^2 / 387,000 where the largest part is
# m standard deviations. Another face, or other axes, are far below.
SAME_MIN = 0.999


class Faces:
    """The templates of one unit. Whatever is opened is overwritten when its block ends."""

    def __init__(self, store: Store, ring: Ring, embedding_id: str) -> None:
        self._store = store
        self._ring = ring
        self._embedding_id = embedding_id

    def enrol(self, connection: sqlite3.Connection, customer_id: str, face: Floats, at: str) -> int:
        """Seal the customer's face in place of any older; return its version, 1 for the first.

        Part of the caller's transaction. `face` is float32 [512] of unit length, from the model in
        use; `at` is ISO 8601 UTC. Raises CardRefused, and EnrolmentRefused after a leak until the
        model is another one.
        """
        row = row_of(self._store, customer_id)
        if row["leaked_model"] == self._embedding_id:
            raise EnrolmentRefused("this face leaked, as this model sees it", LEAKED)
        bound = Binding(customer_id, "", row["last_version"], self._embedding_id, POLICY, at)
        return put_next(connection, self._ring.rows, np.stack([face, face])[np.newaxis], [bound])

    @contextmanager
    def opened(self, customer_id: str) -> Iterator[Embedding]:
        """Lend the enrolled face, float32 [512], which is overwritten afterwards.

        Raises CardRefused when there is none, TemplateRevoked, SealBroken.
        """
        with self.pair(customer_id) as faces:
            yield Embedding(faces[NOW], self._embedding_id)

    @contextmanager
    def pair(self, customer_id: str) -> Iterator[Floats]:
        """Lend float32 [2, 512]: the face at enrolment and as adapted since. As `opened`."""
        with self._store.verified():
            row = self._comparable(customer_id)
        faces = open_rows(self._ring.rows, [row])
        try:
            yield faces[0]
        finally:
            faces.fill(0)

    def batches(self) -> Iterator[tuple[list[str], Floats]]:
        """Lend every face of this model: pseudonyms, and float32 [up to 256, 512].

        Each batch is overwritten before the next is opened. Raises SealBroken, TemplateRevoked.
        """
        for rows in sealed_rows(self._store, self._embedding_id):
            faces = open_rows(self._ring.rows, rows)
            try:
                yield [row["customer_id"] for row in rows], faces[:, NOW]
            finally:
                faces.fill(0)

    def adapt(self, connection: sqlite3.Connection, customer_id: str, face: Floats) -> int:
        """Replace the adapted face, float32 [512]; the one at enrolment stays. Caller's commit.

        Return the new version. Raises CardRefused, TemplateRevoked, SealBroken.
        """
        row = self._comparable(customer_id)
        faces = open_rows(self._ring.rows, [row])
        faces[0, NOW] = face
        # On the same axes int8 gives the enrolled face the same steps each time; on new ones every
        # move would round it anew, and a thousand of them leave a cosine of .97.
        return put_next(connection, self._ring.rows, faces, [binding_of(row)], new_axes=False)

    def reissue(self, connection: sqlite3.Connection, customer_id: str) -> int:
        """Seal the same face under another key, rotation and id, without the customer.

        Return the new version. In the caller's commit. Raises CardRefused when there is no face,
        TemplateRevoked, SealBroken.
        """
        row = row_of(self._store, customer_id)
        return put_next(
            connection, self._ring.rows, open_rows(self._ring.rows, [row]), [binding_of(row)]
        )

    def revoke(self, connection: sqlite3.Connection, customer_id: str, leaked: bool) -> None:
        """Destroy template and escrow; from now on the face answers "revoked". Caller's commit.

        After `leaked` card and PIN serve the customer until another model's face is enrolled; so a
        face that is not here (any more, or only on another unit) can have leaked too. Raises
        CardRefused, also when there is no face and none leaked.
        """
        row = row_of(self._store, customer_id)
        if row["version"] is None and not leaked:
            raise CardRefused("this card has no enrolled face", ENROL_HINT)
        connection.execute("DELETE FROM templates WHERE customer_id = ?", (customer_id,))
        # What the bank restores from must not bring the face back.
        connection.execute("DELETE FROM escrow WHERE customer_id = ?", (customer_id,))
        seen_by = row["embedding_id"] or self._embedding_id
        why, model = ("leaked", seen_by) if leaked else ("revoked", None)
        connection.execute(
            "UPDATE customers SET revoked = ?, leaked_model = ? WHERE customer_id = ?",
            (why, model, customer_id),
        )

    def _comparable(self, customer_id: str) -> sqlite3.Row:
        row = row_of(self._store, customer_id)
        if row["version"] is not None and row["embedding_id"] != self._embedding_id:
            raise SealBroken("the template belongs to another model; enrol again", OTHER_MODEL)
        return row


def open_rows(keys: Keys, rows: Sequence[sqlite3.Row]) -> Floats:
    """Return float32 [N, 2, 512] from rows of any model, to be overwritten by the caller.

    Raises CardRefused for a row without a face, TemplateRevoked, SealBroken.
    """
    for row in rows:
        if row["revoked"] is not None:
            hint = LEAKED if row["revoked"] == "leaked" else None
            raise TemplateRevoked(f"the face of this card was {row['revoked']}", hint)
        if row["version"] is None:
            raise CardRefused("this card has no enrolled face", ENROL_HINT)
        if row["version"] < row["last_version"]:
            raise TemplateRevoked("the template is an older one than the last: it was revoked")
        if row["version"] != row["last_version"]:
            raise SealBroken("the template is newer than its customer's last one")
    return open_templates(keys, [row["box"] for row in rows], [binding_of(row) for row in rows])


def binding_of(row: sqlite3.Row) -> Binding:
    """Return what a template's row says of it."""
    return Binding(*(row[part.name] for part in fields(Binding)))


def put_next(
    connection: sqlite3.Connection,
    keys: Keys,
    faces: Floats,
    before: Sequence[Binding],
    new_axes: bool = True,
) -> int:
    """Seal N faces, float32 [N, 2, 512], each as the next version after `before`; overwrite them.

    The version gives each a key of its own, the id its axes. Return the last one's version.
    """
    bindings = [
        replace(
            bound,
            template_id=secrets.token_hex(8) if new_axes else bound.template_id,
            version=bound.version + 1,
        )
        for bound in before
    ]
    boxes = seal_templates(keys, faces, bindings)
    # Nobody stands there to notice: what was sealed anew must open as the same face, or no commit.
    opened = open_templates(keys, boxes, bindings)
    same = np.einsum("nij,nij->ni", opened, faces) >= SAME_MIN
    opened.fill(0)
    faces.fill(0)
    assert same.all(), "a face was not sealed as it is"
    connection.executemany(
        "INSERT OR REPLACE INTO templates (customer_id, template_id, version, embedding_id,"
        " policy, enrolled_at, box) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(*astuple(bound), box) for bound, box in zip(bindings, boxes, strict=True)],
    )
    connection.executemany(
        "UPDATE customers SET last_version = ?, revoked = NULL, leaked_model = NULL"
        " WHERE customer_id = ?",
        [(bound.version, bound.customer_id) for bound in bindings],
    )
    return bindings[-1].version
