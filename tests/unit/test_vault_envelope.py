"""The envelope opens whole, with its key, for its owner; or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_atm.errors import SealBroken
from edge_atm.vault.envelope import MAGIC, NONCE_BYTES, TAG_BYTES, seal, unseal
from edge_atm.vault.parts import encode_parts

KEY = bytes(range(32))
PLAIN = b"a face that nobody else may wear"
OWNER = ("0123456789abcdef", "template", "3")

owners = st.lists(st.text(), max_size=4).map(tuple)


def assert_broken(sealed: bytes, *owner: str, key: bytes = KEY) -> None:
    with pytest.raises(SealBroken) as broken:
        unseal(key, sealed, *owner)
    assert PLAIN.decode() not in f"{broken.value!r}{broken.value.hint}"
    # The library's own exception must not travel along: a log would print it too.
    assert broken.value.__cause__ is None
    assert broken.value.__suppress_context__ or broken.value.__context__ is None


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=300), owners)
def test_what_was_sealed_opens(key: bytes, plain: bytes, owner: tuple[str, ...]) -> None:
    sealed = seal(key, plain, *owner)
    assert unseal(key, sealed, *owner) == plain
    assert len(sealed) == len(MAGIC) + NONCE_BYTES + len(plain) + TAG_BYTES


def test_every_flipped_bit_is_found() -> None:
    sealed = seal(KEY, PLAIN, *OWNER)
    for place in range(len(sealed)):
        for bit in range(8):
            changed = bytearray(sealed)
            changed[place] ^= 1 << bit
            assert_broken(bytes(changed), *OWNER)


def test_every_cut_is_found() -> None:
    sealed = seal(KEY, PLAIN, *OWNER)
    for size in range(len(sealed)):
        assert_broken(sealed[:size], *OWNER)
        assert_broken(sealed[size + 1 :], *OWNER)
    assert_broken(sealed + b"\0", *OWNER)


@given(st.binary(max_size=200))
def test_anything_else_is_refused(rubbish: bytes) -> None:
    assert_broken(rubbish, *OWNER)
    assert_broken(MAGIC + rubbish, *OWNER)


@given(owners, owners)
def test_another_owner_does_not_open_it(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    sealed = seal(KEY, PLAIN, *one)
    if one == other:
        assert unseal(KEY, sealed, *other) == PLAIN
    else:
        assert_broken(sealed, *other)


def test_owners_that_only_look_alike_are_others() -> None:
    sealed = seal(KEY, PLAIN, "a", "bc")
    for other in [("ab", "c"), ("abc",), ("a", "b", "c"), ("a", "bc", ""), ("bc", "a"), ()]:
        assert_broken(sealed, *other)


def test_another_key_does_not_open_it() -> None:
    assert_broken(seal(KEY, PLAIN, *OWNER), *OWNER, key=bytes(32))


def test_no_nonce_is_used_twice() -> None:
    sealed = {seal(KEY, PLAIN, *OWNER) for _ in range(1000)}
    assert len({row[len(MAGIC) :][:NONCE_BYTES] for row in sealed}) == 1000


@pytest.mark.parametrize("size", [0, 16, 24, 31, 33])
def test_a_weaker_key_is_our_mistake(size: int) -> None:
    with pytest.raises(AssertionError):
        seal(bytes(size), PLAIN, *OWNER)
    with pytest.raises(AssertionError):
        unseal(bytes(size), seal(KEY, PLAIN, *OWNER), *OWNER)


@given(owners, owners)
def test_no_two_lists_are_spelled_alike(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert (encode_parts(*one) == encode_parts(*other)) == (one == other)
