"""The nouns that rooms hand to each other: frozen, without behaviour that touches the world."""

import enum
import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture. `pixels` is uint8 [height, width, 3] RGB; `at_seconds` is monotonic."""

    pixels: Pixels
    at_seconds: float
    number: int


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One detected face.

    `box`, float32 [4]: left, top, right, bottom in px. `landmarks`, float32 [5, 2] in px: eye,
    eye, nose tip, mouth corner, mouth corner, from left to right as they appear in the picture.
    `confidence`: the last net's probability, 0..1.
    """

    box: Floats
    landmarks: Floats
    confidence: float


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """A face as float32 [512] of unit length, not centred, and the model space it belongs to.

    `quality`: this frame's weight in a mean of several, above 0 and up to 1.
    """

    vector: Floats
    embedding_id: str
    quality: float = 1.0


@enum.unique
class Turn(enum.Enum):
    """Where the head is turned, as the customer sees it: LEFT is the picture's right edge."""

    LEFT = "left"
    RIGHT = "right"
    UP = "up"


@enum.unique
class Colour(enum.Enum):
    """A field on the unit's screen: red, green, blue. No red: WCAG 2.2, 2.3.1; docs/liveness.md."""

    BLACK = (0.0, 0.0, 0.0)
    BLUE = (0.0, 0.0, 1.0)
    GREEN = (0.0, 1.0, 0.0)
    CYAN = (0.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Challenge:
    """What one look asks for: turns, each after its delay, and the screen's fields before them."""

    turns: tuple[Turn, ...]
    delays_seconds: tuple[float, ...]
    fields: tuple[Colour, ...]


@enum.unique
class Hint(enum.Enum):
    """What the customer should do now. Screens translate the word."""

    LOOK_STRAIGHT = "look_straight"
    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    TURN_UP = "turn_up"
    MOVE_SLOWLY = "move_slowly"
    STEP_INTO_VIEW = "step_into_view"
    HEAD_UPRIGHT = "head_upright"
    COME_CLOSER = "come_closer"
    ONE_PERSON_ONLY = "one_person_only"
    MORE_LIGHT = "more_light"
    LESS_LIGHT = "less_light"
    EVEN_LIGHT = "even_light"
    HOLD_STILL = "hold_still"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Liveness:
    """What the challenge showed, in eye distances; NaN is what cannot be known.

    `turn_range`: the nose's way sideways. `nose_residual`: how far it left the plane of eyes and
    mouth; `nose_depth`: that by the angle, in ways from the eyes to the mouth; `midline`: how far,
    their middle line. `light_gain`: how much more skin than room answered the screen; `light_fit`:
    how well. `fault`: what ended it.
    """

    turn_range: float
    nose_residual: float
    nose_depth: float
    midline: float
    light_gain: float
    light_fit: float
    fault: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """All that one look into the camera gave: liveness, and matching frames of the same track.

    `poor_frames`: each component of quality that refused pictures and how many, most first.
    """

    liveness: Liveness
    embeddings: tuple[Embedding, ...]
    frames_seen: int
    poor_frames: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """A look's clip: an AVI file's pieces, to be read once; its first and last time, ISO 8601."""

    content: Iterable[bytes]
    frames: int
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Match:
    """How well a look fits: cosine of centred means, calibrated log10 LR, Pr under the prior."""

    customer_id: str
    score: float
    llr_log10: float
    posterior: float
    frames: int


@enum.unique
class Verdict(enum.Enum):
    PAY = "pay"
    ASK_PIN = "ask_pin"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict and the fixed word that says why."""

    verdict: Verdict
    reason: str


@enum.unique
class Way(enum.Enum):
    FACE = "face"
    PIN = "pin"


@dataclass(frozen=True, slots=True)
class Customer:
    """Who a card number belongs to; failures in a row, and since the last (NaN: nobody knows).

    `revoked`: None, or why the enrolled face is not valid any more: "revoked" or "leaked".
    """

    customer_id: str
    card_last4: str
    enrolled: bool
    has_pin: bool
    pin_failures: int
    face_failures: int
    pin_since_seconds: float = math.inf
    face_since_seconds: float = math.inf
    revoked: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the customer is told at the end; what shows it has to tell of a `development_key`."""

    session_id: str
    verdict: Verdict
    reason: str
    match_percent: int | None
    paid_cents: int
    card_last4: str
    development_key: bool = False
