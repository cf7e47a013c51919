"""One face as a sealed row, bound to its customer, version, model space and day of enrolment."""

from dataclasses import dataclass

import numpy as np

from edge_atm.errors import SealBroken
from edge_atm.records import Floats
from edge_atm.vault.envelope import seal, unseal
from edge_atm.vault.keys import Keys

TEMPLATE_SIZE = 512
# float32 rounding of 512 squares stays below 1e-4; a vector that was never normalised does not.
UNIT_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class Binding:
    """All that a template's row says of it in the open; a change of any of it breaks the seal."""

    customer_id: str
    version: int
    embedding_id: str
    enrolled_at: str

    @property
    def owner(self) -> tuple[str, ...]:
        """The parts that the envelope authenticates."""
        # The day is kept in another table: an older row put back whole does not open either.
        return (
            self.customer_id,
            "template",
            str(self.version),
            self.embedding_id,
            self.enrolled_at,
        )


def seal_template(keys: Keys, vector: Floats, binding: Binding) -> bytes:
    """Return the sealed row of `vector`, float32 [512] of unit length."""
    assert vector.dtype == np.float32
    assert _is_template(vector)
    return seal(_key(keys, binding), vector.astype("<f4").tobytes(), *binding.owner)


def open_template(keys: Keys, box: bytes, binding: Binding) -> Floats:
    """Return float32 [512] of unit length. Raises SealBroken."""
    plain = unseal(_key(keys, binding), box, *binding.owner)
    whole = len(plain) == TEMPLATE_SIZE * 4
    vector = np.frombuffer(plain, "<f4").astype(np.float32) if whole else np.zeros(0, np.float32)
    if not _is_template(vector):
        raise SealBroken(f"what was sealed is not a face template: {binding.customer_id}")
    return vector


def _key(keys: Keys, binding: Binding) -> bytes:
    return keys.derive("template", binding.customer_id)


def _is_template(vector: Floats) -> bool:
    if vector.shape != (TEMPLATE_SIZE,) or not np.isfinite(vector).all():
        return False
    # In float64 even the largest float32 squares without overflow.
    length = float(np.linalg.norm(vector.astype(np.float64)))
    return abs(length - 1.0) < UNIT_TOLERANCE
