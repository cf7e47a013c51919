"""The unit's signature: what it says outside can be checked by whoever knows its public key."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from edge_atm.vault.keys import Keys

# RFC 8032.
PUBLIC_KEY_BYTES = 32


def public_key(keys: Keys) -> bytes:
    """Return the 32 bytes that the bank notes when it provisions the unit."""
    return _private(keys).public_key().public_bytes_raw()


def sign(keys: Keys, message: bytes) -> bytes:
    """Return the Ed25519 signature of `message`, 64 bytes; the same message gives the same."""
    return _private(keys).sign(message)


def is_signed(message: bytes, signature: bytes, public: bytes) -> bool:
    """Whether the holder of `public`'s private half signed exactly `message`."""
    assert len(public) == PUBLIC_KEY_BYTES
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _private(keys: Keys) -> Ed25519PrivateKey:
    # Derived, not stored: the unit keeps one secret, and a restored unit signs as before.
    return Ed25519PrivateKey.from_private_bytes(keys.derive("journal signature"))
