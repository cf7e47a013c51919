"""A scripted customer: does what the screen says, in front of a recorded camera."""

from dataclasses import dataclass, field

from edge_atm.money import Wish
from edge_atm.records import Colour, Face, Frame, Hint, Receipt, Way
from edge_atm.taps import Entry
from tests.rig.camera import RecordedCamera

SEGMENTS = {
    Hint.TURN_LEFT: "left",
    Hint.TURN_RIGHT: "right",
    Hint.TURN_UP: "up",
    Hint.MOVE_SLOWLY: "slow",
}


@dataclass
class Customer:
    """Screen and pad at once: sees the hints, moves the head, types what it was given."""

    camera: RecordedCamera | None
    card: str | None = None
    cents: int | None = None
    pins: list[str | Entry] = field(default_factory=list)
    hint: Hint | None = None
    told: list[str] = field(default_factory=list)
    hints: list[Hint] = field(default_factory=list)
    colours: list[Colour | None] = field(default_factory=lambda: [None])
    chosen: Way | None = Way.FACE
    receipt: Receipt | None = None
    seen: tuple[Frame, Face | None] | None = None

    def guide(
        self, hint: Hint, frame: Frame, face: Face | None, colour: Colour | None = None
    ) -> None:
        """Follow a hint when it changes; the screen's colour falls on whoever stands there."""
        self.seen = (frame, face)
        if self.camera is not None:
            self.camera.light(colour)
        if colour is not None and self.colours[-1:] != [colour]:
            self.colours.append(colour)
        if hint is self.hint:
            return
        self.hint = hint
        self.hints.append(hint)
        if self.camera is not None and hint in SEGMENTS:
            self.camera.play(SEGMENTS[hint])

    def _stand_in(self, colour: Colour | None) -> None:
        if colour is not self.colours[-1]:
            self.colours.append(colour)
            if self.camera is not None:
                self.camera.light(colour)

    def tell(self, word: str, **facts: object) -> None:
        """Remember what the screen said; it is no colour field any more."""
        self._stand_in(None)
        percent = facts.get("match_percent")
        self.told.append(word if percent is None else f"{word} {percent} %")
        receipt = facts.get("receipt")
        if isinstance(receipt, Receipt):
            self.receipt = receipt

    def card_number(self) -> str | None:
        """Type the card number."""
        return self.card

    def wish(self) -> Wish | None:
        """Type the amount."""
        return None if self.cents is None else Wish(self.cents)

    def way(self, pin_limit_cents: int) -> Way | None:
        """Choose the face, unless it was told otherwise."""
        return self.chosen

    def pin(self) -> Entry | None:
        """Type the next PIN, or walk away when there is none left; a bare one tells no taps."""
        if not self.pins:
            return None
        pin = self.pins.pop(0)
        return Entry(pin) if isinstance(pin, str) else pin


def made_up_card(seed: int) -> str:
    """Return 16 digits that pass the Luhn check and belong to no issuer (they begin with 9)."""
    body = f"9{seed:014d}"
    doubled = [int(d) * 2 if i % 2 == 0 else int(d) for i, d in enumerate(body)]
    total = sum(n - 9 if n > 9 else n for n in doubled)
    return body + str(-total % 10)
