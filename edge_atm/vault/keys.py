"""The unit's master key: where it comes from, and the keys derived from it. It is never shown."""

import hmac
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from edge_atm.errors import KeyFault
from edge_atm.store import DATABASE, Store, sync_folder
from edge_atm.vault.parts import encode_parts

KEY_BYTES = 32
CREDENTIAL = "master_key"
DEVELOPMENT_FILE = "development.key"
DERIVATION = "edge-atm/1"
# systemd gives a service its credentials through an ACL, whose mask shows as group read (0440).
CREDENTIAL_MODE_REFUSED = 0o027
DEVELOPMENT_MODE_REFUSED = 0o077


@dataclass(frozen=True, slots=True, eq=False)
class Keys:
    """The master key, 32 bytes. `development`: every screen and receipt has to say so."""

    _master: bytes = field(repr=False)
    development: bool = False

    def __post_init__(self) -> None:
        assert len(self._master) == KEY_BYTES

    @classmethod
    def from_credentials(cls, environ: Mapping[str, str]) -> "Keys":
        """Read `$CREDENTIALS_DIRECTORY/master_key`, exactly 32 raw bytes. Raises KeyFault."""
        folder = environ.get("CREDENTIALS_DIRECTORY")
        if not folder:
            raise KeyFault("no master key: the service manager handed over no credentials")
        return cls(_read_key(Path(folder) / CREDENTIAL, CREDENTIAL_MODE_REFUSED, KeyFault.hint))

    @classmethod
    def from_development_file(cls, state_dir: Path, create: bool = False) -> "Keys":
        """Read `state_dir`'s own key, or with `create` make a random one. Raises KeyFault."""
        path = state_dir / DEVELOPMENT_FILE
        hint = f"If nobody enrolled on this desk matters, delete {path}: a new one will be made."
        try:
            # A lost key is not replaced in silence: nothing that it sealed would open again.
            if create and not (state_dir / DATABASE).exists():
                _create_key(path)
        except FileExistsError:
            pass
        except OSError as error:
            raise KeyFault(
                f"{path.name} cannot be made: {error.strerror}",
                f"Make {state_dir} writable for this user, and see that its disk has room.",
            ) from None
        return cls(_read_key(path, DEVELOPMENT_MODE_REFUSED, hint), development=True)

    def derive(self, purpose: str, *context: str) -> bytes:
        """Return 32 bytes for exactly this purpose and context: HKDF-SHA256 (RFC 5869)."""
        # The master key is uniformly random, so the extraction needs no salt (RFC 5869, 3.1).
        info = encode_parts(DERIVATION, purpose, *context)
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(self._master)


def bind(keys: Keys, store: Store, new: bool) -> None:
    """Mark a new database as this key's own; raise KeyFault for one that another key made."""
    check = keys.derive("key-check")
    rows = store.rows("SELECT key_check FROM vault")
    if new and not rows:
        with store.transaction() as connection:
            connection.execute("INSERT INTO vault VALUES (1, ?)", (check,))
    elif not (rows and hmac.compare_digest(rows[0]["key_check"], check)):
        raise KeyFault(
            f"{store.path.name} was made with another master key",
            "Use the key that made this database; without it nobody can open what it holds.",
        )


def _read_key(path: Path, mode_refused: int, hint: str) -> bytes:
    try:
        content, mode = _content_and_mode(path)
    except OSError as error:
        raise KeyFault(f"{path.name} cannot be read: {error.strerror}", hint) from None
    if not stat.S_ISREG(mode):
        raise KeyFault(f"{path.name} is not a plain file", hint)
    if mode & mode_refused:
        raise KeyFault(
            f"{path.name} is open to other users (mode {stat.S_IMODE(mode):04o})",
            f"Others may know this key: run `chmod 0400 {path}` only if they cannot; "
            "else make a new key and enrol the customers again.",
        )
    if len(content) != KEY_BYTES:
        raise KeyFault(f"{path.name} is not exactly {KEY_BYTES} raw bytes", hint)
    return content


def _content_and_mode(path: Path) -> tuple[bytes, int]:
    # What is checked is what was opened. A pipe put in the key's place must not hold the start up.
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return os.read(handle, KEY_BYTES + 1), os.fstat(handle).st_mode
    finally:
        os.close(handle)


def _create_key(path: Path) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(path, flags, 0o600)
    try:
        written = os.write(handle, secrets.token_bytes(KEY_BYTES))
        os.fsync(handle)
    finally:
        os.close(handle)
    assert written == KEY_BYTES
    # A key whose folder entry is lost in a power cut takes every row it sealed with it.
    sync_folder(path.parent)
