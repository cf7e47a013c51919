"""An operator's own presentation attack detection net, asked about one frame; it may only deny.

What it has to be: one input float32 [N, 3, S, S], BGR, 0 to 255, one output float32 [N, C]; so are
the MiniFASNets of Silent-Face-Anti-Spoofing as their own exporter writes them.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_atm.errors import ModelMismatch
from edge_atm.models import FOREIGN_HINT, NET_FAULTS, open_foreign
from edge_atm.records import Face, Floats, Pixels

SIDE_PX_MIN, SIDE_PX_MAX = 16, 1024
# Eight bits of a float16 net are left.
SUM_TOLERANCE = 4e-3


class PadModel:
    """`crop_scale`: boxes of the face it sees; `live_index`: its output that is the live face.

    `softmax`: its outputs are logits, else probabilities. Raises ModelMismatch.
    """

    def __init__(
        self, path: Path, sha256: str, crop_scale: float, live_index: int, softmax: bool
    ) -> None:
        self._session = open_foreign(path, sha256)
        self._scale, self._live, self._softmax = crop_scale, live_index, softmax
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        self._side_px = _side_px([(node.type, list(node.shape)) for node in inputs])
        self._input = inputs[0].name
        if len(outputs) != 1 or outputs[0].type != "tensor(float)" or len(outputs[0].shape) != 2:
            raise ModelMismatch(f"{path}: not one output float32 [N, C]", FOREIGN_HINT)

    def score(self, pixels: Pixels, face: Face) -> float:
        """Return 1 - the probability of a live face, NaN when the net does not give one.

        `pixels`: uint8 [height, width, 3] RGB, where `face` was detected.
        """
        crop = crop_of(pixels, face.box, self._scale)
        if crop is None:
            return float("nan")
        bgr = cv2.resize(crop, (self._side_px, self._side_px))[:, :, ::-1]
        batch = np.ascontiguousarray(bgr.transpose(2, 0, 1)[np.newaxis], dtype=np.float32)
        try:
            (found,) = self._session.run(None, {self._input: batch})
        except NET_FAULTS:
            return float("nan")
        return 1 - _probability(np.asarray(found, dtype=np.float64), self._live, self._softmax)


def crop_of(pixels: Pixels, box: Floats, scale: float) -> Pixels | None:
    """Return what lies in `scale` boxes about the face, moved into the picture, or None for none.

    As in Silent-Face-Anti-Spoofing, generate_patches.py: no larger than the picture allows with the
    box's aspect ratio, which resizing does not keep.
    """
    high, wide = pixels.shape[:2]
    width, height = (float(side) for side in box[2:] - box[:2])
    if not (np.isfinite(box).all() and width >= 1 and height >= 1):
        return None
    scale = min(scale, (high - 1) / height, (wide - 1) / width)
    size = np.array([width, height]) * scale
    corner = np.clip((box[:2] + box[2:]) / 2 - size / 2, 0, np.array([wide, high]) - 1 - size)
    (left, top), (right, bottom) = corner.astype(int), (corner + size).astype(int)
    crop = pixels[top : bottom + 1, left : right + 1]
    return np.asarray(crop, dtype=np.uint8) if crop.size else None


def _probability(found: NDArray[np.float64], live: int, softmax: bool) -> float:
    """Return the live face's probability of outputs [1, C]; NaN when they are not what was said.

    Outputs that are probabilities already must not pass the softmax a second time: it would draw
    all of them to the middle.
    """
    if found.ndim != 2 or len(found) != 1 or not live < found.shape[1]:
        return float("nan")
    if not np.isfinite(found).all():
        return float("nan")
    several = found.shape[1] > 1
    # The softmax of one output is 1, whatever it is.
    if softmax and not several:
        return float("nan")
    shares = bool(((found >= 0) & (found <= 1)).all())
    shares &= not several or abs(float(found.sum()) - 1) <= SUM_TOLERANCE
    if shares == softmax:
        return float("nan")
    if softmax:
        powers = np.exp(found - found.max())
        found = powers / powers.sum()
    return float(found[0, live])


def _side_px(inputs: Sequence[tuple[str, list[Any]]]) -> int:
    kinds = [kind for kind, _ in inputs]
    shape = inputs[0][1] if inputs else []
    sound = kinds == ["tensor(float)"] and len(shape) == 4 and shape[1] == 3
    if not (sound and shape[2] == shape[3] and isinstance(shape[2], int)):
        raise ModelMismatch(f"not one input float32 [N, 3, S, S]: {inputs}", FOREIGN_HINT)
    if not SIDE_PX_MIN <= shape[2] <= SIDE_PX_MAX:
        raise ModelMismatch(f"its side of {shape[2]} px is no face's", FOREIGN_HINT)
    return int(shape[2])
