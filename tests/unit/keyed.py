"""What one customer is shown and types, with each question written down."""

from collections.abc import Sequence
from dataclasses import dataclass

from edge_atm.money import Wish
from edge_atm.policy.habit import Heard
from edge_atm.records import Colour, Face, Frame, Hint, Way
from edge_atm.taps import Entry


class Keyed:
    """Pad and hints of a session; who mixes it in says what is typed, and notes the steps."""

    card: str | None
    cents: int | None
    chosen: Way | None
    pins: tuple[str, ...]
    events: list[tuple[object, ...]]

    def guide(
        self, hint: Hint, frame: Frame, face: Face | None, colour: Colour | None = None
    ) -> None:
        assert (hint, colour) == (Hint.LOOK_STRAIGHT, Colour.CYAN)

    def card_number(self) -> str | None:
        return self.card

    def wish(self) -> Wish | None:
        return None if self.cents is None else Wish(self.cents)

    def way(self, pin_limit_cents: int) -> Way | None:
        self.events.append(("way", pin_limit_cents))
        return self.chosen

    def pin(self) -> Entry | None:
        self.events.append(("pin",))
        asked = sum(event == ("pin",) for event in self.events)
        return Entry(self.pins[asked - 1]) if asked <= len(self.pins) else None


@dataclass(kw_only=True)
class Tapped:
    """What the unit makes of the entries: `heard_as` one after the other; None: no habits."""

    heard_as: tuple[Heard, ...] | None = None
    strange_limit_cents: int = 2000
    asked: int = 0

    def _step(self, *event: object) -> None:
        raise NotImplementedError

    def heard(self, customer_id: str, entry: Entry) -> Heard:
        assert self.heard_as is not None
        self._step("heard", customer_id, entry.digits)
        self.asked += 1
        return self.heard_as[self.asked - 1]

    def learn(self, customer_id: str, entries: Sequence[Entry]) -> None:
        self._step("learn", customer_id, len(entries))
