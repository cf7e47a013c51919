"""A root of keys, and where the unit's master key comes from. Neither is ever shown."""

import os
import secrets
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from edge_atm.errors import KeyFault
from edge_atm.store import DATABASE, sync_folder
from edge_atm.vault.parts import encode_parts

KEY_BYTES = 32
CREDENTIAL = "master_key"
DEVELOPMENT_FILE = "development.key"
DERIVATION = "edge-atm/1"
# systemd gives a service its credentials through an ACL, whose mask shows as group read (0440).
CREDENTIAL_MODE_REFUSED = 0o027
DEVELOPMENT_MODE_REFUSED = 0o077


@dataclass(slots=True, eq=False)
class Keys:
    """A root of 32 secret bytes. `development`: every screen and receipt has to say so."""

    _root: bytearray = field(repr=False)
    development: bool = False

    def __init__(self, root: bytes | bytearray, development: bool = False) -> None:
        """`root`: a bytearray is taken over and wiped with this object, bytes are copied."""
        assert len(root) == KEY_BYTES
        self._root = root if isinstance(root, bytearray) else bytearray(root)
        self.development = development

    @classmethod
    def new(cls) -> "Keys":
        """Return a random root."""
        return cls(secrets.token_bytes(KEY_BYTES))

    @classmethod
    def from_credentials(cls, environ: Mapping[str, str], name: str = CREDENTIAL) -> "Keys":
        """Read `name` in `$CREDENTIALS_DIRECTORY`, exactly 32 raw bytes. Raises KeyFault."""
        folder = environ.get("CREDENTIALS_DIRECTORY")
        if not folder:
            raise KeyFault("no master key: the service manager handed over no credentials")
        return cls(_read_key(Path(folder) / name, CREDENTIAL_MODE_REFUSED, KeyFault.hint))

    @classmethod
    def from_development_file(
        cls, state_dir: Path, create: bool = False, name: str = DEVELOPMENT_FILE
    ) -> "Keys":
        """Read `state_dir`'s own key, or with `create` make a random one. Raises KeyFault."""
        path = state_dir / name
        hint = f"Put {name} back; or, if nobody enrolled on this desk matters, delete {state_dir}."
        try:
            # A lost key is not replaced in silence: nothing that it sealed would open again.
            first = name == DEVELOPMENT_FILE
            lost = first and (state_dir / DATABASE).exists()
            if create and not (lost or path.exists()):
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
        return self.stream(KEY_BYTES, purpose, *context)

    def stream(self, length: int, purpose: str, *context: str) -> bytes:
        """Return `length` bytes, at most 8,160, as `derive` does."""
        # The root is uniformly random, so the extraction needs no salt (RFC 5869, 3.1).
        assert self._root, "wiped"
        info = encode_parts(DERIVATION, purpose, *context)
        return HKDF(SHA256(), length, salt=None, info=info).derive(self._root)

    def exposed(self) -> bytes:
        """Return the root itself, to be sealed into a ring; nothing else may ask for it."""
        assert self._root, "wiped"
        return bytes(self._root)

    def wipe(self) -> None:
        """Overwrite the root. Copies that Python or OpenSSL made meanwhile are out of reach."""
        self._root[:] = bytes(len(self._root))
        # A root of zeros would still derive keys, and everybody knows them.
        self._root.clear()


def _read_key(path: Path, mode_refused: int, hint: str) -> bytearray:
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


def _content_and_mode(path: Path) -> tuple[bytearray, int]:
    # What is checked is what was opened. A pipe put in the key's place must not hold the start up.
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        # Into the one buffer that is wiped in the end: `os.read` would leave a copy behind.
        content = bytearray(KEY_BYTES + 1)
        del content[os.readv(handle, [content]) :]
        return content, os.fstat(handle).st_mode
    finally:
        os.close(handle)


def _create_key(path: Path) -> None:
    # Under its own name there is a whole key or none: half of one would close the unit.
    handle, part = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(handle)
        # Unlike a renaming, it takes no other key's place.
        path.hardlink_to(part)
    finally:
        Path(part).unlink()
    # A key whose folder entry is lost in a power cut takes every row it sealed with it.
    sync_folder(path.parent)
