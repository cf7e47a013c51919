"""A card holder's name as a sealed row."""

from edge_atm.errors import EnrolmentRefused
from edge_atm.vault.envelope import seal, unseal
from edge_atm.vault.keys import Keys

NAME_LETTERS_MAX = 80


def seal_name(keys: Keys, customer_id: str, name: str) -> bytes:
    """Return the sealed name. Raises EnrolmentRefused when a screen could not show it."""
    bare = name.strip()
    # Control and direction signs would let a name rewrite the technician's list.
    if not (bare.isprintable() and 0 < len(bare) <= NAME_LETTERS_MAX):
        raise EnrolmentRefused(
            f"a holder name has 1 to {NAME_LETTERS_MAX} printable signs",
            "Type the name again, without control signs.",
        )
    return seal(_key(keys, customer_id), bare.encode("utf-8"), customer_id, "name")


def open_name(keys: Keys, customer_id: str, box: bytes) -> str:
    """Return the name. Raises SealBroken."""
    return unseal(_key(keys, customer_id), box, customer_id, "name").decode("utf-8")


def _key(keys: Keys, customer_id: str) -> bytes:
    return keys.derive("name", customer_id)
