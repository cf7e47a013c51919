"""What one customer is shown and types, with each question written down."""

from edge_atm.money import Wish
from edge_atm.records import Colour, Face, Frame, Hint, Way


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

    def pin(self) -> str | None:
        self.events.append(("pin",))
        asked = sum(event == ("pin",) for event in self.events)
        return self.pins[asked - 1] if asked <= len(self.pins) else None
