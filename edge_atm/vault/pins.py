"""The terminal PIN: peppered with a vault key, stretched, and sealed to its customer."""

import hashlib
import hmac
import os
import re

from edge_atm.vault.envelope import seal, unseal
from edge_atm.vault.keys import Keys
from edge_atm.vault.ring import Ring

PIN = re.compile(r"[0-9]{4,6}")
SALT_BYTES = 16
# RFC 7914's advice for r and p; n is the scrypt paper's figure for an interactive login (16 MiB).
# OWASP's list asks p = 5 at this n, but no cost saves six digits: the pepper, not n, keeps them.
SCRYPT_N = 2**14
SCRYPT_R = 8
SCRYPT_P = 1


def is_pin(text: str) -> bool:
    """Whether `text` is 4 to 6 ASCII digits."""
    return PIN.fullmatch(text) is not None


def seal_pin(ring: Ring, customer_id: str, pin: str) -> bytes:
    """Return the sealed salt and stretched PIN; it opens for this customer only."""
    assert is_pin(pin)
    salt = os.urandom(SALT_BYTES)
    return _sealed(ring.rows, customer_id, salt + _stretched(ring.lasting, customer_id, salt, pin))


def open_pin(keys: Keys, customer_id: str, box: bytes) -> tuple[bytes, bytes]:
    """Return the salt and the stretched PIN. `keys` are the ring's rows. Raises SealBroken."""
    plain = unseal(keys.derive("pin", customer_id), box, customer_id, "pin")
    return plain[:SALT_BYTES], plain[SALT_BYTES:]


def reseal_pin(keys: Keys, others: Keys, customer_id: str, box: bytes) -> bytes:
    """Return the same PIN's box under the keys of `others`. Raises SealBroken."""
    return _sealed(others, customer_id, b"".join(open_pin(keys, customer_id, box)))


def pin_fits(ring: Ring, customer_id: str, box: bytes, pin: str) -> bool:
    """Whether `pin` is the sealed one, in constant time. Raises SealBroken."""
    salt, expected = open_pin(ring.rows, customer_id, box)
    return hmac.compare_digest(_stretched(ring.lasting, customer_id, salt, pin), expected)


def _sealed(keys: Keys, customer_id: str, plain: bytes) -> bytes:
    return seal(keys.derive("pin", customer_id), plain, customer_id, "pin")


def _stretched(keys: Keys, customer_id: str, salt: bytes, pin: str) -> bytes:
    pepper = keys.derive("pin pepper", customer_id)
    peppered = hmac.new(pepper, pin.encode("ascii"), hashlib.sha256).digest()
    return hashlib.scrypt(peppered, salt=salt, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P, dklen=32)
