"""Faces as sealed rows: rotated by a secret each, in int8, bound to all that they belong to."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge_atm.errors import SealBroken
from edge_atm.records import Floats
from edge_atm.vault import rotation
from edge_atm.vault.envelope import seal, unseal
from edge_atm.vault.keys import Keys
from edge_atm.vault.rotation import SIGN_BYTES, SIZE

# What a template was made by: five or more frames of enrolment quality, fused; rotated, int8.
POLICY = "fused-5/rotated-int8/1"
# float32 rounding of 512 squares stays below 1e-4; a vector that was never normalised does not.
UNIT_TOLERANCE = 1e-3
PARTS = 2


@dataclass(frozen=True, slots=True)
class Binding:
    """All that a template's row says of it in the open; a change of any of it breaks the seal."""

    customer_id: str
    template_id: str
    version: int
    embedding_id: str
    policy: str
    enrolled_at: str

    @property
    def owner(self) -> tuple[str, ...]:
        """The parts that the envelope authenticates."""
        return (
            self.customer_id,
            "template",
            self.template_id,
            str(self.version),
            self.embedding_id,
            self.policy,
            self.enrolled_at,
        )


def seal_template(keys: Keys, faces: Floats, binding: Binding) -> bytes:
    """Return the sealed row of `faces`, float32 [2, 512] of unit length: at enrolment, and now."""
    return seal_templates(keys, np.expand_dims(faces, 0), [binding])[0]


def open_template(keys: Keys, box: bytes, binding: Binding) -> Floats:
    """Return float32 [2, 512] of unit length: the face at enrolment, and now. Raises SealBroken."""
    return np.asarray(open_templates(keys, [box], [binding])[0])


def seal_templates(keys: Keys, faces: Floats, bindings: Sequence[Binding]) -> list[bytes]:
    """Return N sealed rows of `faces`, float32 [N, 2, 512], as `seal_template` does one."""
    assert faces.dtype == np.float32
    assert faces.shape == (len(bindings), PARTS, SIZE)
    assert _are_unit(faces).all()
    turned = rotation.to_int8(rotation.rotate(faces.reshape(-1, SIZE), _signs(keys, bindings)))
    plain = turned.reshape(len(bindings), PARTS * SIZE)
    return [
        seal(_key(keys, binding), row.tobytes(), *binding.owner)
        for binding, row in zip(bindings, plain, strict=True)
    ]


def open_templates(keys: Keys, boxes: Sequence[bytes], bindings: Sequence[Binding]) -> Floats:
    """Return float32 [N, 2, 512] from N sealed rows. Raises SealBroken if one does not open.

    The one returned is the only array that ever held the faces as they are: all before it is
    behind secret signs. Whoever called overwrites it.
    """
    plain = np.empty((len(boxes), PARTS * SIZE), np.int8)
    for row, box, binding in zip(plain, boxes, bindings, strict=True):
        row[:] = _opened(keys, box, binding)
    turned = rotation.from_int8(plain.reshape(-1, SIZE))
    faces = rotation.rotate_back(turned, _signs(keys, bindings)).reshape(-1, PARTS, SIZE)
    for binding in np.array(bindings, dtype=object)[~_are_unit(faces)]:
        faces.fill(0)
        raise _no_face(binding)
    return faces


def _opened(
    keys: Keys, box: bytes, binding: Binding
) -> "np.ndarray[tuple[int], np.dtype[np.int8]]":
    plain = unseal(_key(keys, binding), box, *binding.owner)
    if len(plain) != PARTS * SIZE:
        raise _no_face(binding)
    return np.frombuffer(plain, np.int8)


def _no_face(binding: Binding) -> SealBroken:
    return SealBroken(f"what was sealed is not a face template: {binding.customer_id}")


def _signs(keys: Keys, bindings: Sequence[Binding]) -> Floats:
    """Return float32 [2 N, 3, 512]: both faces of a row are turned alike."""
    secrets = [
        keys.stream(SIGN_BYTES, "template rotation", b.customer_id, b.template_id) for b in bindings
    ]
    return np.repeat(rotation.signs_from(b"".join(secrets)), PARTS, axis=0)


def _key(keys: Keys, binding: Binding) -> bytes:
    return keys.derive("template", *binding.owner[:4])


def _are_unit(faces: Floats) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    # In float64 even the largest float32 squares without overflow, and NaN stays NaN.
    squared = np.einsum("nij,nij->ni", faces, faces, dtype=np.float64)
    return np.asarray((np.abs(np.sqrt(squared) - 1.0) < UNIT_TOLERANCE).all(axis=1))
