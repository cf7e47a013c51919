"""Asks the deny cues about one frame. A cue may deny; that none does proves nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge_atm.records import Face, Pixels
from edge_atm.vision.contained import PIXEL_FAULTS
from edge_atm.vision.cues import device_edge
from edge_atm.vision.cues.pad_model import PadModel

# The word of the cue that denies this frame of this face, or None.
Denies = Callable[[Pixels, Face], str | None]
PAD_ERROR = "pad_error"


@dataclass(frozen=True, slots=True)
class Cue:
    """`score` of uint8 [height, width, 3] RGB and a face in it; a frame above `limit` is denied."""

    word: str
    score: Callable[[Pixels, Face], float]
    limit: float

    def of(self, pixels: Pixels, face: Face) -> float:
        """Return the score, NaN where it raised. A mistake of the program still ends it."""
        try:
            return self.score(pixels, face)
        except PIXEL_FAULTS:
            return float("nan")


# What every unit asks; docs/liveness.md says what each denied, and which did not earn its place.
SHIPPED: tuple[Cue, ...] = (Cue("device_edge", device_edge.score, device_edge.LIMIT),)


def pad_cue(model: PadModel, deny_below: float) -> Cue:
    """Return the cue that denies where `model` gives a live face less than this probability."""
    return Cue("pad_model", model.score, 1 - deny_below)


def deny_by(cues: Sequence[Cue]) -> Denies:
    """Return what asks each of `cues`, and gives the word of the first that denies.

    "pad_error" where a cue raised or gave NaN: what cannot be decided is denied.
    """

    def denies(pixels: Pixels, face: Face) -> str | None:
        words = (_word(cue.of(pixels, face), cue) for cue in cues)
        return next((word for word in words if word), None)

    return denies


def _word(score: float, cue: Cue) -> str | None:
    if score <= cue.limit:
        return None
    return cue.word if score > cue.limit else PAD_ERROR
