"""Models optimised on this computer: how they are kept, and what holds before each load."""

import hashlib
import hmac
import json
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import onnxruntime
from onnxruntime.capi.onnxruntime_pybind11_state import Fail

from edge_atm.errors import ModelMismatch, StoreFault
from edge_atm.inference import new_session, processor
from edge_atm.store import sync_folder

FOLDER = "models"
RECORD = "record"
FORMAT = "1"
PREPARE = "Stop the service, run `edge-atm models prepare`, and start it again."
CHANGED = "It was changed: tell the bank. `edge-atm models prepare` makes the files anew."
# onnxruntime: "ORT format models", and core/session/onnxruntime_session_options_config_keys.h.
SAVE = (("session.save_model_format", "ORT"),)
LOAD = (
    ("session.load_model_format", "ORT"),
    ("session.use_memory_mapped_ort_model", "1"),
    # Weights that a kernel does not pack anew are used where they are, in the mapping.
    ("session.use_ort_model_bytes_for_initializers", "1"),
)


class Prepared:
    """The files in `folder`, and their record under a MAC of `key`.

    A file is loaded only if the record's MAC is right, its parent is the released file, version and
    processor are those it was made with, and its SHA-256 is the recorded one, read from the open
    file that is then mapped: no other can be put in between. Whoever can write as the unit's own
    user can still change that file's pages afterwards, and could as well read the key;
    systemd/edge-atm.service makes the folder read-only for the service itself. An older file may be
    put back if the same release, onnxruntime and kind of processor made it.
    """

    def __init__(self, folder: Path, key: bytes) -> None:
        self.folder = folder
        self._key = key

    def make(self, released: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, str]]:
        """Optimise each (name, checked content); yield (name, SHA-256) when it is on disk.

        All come into use at once, with the record at the end: until then, and after a power cut,
        those before are used. Raises StoreFault when the disk has no room.
        """
        files = {}
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            for name, content in released:
                parent = hashlib.sha256(content).hexdigest()
                files[name] = {"sha256": self._optimise(name, content), "parent": parent}
                yield name, files[name]["sha256"]
            sync_folder(self.folder)
            self._write_record({**_made_with(), "files": files})
            kept = {_file_name(name, file["sha256"]) for name, file in files.items()}
            for path in self.folder.glob("*.ort"):
                if path.name not in kept:
                    path.unlink()
        except (OSError, Fail) as error:
            raise StoreFault(
                f"{self.folder} cannot take the prepared models: {error}",
                "See that the disk has 50 MB of room and the folder is the unit's, then try again.",
            ) from None

    @contextmanager
    def handed_to(self, other: "Prepared") -> Iterator[None]:
        """Take the record away, and write it as `other` when the block ends well.

        `other` has another key. A power cut, or a StoreFault, which may follow the commit, costs
        speed only: the released files are opened. Raises ModelMismatch for a changed record.
        """
        record, keeper = self._record(), self
        if record:
            (self.folder / RECORD).unlink()
            sync_folder(self.folder)
        try:
            yield
            keeper = other
        except StoreFault:
            record = {}
            raise
        finally:
            if record:
                keeper._write_record(record)

    def open(self, name: str, released_sha256: str) -> onnxruntime.InferenceSession | None:
        """Return a session on the checked file, or None when there is none for this computer.

        Raises ModelMismatch when record or file are not what was made here.
        """
        record = self._record()
        if self._missing(record, name, released_sha256) is not None:
            return None
        sha256 = record["files"][name]["sha256"]
        with _opened(self.folder / _file_name(name, sha256)) as handle:
            found = _sha256(handle)
            if not hmac.compare_digest(found, sha256):
                raise ModelMismatch(f"{name}: prepared {sha256[:12]}, found {found[:12]}", CHANGED)
            return new_session(f"/proc/self/fd/{handle}", LOAD)

    def missing(self, name: str, released_sha256: str) -> str | None:
        """Return why the released file is opened instead, or None. Reads the record alone."""
        return self._missing(self._record(), name, released_sha256)

    def _missing(self, record: dict[str, Any], name: str, released_sha256: str) -> str | None:
        if not record:
            return "never prepared"
        for what, value in _made_with().items():
            if record.get(what) != value:
                return f"prepared for {what} {record.get(what)}, this is {value}"
        file = record["files"].get(name)
        if file is None or file["parent"] != released_sha256:
            return "prepared from another release"
        path = self.folder / _file_name(name, file["sha256"])
        return None if path.exists() or path.is_symlink() else f"{path.name} was removed"

    def _optimise(self, name: str, content: bytes) -> str:
        path = self.folder / f"{name}.new"
        path.unlink(missing_ok=True)
        try:
            new_session(content, SAVE, path)
            with _opened(path) as handle:
                # A file cut short does not open: it must not come into use.
                new_session(f"/proc/self/fd/{handle}", LOAD)
                sha256 = _sha256(handle)
                os.fchmod(handle, 0o400)
                os.fsync(handle)
            path.replace(self.folder / _file_name(name, sha256))
        finally:
            # What filled the disk must not keep it full: the journal needs room.
            path.unlink(missing_ok=True)
        return sha256

    def _write_record(self, record: dict[str, object]) -> None:
        body = json.dumps(record, sort_keys=True)
        path = self.folder / f"{RECORD}.new"
        path.unlink(missing_ok=True)
        with path.open("x", encoding="ascii") as file:
            file.write(f"{body}\n{self._mac(body.encode())}\n")
            file.flush()
            os.fsync(file.fileno())
        path.replace(self.folder / RECORD)
        sync_folder(self.folder)

    def _record(self) -> dict[str, Any]:
        """Return the record, empty when there is none. Nothing is parsed before its MAC held."""
        try:
            with _opened(self.folder / RECORD) as handle:
                body, _, mac = os.read(handle, 1 << 16).partition(b"\n")
        except FileNotFoundError:
            return {}
        if not hmac.compare_digest(mac, f"{self._mac(body)}\n".encode()):
            raise ModelMismatch(f"{FOLDER}/{RECORD} was not written by this unit", CHANGED)
        record: dict[str, Any] = json.loads(body)
        return record

    def _mac(self, body: bytes) -> str:
        return hmac.digest(self._key, body, "sha256").hex()


def _made_with() -> dict[str, str]:
    return {"format": FORMAT, "onnxruntime": onnxruntime.__version__, "processor": processor()}


def _file_name(name: str, sha256: str) -> str:
    # Named by content: files of an older record stay whole until the new record is in place.
    return f"{name}-{sha256[:16]}.ort"


def _sha256(handle: int) -> str:
    # Read, not mapped: a disk that fails is an error then, and no signal.
    with open(handle, "rb", buffering=0, closefd=False) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """Open a plain file for reading. Raises ModelMismatch for a link, a pipe, a folder."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ModelMismatch(f"{path.name} cannot be opened: {error.strerror}", CHANGED) from None
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise ModelMismatch(f"{path.name} is not a plain file", CHANGED)
        yield handle
    finally:
        os.close(handle)
