"""What serving and enrolling are handed: protocols of a few methods, declared by their user."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from edge_atm.money import Payout, Wish
from edge_atm.policy.decision import Limits
from edge_atm.policy.habit import Heard
from edge_atm.records import (
    Challenge,
    Colour,
    Customer,
    Embedding,
    Face,
    Floats,
    Frame,
    Hint,
    Look,
    Way,
)
from edge_atm.taps import Entry


class Camera(Protocol):
    """Frames until it is closed; a camera that hangs raises CameraFault."""

    def frames(self) -> Iterator[Frame]: ...


class Watch(Protocol):
    """One look: is fed frames, says what the customer should do, and in the end what it saw.

    `colour`: what the screen has to be filled with from now on, None for its own picture. `erase`
    overwrites every embedding of the look, also those it has lent.
    """

    @property
    def face(self) -> Face | None: ...
    @property
    def colour(self) -> Colour | None: ...
    @property
    def done(self) -> bool: ...
    def see(self, frame: Frame) -> Hint: ...
    def look(self) -> Look: ...
    def erase(self) -> None: ...


class People(Protocol):
    """The vault's side of a customer.

    `unit_since_seconds`: how long ago the unit's nth last failure was, whatever the card; infinity
    when there were fewer.
    """

    def claim(self, card_number: str) -> Customer: ...
    def unit_since_seconds(self, way: Way, nth: int) -> float: ...
    def check_pin(self, customer_id: str, pin: str) -> bool: ...
    def note_face(self, customer_id: str, ok: bool) -> None: ...


class Faces(Protocol):
    """Lends an enrolled face for one comparison, and overwrites it afterwards."""

    def opened(self, customer_id: str) -> AbstractContextManager[Embedding]: ...


class Adaptation(Protocol):
    """Moves an enrolled face towards a proven look, within bounds; one commit, with its entry."""

    def adapt(self, customer_id: str, probe: Sequence[Embedding], mean: Floats) -> None: ...


class Habits(Protocol):
    """How customers tap their PINs: compared with what was learnt, and learnt of paid sessions."""

    @property
    def strange_limit_cents(self) -> int: ...
    def heard(self, customer_id: str, entry: Entry) -> Heard: ...
    def learn(self, customer_id: str, entries: Sequence[Entry]) -> None: ...


class Cash(Protocol):
    """The cashier."""

    def obstacle(self, customer_id: str, amount_cents: int) -> str | None: ...
    def pay(self, customer_id: str, session_id: str, wish: Wish) -> Payout: ...


class Screen(Protocol):
    """What the customer sees: a hint for each frame, and a fixed word at each step.

    A `colour` fills the whole screen, its full light upon the customer, until `guide` is told
    another one or None; whatever `tell` shows ends it too.
    """

    def guide(
        self, hint: Hint, frame: Frame, face: Face | None, colour: Colour | None = None
    ) -> None: ...
    def tell(self, word: str, **facts: object) -> None: ...


class Pad(Protocol):
    """What the customer types; None when he walks away.

    `way` is asked before any camera looks, and answering it is the act that shows intent.
    `pin_limit_cents`: what card number and PIN would pay instead, 0 where they are no way.
    """

    def card_number(self) -> str | None: ...
    def wish(self) -> Wish | None: ...
    def way(self, pin_limit_cents: int) -> Way | None: ...
    def pin(self) -> Entry | None: ...


class Journal(Protocol):
    """Where every step is written down, with pseudonyms only."""

    def record(self, event: str, **detail: object) -> None: ...


class Recorder(Protocol):
    """Keeps the frames of a look for the bank alone; `keep` is called once, when the look ended."""

    def see(self, frame: Frame) -> None: ...
    def keep(self, session_id: str, customer_id: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Machine:
    """Everything that serving a customer needs."""

    camera: Camera
    watch: Callable[[Challenge], Watch]
    people: People
    faces: Faces
    cashier: Cash
    screen: Screen
    pad: Pad
    journal: Journal
    limits: Limits
    mean_embedding: Floats
    now: Callable[[], float]
    new_nonce: Callable[[], bytes]
    new_session_id: Callable[[], str]
    recorder: Recorder | None = None
    development_key: bool = False
    # None where the bank does not let faces adapt.
    adaptation: Adaptation | None = None
    # None where the bank does not let the way a PIN is tapped count.
    habits: Habits | None = None


class Gather(Protocol):
    """Is fed frames and keeps the good ones of different pose; `fault` is a fixed word.

    `poor_frames` as in `Look`.
    """

    @property
    def face(self) -> Face | None: ...
    @property
    def done(self) -> bool: ...
    @property
    def fault(self) -> str | None: ...
    @property
    def embeddings(self) -> tuple[Embedding, ...]: ...
    @property
    def poor_frames(self) -> tuple[tuple[str, int], ...]: ...
    def see(self, frame: Frame) -> Hint: ...


class Registry(Protocol):
    """The vault's side of enrolling; one call is one commit, with its journal entry.

    `batches` lends every enrolled face, whose they are and float32 [N, 512], for one comparison.
    """

    def batches(self) -> Iterator[tuple[list[str], Floats]]: ...
    def note_alike(self, customer_id: str, others: Sequence[str], confirmed: bool) -> None: ...
    def enrol(self, customer_id: str, holder_name: str, template: Embedding) -> int: ...


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything that enrolling needs.

    `confirm`: asks a person whether to enrol though these customers' faces are alike.
    """

    camera: Camera
    gather: Callable[[], Gather]
    registry: Registry
    screen: Screen
    mean_embedding: Floats
    now: Callable[[], float]
    confirm: Callable[[Sequence[str]], bool] = lambda _: False
