"""Sealing to the bank: every key opens it, no other does, and what fails is said."""

import io
from collections.abc import Iterator

import pyrage
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_atm.errors import ConfigError, SealBroken, StoreFault
from edge_atm.vault.age import (
    BEGINNING,
    Pieces,
    check_public_keys,
    open_with,
    seal_to,
    stream_to,
)

BANK, AUDITOR, STRANGER = (pyrage.x25519.Identity.generate() for _ in range(3))
KEYS = tuple(str(identity.to_public()) for identity in (BANK, AUDITOR))
# Three chunks of the age format, and not the same one three times.
PLAIN = bytes(range(256)) * 600


def streamed(*pieces: bytes) -> bytes:
    target = io.BytesIO()
    stream_to(KEYS, Pieces(pieces), target)
    return target.getvalue()


def mistyped(key: str) -> str:
    return key[:-1] + ("q" if key[-1] != "q" else "p")


@pytest.mark.parametrize("sealed", [seal_to(KEYS, PLAIN), streamed(PLAIN[:70_000], PLAIN[70_000:])])
def test_each_of_the_banks_keys_opens_it_and_no_other(sealed: bytes) -> None:
    assert sealed.startswith(BEGINNING)
    for identity in (BANK, AUDITOR):
        assert pyrage.decrypt(sealed, [identity]) == open_with(str(identity), sealed) == PLAIN
    with pytest.raises(SealBroken):
        open_with(str(STRANGER), sealed)


@pytest.mark.parametrize("place", [0, 30, 400, 1000, 70_000, -1])
def test_a_flipped_bit_opens_for_nobody(place: int) -> None:
    sealed = bytearray(seal_to(KEYS, PLAIN))
    sealed[place] ^= 1
    with pytest.raises(SealBroken):
        open_with(str(BANK), bytes(sealed))


@given(st.lists(st.binary(max_size=40)), st.integers(1, 50))
def test_pieces_come_out_as_they_went_in(pieces: list[bytes], size: int) -> None:
    source, found = Pieces(pieces), []
    while part := source.read(size):
        assert len(part) <= size
        found.append(part)
    assert b"".join(found) == b"".join(pieces)


def test_pieces_are_asked_for_one_at_a_time() -> None:
    given_out = []

    def coming() -> Iterator[bytes]:
        for number in range(3):
            given_out.append(number)
            yield bytes(10)

    source = Pieces(coming())
    assert (source.read(4), given_out) == (bytes(4), [0])
    assert (source.read(9), given_out) == (bytes(6), [0])
    assert (source.read(9), given_out) == (bytes(9), [0, 1])


@pytest.mark.parametrize("keys", [(), (mistyped(KEYS[0]),), (KEYS[0], "age1x"), ("",)])
def test_nothing_is_sealed_to_nobody_or_to_a_mistyped_key(keys: tuple[str, ...]) -> None:
    target = io.BytesIO()
    for attempt in (
        lambda: check_public_keys(keys),
        lambda: seal_to(keys, PLAIN),
        lambda: stream_to(keys, Pieces([PLAIN]), target),
    ):
        with pytest.raises(ConfigError) as refused:
            attempt()
        assert "public_keys" in refused.value.hint
    assert target.getvalue() == b""


class Full(io.BytesIO):
    def write(self, sealed: object, /) -> int:
        raise OSError(28, "No space left on device")


def broken() -> Iterator[bytes]:
    yield PLAIN
    raise ValueError("the source is gone")


def test_what_source_and_target_raise_is_a_fault_of_the_store() -> None:
    with pytest.raises(StoreFault, match="No space left"):
        stream_to(KEYS, Pieces([PLAIN]), Full())
    with pytest.raises(StoreFault, match="the source is gone"):
        stream_to(KEYS, Pieces(broken()), io.BytesIO())
