"""Opens a model only if its bytes, inputs and outputs are the ones that were released."""

import hashlib
import io
import tomllib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as faults

from edge_atm.errors import ModelMismatch
from edge_atm.inference import new_session
from edge_atm.prepared import Prepared
from edge_atm.records import Floats

PACKAGE = Path(__file__).resolve().parent
# A wheel carries the models inside the package; a checkout has them beside it.
FOLDERS = (PACKAGE / "models_onnx", PACKAGE.parent / "models_onnx")
# What the unit runs, whatever a manifest leaves out.
REQUIRED = ("pnet", "rnet", "onet", "facenet_int8")
Session: TypeAlias = onnxruntime.InferenceSession
ELEMENT_TYPES = {"tensor(float)": "float32", "tensor(uint8)": "uint8"}

# What onnxruntime raises for a net that is none, or that fails on its input.
NET_FAULTS = (
    faults.Fail, faults.InvalidArgument, faults.InvalidGraph, faults.InvalidProtobuf,
    faults.NoModel, faults.NoSuchFile, faults.NotImplemented, faults.RuntimeException,
)  # fmt: skip
FOREIGN_HINT = "Correct [pad_model] of the configuration file, or take it out."


class Models:
    """The released models of one folder, as its manifest.toml describes them.

    `prepared`: what this computer made of them at provisioning, which opens quicker.
    """

    def __init__(self, folder: Path | None = None, prepared: Prepared | None = None) -> None:
        self.folder = folder or next((f for f in FOLDERS if f.is_dir()), FOLDERS[0])
        self._prepared = prepared

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The manifest as written. Raises ModelMismatch when it cannot be read."""
        path = self.folder / "manifest.toml"
        try:
            return tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ModelMismatch(f"{path.name} cannot be read: {error}") from None

    def _entry(self, *keys: str) -> Any:
        entry: Any = self.manifest
        for key in keys:
            if not (isinstance(entry, dict) and key in entry):
                raise ModelMismatch(f"manifest.toml does not name {'.'.join(keys)}")
            entry = entry[key]
        return entry

    @property
    def embedding_id(self) -> str:
        """What templates are bound to: the digest of the fp32 weights and the preprocessing."""
        return str(self._entry("embedding_id"))

    def open(self, name: str) -> Session:
        """Return a session of one intra-op thread on checked bytes, never on a path again.

        The prepared file where there is one for this computer and this release; else the released
        one. Raises ModelMismatch for either that is not what it was.
        """
        session = self._prepared and self._prepared.open(name, self.released_sha256(name))
        session = session or new_session(self._read_pinned("models", name))
        for kind, found in (("inputs", session.get_inputs()), ("outputs", session.get_outputs())):
            shapes = {a.name: [ELEMENT_TYPES.get(a.type, a.type), *a.shape] for a in found}
            released = self._entry("models", name, kind)
            if shapes != released:
                raise ModelMismatch(f"{name}: {kind} {shapes}, released {released}")
        return session

    def released_sha256(self, name: str) -> str:
        """Return the digest that the manifest gives `name`. Raises ModelMismatch without one."""
        return str(self._entry("models", name, "sha256"))

    def origin(self, name: str) -> tuple[str, str]:
        """Return what `name` was trained on, and under which licence."""
        data, licence = (self._entry("models", name, key) for key in ("training_data", "licence"))
        return str(data), str(licence)

    def calibration(self, name: str) -> tuple[float, float]:
        """Return offset and slope of the line from a net's log ratios to calibrated log10 ones.

        Raises ModelMismatch where they are no finite numbers.
        """
        line = [self._entry("models", name, "calibration", key) for key in ("offset", "slope")]
        if not all(isinstance(value, float) and np.isfinite(value) for value in line):
            raise ModelMismatch(f"{name}: manifest.toml gives no calibration in numbers")
        return line[0], line[1]

    def unprepared(self) -> str | None:
        """Return why released files are opened instead of prepared ones, or None if none is.

        Raises ModelMismatch when the record of the prepared files was changed.
        """
        if self._prepared is None:
            return "never prepared"
        for name in REQUIRED:
            why = self._prepared.missing(name, self.released_sha256(name))
            if why is not None:
                return why
        return None

    def prepare(self) -> Iterator[tuple[str, str]]:
        """Optimise each released file for this computer; yield its name and the new SHA-256.

        They come into use when the last was yielded. Raises StoreFault, ModelMismatch.
        """
        assert self._prepared is not None
        yield from self._prepared.make(
            (name, self._read_pinned("models", name)) for name in REQUIRED
        )

    def mean_embedding(self) -> Floats:
        """Return float32 [512], the mean of many people's unit embeddings."""
        raw = self._read_pinned("mean_embedding")
        mean = np.load(io.BytesIO(raw), allow_pickle=False)
        if mean.shape != (512,) or mean.dtype != np.float32 or not np.isfinite(mean).all():
            raise ModelMismatch("mean_embedding is not 512 finite float32")
        return np.asarray(mean, dtype=np.float32)

    def _read_pinned(self, *keys: str) -> bytes:
        file, released = str(self._entry(*keys, "file")), str(self._entry(*keys, "sha256"))
        # Only the comparison model is too large to release: `make export` builds it.
        built = not self._entry(*keys).get("committed", True)
        folder = self.folder.parent / "build" if built else self.folder
        hint = "Run `make export` in a checkout first." if built else None
        if Path(file).name != file:
            raise ModelMismatch(f"manifest.toml names {file!r}, which is no plain file name")
        try:
            content = (folder / file).read_bytes()
        except OSError as error:
            raise ModelMismatch(f"{file} cannot be read: {error.strerror}", hint) from None
        found = hashlib.sha256(content).hexdigest()
        if found != released:
            raise ModelMismatch(f"{file}: released {released[:12]}, found {found[:12]}")
        return content


def open_foreign(path: Path, sha256: str) -> Session:
    """Return a session on an operator's own net, on bytes read once whose digest is `sha256`.

    Raises ModelMismatch, also when they are no net or its weights lie in other files.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelMismatch(f"{path} cannot be read: {error.strerror}", FOREIGN_HINT) from None
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ModelMismatch(f"{path}: wanted {sha256[:12]}, found {found[:12]}", FOREIGN_HINT)
    try:
        return new_session(content)
    except NET_FAULTS as error:
        why = str(error).strip().split("\n")[0]
        raise ModelMismatch(f"{path} is no net that can run: {why}", FOREIGN_HINT) from None
