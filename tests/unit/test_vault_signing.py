"""The unit's signature: one key for each unit, and no byte of what was signed may change."""

from hypothesis import given
from hypothesis import strategies as st

from edge_atm.vault.keys import Keys
from edge_atm.vault.signing import is_signed, public_key, sign

KEYS, OTHER = Keys(bytes(range(32))), Keys(bytes(32))
PUBLIC = "373d69b96f277e4cf2c3cf2ef51614f61aaea40b6fb70c3ed2141e794ca784f1"


def test_the_public_key_never_changes() -> None:
    """The bank noted it: another derivation would make every unit a stranger."""
    assert public_key(KEYS).hex() == PUBLIC
    assert public_key(OTHER) != public_key(KEYS)
    assert len(public_key(KEYS)) == 32


@given(st.binary(max_size=200))
def test_what_was_signed_is_signed(message: bytes) -> None:
    signature = sign(KEYS, message)
    assert signature == sign(KEYS, message)
    assert is_signed(message, signature, public_key(KEYS))
    assert not is_signed(message + b"\0", signature, public_key(KEYS))
    assert not is_signed(message, signature, public_key(OTHER))


@given(st.binary(max_size=70))
def test_no_other_bytes_are_a_signature(signature: bytes) -> None:
    assert not is_signed(b"message", signature, public_key(KEYS))


def test_every_changed_bit_of_a_signature_is_seen() -> None:
    signature = int.from_bytes(sign(KEYS, b"message"), "big")
    for bit in range(512):
        changed = (signature ^ (1 << bit)).to_bytes(64, "big")
        assert not is_signed(b"message", changed, public_key(KEYS))


def test_bytes_that_are_no_key_sign_nothing() -> None:
    for public in (bytes(32), b"\xff" * 32):
        assert not is_signed(b"message", sign(KEYS, b"message"), public)


def test_the_secret_is_derived_for_this_purpose_alone() -> None:
    for purpose in ("journal", "card", "name", "template"):
        assert KEYS.derive(purpose) != KEYS.derive("journal signature")
