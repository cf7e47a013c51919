"""The unit's own keys, kept in the database under the master key, so that both can be renewed."""

from dataclasses import dataclass, field, replace

from edge_atm.errors import KeyFault, SealBroken
from edge_atm.store import Store
from edge_atm.vault.envelope import seal, unseal
from edge_atm.vault.keys import KEY_BYTES, Keys

OWNER = ("unit", "ring")
OTHER_KEY = "Use the key that made this database; without it nobody can open what it holds."


@dataclass(frozen=True, slots=True, eq=False)
class Ring:
    """Every root of the unit.

    `master` comes from outside and seals this ring. `lasting` is for what cannot be made anew
    without every customer or the bank: cards' hashes, PINs' pepper, journal, signature. `rows` is
    for what is sealed in rows: templates, names, PIN boxes; it is renewed with `rotate-keys`.
    `other_cards`: card hash keys of units whose customers were taken over.
    """

    master: Keys
    lasting: Keys
    rows: Keys
    other_cards: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def development(self) -> bool:
        """Whether the master key protects nothing."""
        return self.master.development

    def renewed(self, master: Keys | None = None) -> "Ring":
        """Return a ring with new `rows`, and with another master key where one is given."""
        return replace(self, rows=Keys.new(), master=master or self.master)

    def wipe(self) -> None:
        """Overwrite every root."""
        for keys in (self.master, self.lasting, self.rows):
            keys.wipe()


def new_ring(master: Keys) -> Ring:
    """Return a ring of random roots."""
    return Ring(master, Keys.new(), Keys.new())


def seal_ring(ring: Ring) -> bytes:
    """Return what the database keeps: it opens with the master key only."""
    return seal(ring.master.derive("ring"), exposed(ring), *OWNER)


def open_ring(master: Keys, sealed: bytes) -> Ring:
    """Return the ring. Raises SealBroken for another master key or a changed ring."""
    return ring_from(master, unseal(master.derive("ring"), sealed, *OWNER))


def exposed(ring: Ring) -> bytes:
    """Return every root but the master, to be sealed at once: to the unit, or to the bank."""
    return ring.lasting.exposed() + ring.rows.exposed() + b"".join(ring.other_cards)


def ring_from(master: Keys, plain: bytes) -> Ring:
    """Return the ring of what `exposed` gave, under a master key."""
    roots = [plain[at : at + KEY_BYTES] for at in range(0, len(plain), KEY_BYTES)]
    return Ring(master, Keys(roots[0]), Keys(roots[1]), tuple(roots[2:]))


def ring_of(store: Store, master: Keys, new: bool) -> Ring:
    """Return the database's ring; a `new` one gets its own. Raises KeyFault for another key's."""
    rows = store.rows("SELECT ring FROM vault")
    if new and not rows:
        ring = new_ring(master)
        with store.transaction() as connection:
            connection.execute("INSERT INTO vault (id, ring) VALUES (1, ?)", (seal_ring(ring),))
        return ring
    try:
        return open_ring(master, rows[0]["ring"] if rows else b"")
    except SealBroken:
        raise KeyFault(f"{store.path.name} was made with another master key", OTHER_KEY) from None
