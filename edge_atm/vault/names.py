"""A card holder's name as a sealed row."""

from edge_atm.errors import EnrolmentRefused
from edge_atm.vault.envelope import seal, unseal
from edge_atm.vault.keys import Keys

NAME_LETTERS_MAX = 80
# UTF-8 has four bytes for a letter at most.
NAME_BYTES = 4 * NAME_LETTERS_MAX


def seal_name(keys: Keys, customer_id: str, name: str) -> bytes:
    """Return the sealed name. Raises EnrolmentRefused when a screen could not show it."""
    bare = name.strip()
    # Control and direction signs would let a name rewrite the technician's list.
    if not (bare.isprintable() and 0 < len(bare) <= NAME_LETTERS_MAX):
        raise EnrolmentRefused(
            f"a holder name has 1 to {NAME_LETTERS_MAX} printable signs",
            "Type the name again, without control signs.",
        )
    # All as long as the longest: a box must not tell how long the name in it is.
    plain = bare.encode("utf-8").ljust(NAME_BYTES, b"\0")
    return seal(_key(keys, customer_id), plain, customer_id, "name")


def open_name(keys: Keys, customer_id: str, box: bytes) -> str:
    """Return the name. Raises SealBroken."""
    plain = unseal(_key(keys, customer_id), box, customer_id, "name")
    return plain.rstrip(b"\0").decode("utf-8")


def reseal_name(keys: Keys, others: Keys, customer_id: str, box: bytes) -> bytes:
    """Return the same name's box under the keys of `others`. Raises SealBroken."""
    return seal_name(others, customer_id, open_name(keys, customer_id, box))


def _key(keys: Keys, customer_id: str) -> bytes:
    return keys.derive("name", customer_id)
