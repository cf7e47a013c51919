"""Turns picture files into samples: one face of each, through the product's own nets."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from edge_atm.assurance.cache import Cache, Sample
from edge_atm.assurance.pictures import Unusable, decoded, read_bytes
from edge_atm.models import Models
from edge_atm.records import Embedding, Face, Floats, Pixels
from edge_atm.vision.detector import Detector
from edge_atm.vision.embedder import Embedder, face_crop
from edge_atm.vision.quality import MATCHING, quality_of

# Deep-funneled LFW faces are about 94 px wide; the machine's own limit is for a nearer customer.
MIN_FACE_PX = 40
# What else the unit's gate would refuse in a data set of faces that are all too small for it.
OF_ANY_SIZE = replace(MATCHING, eye_distance_px_min=0)


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One picture file of a person, and what it gave."""

    person: str
    name: str
    sample: Sample

    @property
    def vector(self) -> Floats:
        """The uncentred embedding of its crop, float32 [512]. A face must have been found."""
        assert self.sample.vectors is not None
        vector: Floats = self.sample.vectors[0]
        return vector

    def embedding(self, embedding_id: str) -> Embedding:
        """Return its embedding with its quality, as the unit would."""
        return Embedding(self.vector, embedding_id, self.sample.weight)


class Acquisition:
    """Embeds the face nearest a picture's middle with each of several FaceNet variants.

    Nets are opened only when the cache does not know a picture.
    """

    def __init__(self, models: Models, variants: Sequence[str], cache: Cache | None) -> None:
        self._models, self._variants, self._cache = models, tuple(variants), cache

    def pictures(self, path: Path) -> dict[str, Picture]:
        """Return what one file gave each variant; all variants see the same crop."""
        person, name = path.parent.name, path.name
        return {v: Picture(person, name, sample) for v, sample in self._samples(path).items()}

    def _samples(self, path: Path) -> dict[str, Sample]:
        try:
            content = read_bytes(path)
        except Unusable as error:
            return dict.fromkeys(self._variants, Sample.lost_to(error.reason))
        digest = hashlib.sha256(content).hexdigest()
        known = {variant: self._known(variant, digest) for variant in self._variants}
        samples = {variant: sample for variant, sample in known.items() if sample is not None}
        if missing := [variant for variant in self._variants if variant not in samples]:
            fresh = self._embedded(content, missing)
            for variant, sample in fresh.items():
                if self._cache:
                    self._cache.put(variant, digest, sample)
            samples |= fresh
        return samples

    def _known(self, variant: str, picture_sha256: str) -> Sample | None:
        return self._cache.get(variant, picture_sha256) if self._cache else None

    def _embedded(self, content: bytes, variants: Sequence[str]) -> dict[str, Sample]:
        try:
            pixels = decoded(content)
            face = self._face(pixels)
            crop = face_crop(pixels, face.box)
        except Unusable as error:
            return dict.fromkeys(variants, Sample.lost_to(error.reason))
        except ValueError:
            # The box lies outside the picture, or is none.
            return dict.fromkeys(variants, Sample.lost_to("no_face"))
        crops = np.stack([crop, crop[:, ::-1]])
        quality = quality_of(pixels, face)
        # A face that nothing can be measured of has no weight, and no place in a mean.
        if not quality.weight > 0:
            return dict.fromkeys(variants, Sample.lost_to("not_in_view"))
        judged = quality.weight, quality.failing(MATCHING), quality.failing(OF_ANY_SIZE)
        return {v: Sample(self._embedders[v].embed_crops(crops), *judged) for v in variants}

    def _face(self, pixels: Pixels) -> Face:
        faces = self._detector.detect(pixels)
        if not faces:
            raise Unusable("no_face")
        middle = np.array([pixels.shape[1], pixels.shape[0]]) / 2
        # As in the LFW protocol: others in the picture stand further out.
        return min(faces, key=lambda f: float(np.linalg.norm((f.box[:2] + f.box[2:]) / 2 - middle)))

    @cached_property
    def _detector(self) -> Detector:
        return Detector(self._models, MIN_FACE_PX)

    @cached_property
    def _embedders(self) -> dict[str, Embedder]:
        return {variant: Embedder(self._models, variant) for variant in self._variants}
