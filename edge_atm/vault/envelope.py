"""One envelope for every sealed row: versioned, strict, bound to its owner."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from edge_atm.errors import SealBroken
from edge_atm.vault.parts import encode_parts

MAGIC = b"edge-seal/1\n"
# AES-256-GCM's own sizes (NIST SP 800-38D): a random 96-bit nonce, a 128-bit tag.
KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16


def seal(key: bytes, plain: bytes | bytearray, *owner: str) -> bytes:
    """Encrypt `plain` so that it opens only with this 32-byte key and for this owner."""
    assert len(key) == KEY_BYTES
    nonce = os.urandom(NONCE_BYTES)
    return MAGIC + nonce + AESGCM(key).encrypt(nonce, plain, _bound(owner))


def unseal(key: bytes, sealed: bytes, *owner: str) -> bytes:
    """Return the whole plain text or raise SealBroken; there is no partial answer."""
    body = _body(key, sealed, owner)
    try:
        return AESGCM(key).decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], _bound(owner))
    except InvalidTag:
        raise _not_theirs(owner) from None


def unseal_erasable(key: bytes, sealed: bytes, *owner: str) -> bytearray:
    """Return what `unseal` does, in the only memory that holds it: whoever called overwrites it."""
    body = _body(key, sealed, owner)
    plain = bytearray(len(body) - NONCE_BYTES - TAG_BYTES)
    try:
        AESGCM(key).decrypt_into(body[:NONCE_BYTES], body[NONCE_BYTES:], _bound(owner), plain)
    except InvalidTag:
        raise _not_theirs(owner) from None
    return plain


def _body(key: bytes, sealed: bytes, owner: tuple[str, ...]) -> bytes:
    assert len(key) == KEY_BYTES
    body = sealed.removeprefix(MAGIC)
    if not (sealed.startswith(MAGIC) and len(body) >= NONCE_BYTES + TAG_BYTES):
        raise SealBroken(f"not a sealed row: {_named(owner)}")
    return body


def _not_theirs(owner: tuple[str, ...]) -> SealBroken:
    return SealBroken(f"a sealed row does not open for its owner: {_named(owner)}")


def _bound(owner: tuple[str, ...]) -> bytes:
    return MAGIC + encode_parts(*owner)


def _named(owner: tuple[str, ...]) -> str:
    # By custom the first two parts are a customer's pseudonym and the kind of row.
    return " ".join(owner[:2])
