"""Files for outside that are there whole or not at all, wherever power fails."""

import errno
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

from edge_atm.errors import StoreFault
from edge_atm.store import sync_folder

READ_BYTES = 1 << 20
NO_ROOM = "Choose a folder that this user may write to and that has room, then try again."
WORN = "Use another medium; this one does not keep what it is given."


@contextmanager
def appearing(path: Path, force: bool = False) -> Iterator[BinaryIO]:
    """Lend a file that gets its name, `path`, when the block ends well. Raises StoreFault.

    It is readable for its owner only. A file of that name stays as it is, but for `force`.
    """
    try:
        with ExitStack() as on_failure:
            handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
            on_failure.callback(os.unlink, name)
            with os.fdopen(handle, "w+b") as file:
                yield file
                file.flush()
                os.fsync(handle)
            if path.exists() and not force:
                raise FileExistsError(errno.EEXIST, "there is such a file already")
            Path(name).replace(path)
            on_failure.pop_all()
        sync_folder(path.parent)
    except OSError as error:
        raise StoreFault(f"{path.name} cannot be written: {error.strerror}", NO_ROOM) from None


class Digested:
    """Writes to a file of `appearing`, and knows size and digest of all that was written."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self.size_bytes = 0

    @property
    def sha256(self) -> str:
        """SHA-256, in hexadecimal."""
        return self._digest.hexdigest()

    def write(self, content: bytes, /) -> int:
        """Write all of `content`; return its length. Raises OSError."""
        self._digest.update(content)
        self.size_bytes += len(content)
        return self._file.write(content)

    def read_back(self) -> None:
        """Read from the medium what was written. Raises StoreFault when it is not the same."""
        handle = self._file.fileno()
        self._file.flush()
        os.fsync(handle)
        # Without this the answer would come from memory.
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        self._file.seek(0)
        found = hashlib.sha256()
        for piece in iter(partial(self._file.read, READ_BYTES), b""):
            found.update(piece)
        if found.digest() != self._digest.digest():
            raise StoreFault("what was written reads back as something else", WORN)
