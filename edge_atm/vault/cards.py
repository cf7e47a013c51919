"""Card numbers: checked, then kept only as a keyed hash and the last four digits."""

import hashlib
import hmac
import re

from edge_atm.errors import CardRefused
from edge_atm.vault.ring import Ring

SEPARATORS = str.maketrans("", "", " -")
# ISO/IEC 7812-1: at most 19 digits; no issuer has fewer than 12.
CARD_NUMBER = re.compile(r"[0-9]{12,19}")


def parse_card_number(text: str) -> str:
    """Return the bare digits. Raises CardRefused, which never repeats the number."""
    number = text.translate(SEPARATORS)
    if CARD_NUMBER.fullmatch(number) is None:
        raise CardRefused("a card number has 12 to 19 digits")
    if not _luhn_holds(number):
        raise CardRefused("the card number's check digit does not fit: there is a typing error")
    return number


def card_hashes(ring: Ring, number: str) -> list[bytes]:
    """Return what may find this card's row, 32 bytes each: first this unit's own, HMAC-SHA256.

    The others are of units whose customers were taken over.
    """
    # Unkeyed, the few possible numbers could all be tried against a stolen file.
    assert CARD_NUMBER.fullmatch(number) is not None
    return [hmac.digest(key, number.encode("ascii"), hashlib.sha256) for key in card_keys(ring)]


def card_keys(ring: Ring) -> tuple[bytes, ...]:
    """Return the keys of `card_hashes`, in that order."""
    return (ring.lasting.derive("card"), *ring.other_cards)


def last_four(number: str) -> str:
    """Return the part of a card number that may be shown and stored."""
    return number[-4:]


def _luhn_holds(number: str) -> bool:
    # ISO/IEC 7812-1 annex B: from the right, every second digit counts double, digits summed.
    digits = [int(digit) for digit in reversed(number)]
    doubled = [2 * digit for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(d // 10 + d % 10 for d in doubled)) % 10 == 0
