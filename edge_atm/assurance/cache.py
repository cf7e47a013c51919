"""Keeps what pictures gave, so that a second measurement takes seconds.

Embeddings are biometric data: nobody else may read the folder.
How to delete it stands in docs/trials.md.
"""

import hashlib
import json
import os
import platform
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Self

import cv2
import numpy as np
import onnxruntime

from edge_atm.models import Models
from edge_atm.records import Floats

NETS = ("pnet", "rnet", "onet")
# Whatever decides a sample: a changed byte of these makes every entry unknown.
SOURCES = (
    "assurance/acquisition.py", "assurance/cache.py", "assurance/pictures.py", "inference.py",
    "models.py", "prepared.py", "vision/boxes.py", "vision/detector.py", "vision/embedder.py",
    "vision/pose.py", "vision/pyramid.py", "vision/quality.py",
)  # fmt: skip
DIGEST_BYTES = 32
VECTORS = (2, 512)


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """What one picture gave.

    `vectors`: float32 [2, 512], unit embeddings of the crop and of its mirror image, or None when
    no face was acquired; then `lost` is the word why. `weight` is the quality in 0..1. `failing` is
    the quality component for which the unit would have refused the face, `failing_else` the one for
    which it would if the face were large enough.
    """

    vectors: Floats | None
    weight: float = 0.0
    failing: str | None = None
    failing_else: str | None = None
    lost: str | None = None

    @classmethod
    def lost_to(cls, reason: str) -> Self:
        """Return the sample of a picture that gave none."""
        return cls(None, lost=reason)

    def to_bytes(self) -> bytes:
        """Return digest, one line of JSON and the raw vectors."""
        words = {
            "weight": self.weight,
            "failing": self.failing,
            "failing_else": self.failing_else,
            "lost": self.lost,
        }
        raw = b"" if self.vectors is None else self.vectors.astype("<f4").tobytes()
        body = json.dumps(words).encode() + b"\n" + raw
        return hashlib.sha256(body).digest() + body

    @classmethod
    def from_bytes(cls, content: bytes) -> Self | None:
        """Return the sample whose bytes these are, None when they are damaged."""
        digest, body = content[:DIGEST_BYTES], content[DIGEST_BYTES:]
        if hashlib.sha256(body).digest() != digest:
            return None
        line, _, raw = body.partition(b"\n")
        vectors = np.frombuffer(raw, "<f4").reshape(VECTORS).astype(np.float32) if raw else None
        return cls(vectors, **json.loads(line))


class Cache:
    """Samples by FaceNet variant and SHA-256 of the picture, under everything that decides them."""

    def __init__(self, models: Models, folder: Path | None = None) -> None:
        """Use `folder`, else the user's cache folder. Raises OSError when it cannot be made."""
        self.folder = folder or _user_folder()
        self._keys = models, dict[str, Path]()

    def get(self, variant: str, picture_sha256: str) -> Sample | None:
        """Return what is known, None when nothing is or when it is damaged."""
        try:
            content = (self._place(variant) / picture_sha256).read_bytes()
        except OSError:
            return None
        return Sample.from_bytes(content)

    def put(self, variant: str, picture_sha256: str, sample: Sample) -> None:
        """Write one entry whole or not at all. Raises OSError."""
        place = self._place(variant)
        # Made by mkstemp, so nobody else can read it.
        handle, part = tempfile.mkstemp(dir=place, prefix=".")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(sample.to_bytes())
            Path(part).replace(place / picture_sha256)
        except OSError:
            with suppress(OSError):
                Path(part).unlink()
            raise

    def _place(self, variant: str) -> Path:
        models, places = self._keys
        if variant not in places:
            place = self.folder / decided_by(models, variant)
            for folder in (self.folder, place):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                folder.chmod(0o700)
            places[variant] = place
        return places[variant]


def decided_by(models: Models, variant: str) -> str:
    """Return the digest of all that decides a sample but the picture: nets, code, libraries."""
    nets = {name: models.manifest["models"][name]["sha256"] for name in (*NETS, variant)}
    code = {
        name: hashlib.sha256(resources.files("edge_atm").joinpath(name).read_bytes()).hexdigest()
        for name in SOURCES
    }
    # Kernels differ between releases and kinds of processor, those of int8 not only in last bits.
    beside = [onnxruntime.__version__, cv2.__version__, np.__version__, platform.machine()]
    simd = np.show_config(mode="dicts")["SIMD Extensions"]
    parts = json.dumps([models.embedding_id, variant, nets, code, beside, simd], sort_keys=True)
    return hashlib.sha256(parts.encode()).hexdigest()


def _user_folder() -> Path:
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # A relative one is to be ignored (XDG Base Directory Specification).
    return (named if named.is_absolute() else Path.home() / ".cache") / "edge-atm" / "trials"
