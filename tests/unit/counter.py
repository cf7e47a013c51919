"""All parts of one session at once, none of them real; they write down what was asked of them."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np

from edge_atm.atm import serve
from edge_atm.errors import CardRefused
from edge_atm.machine import Machine
from edge_atm.money import NO_NOTES, Payout, State, Wish
from edge_atm.policy.calibration import SCORE_MIN
from edge_atm.records import (
    Challenge,
    Colour,
    Customer,
    Embedding,
    Face,
    Floats,
    Frame,
    Hint,
    Liveness,
    Look,
    Receipt,
    Way,
)
from tests.unit.keyed import Keyed, Tapped
from tests.unit.test_policy import Bank, embedding

CARD, PIN = "9000000000000019", "4711"
NONCE = bytes(range(0xAA, 0xBA))  # in hex nothing that looks like a card number
KNOWN = Customer("c1", CARD[-4:], True, True, 0, 0)
LIVE = Liveness(0.9, 0.8, 0.5, 0.5, 0.5, 0.9, None)
# More frames than any deadline lets through.
FRAMES = 1000


def like(cosine: float) -> Embedding:
    """Return a face with this cosine to the enrolled one."""
    return embedding(cosine, float(np.sqrt(1.0 - cosine**2)))


BANK = Bank()
ENROLLED = embedding(1.0)
SAME = (like(SCORE_MIN + 0.1),) * 5


@dataclass
class Counter(Keyed, Tapped):
    """A session in which the right customer does everything right, but for what a test changes.

    `broken`: the step's name and what it raises. `events`: every step in order.
    """

    customer: Customer = KNOWN
    card: str | None = CARD
    cents: int | None = 5000
    chosen: Way | None = Way.FACE
    pins: tuple[str, ...] = (PIN,)
    liveness: Liveness = LIVE
    probe: tuple[Embedding, ...] = SAME
    poor_frames: tuple[tuple[str, int], ...] = ()
    enrolled: Embedding = ENROLLED
    standing_against: str | None = None
    lately: dict[Way, float] = field(default_factory=dict)
    presented_cents: int | None = None
    bank: Bank = BANK
    adapts: bool = True
    done_after: int = 3
    broken: dict[str, BaseException] = field(default_factory=dict)
    events: list[tuple[object, ...]] = field(default_factory=list)
    facts: dict[str, dict[str, object]] = field(default_factory=dict)
    journal: list[dict[str, object]] = field(default_factory=list)
    clock: float = 0.0
    seen: int = 0
    samples: tuple[Embedding, ...] = ()

    def serve(self) -> Receipt:
        """Serve the customer through the product's own flow."""
        mean = np.zeros(512, dtype=np.float32)
        return serve(
            Machine(
                self, self._asked, self, self, self, self, self, self,
                self.bank, mean, self._tick, lambda: NONCE, lambda: "s1",
                adaptation=self if self.adapts else None, habits=self if self.heard_as else None,
            )
        )  # fmt: skip

    @property
    def receipt(self) -> Receipt:
        """The receipt that the screen was told."""
        receipt = self.facts["receipt"]["receipt"]
        assert isinstance(receipt, Receipt)
        return receipt

    def named(self, step: str) -> list[tuple[object, ...]]:
        """Return what was asked of one step."""
        return [event[1:] for event in self.events if event[0] == step]

    def order(self, *wanted: tuple[object, ...]) -> list[tuple[object, ...]]:
        """Return the wanted events in the order in which they came."""
        return [event for event in self.events if event in wanted]

    def _step(self, *event: object) -> None:
        self.events.append(event)
        for name in (str(event[0]), " ".join(map(str, event[:2]))):
            if name in self.broken:
                raise self.broken[name]

    def _tick(self) -> float:
        self.clock += 1.0
        return self.clock

    def _asked(self, challenge: Challenge) -> "Counter":
        self._step("watch", challenge)
        return self

    # The camera and the watch.

    def frames(self) -> Iterator[Frame]:
        for number in range(FRAMES):
            self._step("camera")
            yield Frame(np.zeros((1, 1, 3), np.uint8), float(number), number)

    @property
    def face(self) -> Face | None:
        return None

    @property
    def colour(self) -> Colour | None:
        return Colour.CYAN

    @property
    def done(self) -> bool:
        return self.seen >= self.done_after

    def see(self, frame: Frame) -> Hint:
        self.seen += 1
        return Hint.LOOK_STRAIGHT

    def look(self) -> Look:
        whole = self.liveness if self.done else replace(self.liveness, fault="not_finished")
        # The session overwrites what it was given.
        self.samples = tuple(replace(e, vector=e.vector.copy()) for e in self.probe)
        return Look(whole, self.samples, self.seen, self.poor_frames)

    def erase(self) -> None:
        self._step("erase")
        for sample in self.samples:
            sample.vector.fill(0)

    # The vault and the cashier.

    def claim(self, card_number: str) -> Customer:
        self._step("claim")
        if card_number != CARD:
            raise CardRefused("this card is not known here")
        return self.customer

    def unit_since_seconds(self, way: Way, nth: int) -> float:
        self._step("lately", way, nth)
        return self.lately.get(way, math.inf)

    @contextmanager
    def opened(self, customer_id: str) -> Iterator[Embedding]:
        self._step("template", customer_id)
        yield self.enrolled

    def adapt(self, customer_id: str, probe: Sequence[Embedding], mean: Floats) -> None:
        # What it is handed must not have been overwritten yet.
        assert [e.vector.tolist() for e in probe] == [e.vector.tolist() for e in self.probe]
        self._step("adapt", customer_id)

    def check_pin(self, customer_id: str, pin: str) -> bool:
        self._step("check_pin", pin)
        return pin == PIN

    def note_face(self, customer_id: str, ok: bool) -> None:
        self._step("note_face", ok)

    def obstacle(self, customer_id: str, amount_cents: int) -> str | None:
        self._step("obstacle", amount_cents)
        return self.standing_against

    def pay(self, customer_id: str, session_id: str, wish: Wish) -> Payout:
        self._step("pay", customer_id, session_id, wish.amount_cents)
        counted = wish.amount_cents if self.presented_cents is None else self.presented_cents
        return Payout("p1", customer_id, State.SETTLED, wish.amount_cents, counted, NO_NOTES)

    # The screen and the journal.

    def tell(self, word: str, **facts: object) -> None:
        self._step("tell", word)
        self.facts[word] = facts

    def record(self, event: str, **detail: object) -> None:
        self._step("journal", event)
        self.journal.append({"event": event, **detail})
