"""Opens a model only if its bytes, inputs and outputs are the ones that were released."""

import hashlib
import io
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from edge_atm.errors import ModelMismatch
from edge_atm.records import Floats

PACKAGE = Path(__file__).resolve().parent
# A wheel carries the models inside the package; a checkout has them beside it.
FOLDERS = (PACKAGE / "models_onnx", PACKAGE.parent / "models_onnx")
ELEMENT_TYPES = {"tensor(float)": "float32", "tensor(uint8)": "uint8"}


class Models:
    """The released models of one folder, as its manifest.toml describes them."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or next((f for f in FOLDERS if f.is_dir()), FOLDERS[0])

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

    @property
    def shipped(self) -> list[str]:
        """Names of the models that every installation holds."""
        return [name for name, m in self._entry("models").items() if m.get("committed", True)]

    def open(self, name: str) -> onnxruntime.InferenceSession:
        """Return a session of one intra-op thread on the checked bytes, never on the path again."""
        entry = self._entry("models", name)
        model = self._read_pinned(entry)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        for kind, found in (("inputs", session.get_inputs()), ("outputs", session.get_outputs())):
            shapes = {a.name: [ELEMENT_TYPES.get(a.type, a.type), *a.shape] for a in found}
            if shapes != entry[kind]:
                raise ModelMismatch(f"{entry['file']}: {kind} {shapes}, released {entry[kind]}")
        return session

    def mean_embedding(self) -> Floats:
        """Return float32 [512], the mean of many people's unit embeddings."""
        raw = self._read_pinned(self._entry("mean_embedding"))
        mean = np.load(io.BytesIO(raw), allow_pickle=False)
        if mean.shape != (512,) or mean.dtype != np.float32 or not np.isfinite(mean).all():
            raise ModelMismatch("mean_embedding is not 512 finite float32")
        return np.asarray(mean, dtype=np.float32)

    def _read_pinned(self, entry: dict[str, Any]) -> bytes:
        # What is too large to release is built by `make export` for comparisons only.
        folder = self.folder if entry.get("committed", True) else self.folder.parent / "build"
        path = folder / str(entry["file"])
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ModelMismatch(f"{path.name} cannot be read: {error.strerror}") from None
        found = hashlib.sha256(content).hexdigest()
        if found != entry["sha256"]:
            raise ModelMismatch(f"{path.name}: released {entry['sha256'][:12]}, found {found[:12]}")
        return content
