"""Sealing to the bank in the age format: the unit can write these files and never read them."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from edge_atm.errors import ConfigError, SealBroken, StoreFault

# Where the age format says who may read what follows, https://age-encryption.org/v1.
BEGINNING = b"age-encryption.org/v1\n"
WRONG_KEY = (
    "Correct `public_keys` under [bank]: age1 and 58 more signs, as `age-keygen` prints them."
)
NO_KEY = "Name the bank's keys as `public_keys` under [bank] of the configuration file."
NOT_FOR_US = "it was not sealed to this unit's receiving key, or is damaged or cut off"
GIVE_KEY = (
    "Give the bank the key that `edge-atm receive-key` prints; it seals the file to that key anew."
)
NOT_WRITTEN = "Free space on the disk (or change the medium), then try again."


class Source(Protocol):
    """What `stream_to` reads: at most `size` bytes, nothing at the end."""

    def read(self, size: int, /) -> bytes: ...


class Target(Protocol):
    """What `stream_to` writes to: takes all of `sealed`, and returns how much that is."""

    def write(self, sealed: bytes, /) -> int: ...


class Pieces:
    """A source that gives one piece after the other, and holds no more than one."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._coming = iter(pieces)
        self._piece = memoryview(b"")

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes of the piece at hand, else of the next that is not empty."""
        while not self._piece:
            piece = next(self._coming, None)
            if piece is None:
                return b""
            self._piece = memoryview(piece)
        given, self._piece = self._piece[:size], self._piece[size:]
        return bytes(given)


def check_public_keys(public_keys: Sequence[str]) -> None:
    """Raise ConfigError for a text that is not an age public key, such as a mistyped one."""
    _recipients(public_keys)


def seal_to(public_keys: Sequence[str], plain: bytes) -> bytes:
    """Return one age file that each of the keys' owners can open. Raises ConfigError."""
    import pyrage

    return bytes(pyrage.encrypt(plain, _recipients(public_keys)))


def stream_to(public_keys: Sequence[str], source: Source, target: Target) -> None:
    """Read `source` to its end and write it to `target` as an age file.

    64 KiB are in memory at a time, and no plain byte reaches `target`. Raises ConfigError, and
    StoreFault for whatever `source` or `target` raised: half a file has been written then.
    """
    import pyrage

    try:
        pyrage.encrypt_io(source, target, _recipients(public_keys))
    except pyrage.EncryptError as error:
        # All that is left of an exception raised in there is its text.
        raise StoreFault(f"sealing for the bank failed: {error}", NOT_WRITTEN) from None


def new_identity() -> str:
    """Return a random private half, as `age-keygen` prints it."""
    from pyrage import x25519

    return str(x25519.Identity.generate())


def public_half(identity: str) -> str:
    """Return what others seal to: age1..."""
    from pyrage import x25519

    return str(x25519.Identity.from_str(identity).to_public())


def open_with(identity: str, sealed: bytes) -> bytes:
    """Return what was sealed to this unit's own receiving key. Raises SealBroken."""
    import pyrage

    try:
        return bytes(pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(identity)]))
    except pyrage.DecryptError:
        raise SealBroken(NOT_FOR_US, GIVE_KEY) from None


def stream_from(identity: str, source: Source, target: Target) -> None:
    """Open an age file piece by piece into `target`. Raises SealBroken, OSError.

    A first part may have been written before a later one proves to be damaged.
    """
    import pyrage

    try:
        pyrage.decrypt_io(source, target, [pyrage.x25519.Identity.from_str(identity)])
    except pyrage.DecryptError:
        raise SealBroken(NOT_FOR_US, GIVE_KEY) from None
    except OSError as error:
        # A damaged part is an OSError too, without a number of the system's.
        if error.errno is not None:
            raise
        raise SealBroken(NOT_FOR_US, GIVE_KEY) from None


def _recipients(public_keys: Sequence[str]) -> list[Any]:
    from pyrage import RecipientError, x25519

    if not public_keys:
        # Sealed to nobody it would be lost for everybody.
        raise ConfigError("there is no public key of the bank to seal to", NO_KEY)
    recipients = []
    for key in public_keys:
        try:
            recipients.append(x25519.Recipient.from_str(key))
        except RecipientError:
            raise ConfigError(f"{key[:12]}... is not an age public key", WRONG_KEY) from None
    return recipients
