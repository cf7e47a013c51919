"""A text console as the screen: for a desk, a technician, and a unit without a panel yet."""

import math
from typing import TextIO

from edge_atm.records import Colour, Face, Frame, Hint, Receipt, Verdict

HINTS = {
    Hint.LOOK_STRAIGHT: "Look straight into the camera.",
    Hint.TURN_LEFT: "Turn your head to your LEFT.",
    Hint.TURN_RIGHT: "Turn your head to your RIGHT.",
    Hint.TURN_UP: "Lift your chin: look UP.",
    Hint.MOVE_SLOWLY: "Move your head slowly, a little to all sides.",
    Hint.STEP_INTO_VIEW: "Step in front of the camera.",
    Hint.HEAD_UPRIGHT: "Hold your head upright.",
    Hint.COME_CLOSER: "Come closer.",
    Hint.ONE_PERSON_ONLY: "One person only, please.",
    Hint.MORE_LIGHT: "It is too dark: turn towards the light.",
    Hint.LESS_LIGHT: "It is too bright: turn away from the light.",
    Hint.EVEN_LIGHT: "The light comes from one side: face it.",
    Hint.HOLD_STILL: "Hold still.",
    Hint.DONE: "Thank you.",
}

WORDS = {
    "out_of_service": "Out of service. Missing notes are settled by the bank from the journal.",
    "wrong_pin": "That PIN is wrong.",
    "pin_again": "Please type the PIN once more.",
}

REASONS = {
    "walked_away": "ended by the customer",
    "card_refused": "the card was not accepted",
    "not_enrolled": "no face is enrolled for this card",
    "face_locked": "too many failed looks for this card: ask the bank",
    "face_waiting": "too many failed looks for this card, so the next one has to wait",
    "looks_closed": "too many failed looks at this machine, so it looks at nobody for a while",
    "face_revoked": "the enrolled face is not valid any more: ask the bank to enrol it again",
    "above_card_pin_limit": "above the limit for card number and PIN without a look",
    "no_pin": "this needs a terminal PIN, and the card has none",
    "pin_locked": "too many wrong PINs for this card: ask the bank",
    "pin_waiting": "too many wrong PINs for this card, so the next one has to wait",
    "pins_closed": "too many wrong PINs at this machine, so it takes none for a while",
    "amount_out_of_range": "the amount is outside what one withdrawal may be",
    "insufficient_funds": "the account does not cover the amount",
    "not_dispensable": "the notes in the unit do not make this amount",
    "dispenser_closed": "the dispenser is closed until a technician has counted",
    "not_acquired": "no picture was good enough: do as the screen says, and try again",
    "not_live": "this was no living head that did what it was asked: wait for each request",
    "no_match": "the face does not match the card",
    "wrong_pin": "the PIN was wrong",
    "above_strange_limit": "above what is paid when a PIN is typed unlike before",
    "nothing_dispensed": "the dispenser gave no notes; the account is not debited",
    "partly_dispensed": "the dispenser gave fewer notes; only these are debited",
    "matched_live": "face matched",
    "matched_live_pin": "face and PIN matched",
    "card_pin": "card number and PIN",
}

# ECMA-48 (SGR, ED, CUP) with the 24-bit colours of ISO 8613-6.
NORMAL, CLEAR = "\x1b[0m", "\x1b[2J\x1b[H"
DARK = "No terminal: this screen cannot light a face, and a face that is not lit is not paid."


class ConsoleScreen:
    """Prints a line when something changes, not one for each frame."""

    def __init__(self, currency: str, development: bool, out: TextIO) -> None:
        self._currency = currency
        self._mark = "  [DEVELOPMENT KEY: not a protected unit]" if development else ""
        self._out = out
        self._hint: Hint | None = None
        self._colour: Colour | None = None
        self._dark_said = False

    def guide(
        self, hint: Hint, frame: Frame, face: Face | None, colour: Colour | None = None
    ) -> None:
        """Say what the customer should do, once, and fill the terminal with `colour`."""
        if self._fill(colour) or hint is not self._hint:
            self._hint = hint
            self._say(f"  {HINTS[hint]}")

    def tell(self, word: str, **facts: object) -> None:
        """Say one step's word in the customer's language."""
        self._fill(None)
        match word:
            case "matched":
                self._say(f"  match {facts['match_percent']} %")
            case "authorised":
                percent = facts["match_percent"]
                match_words = "" if percent is None else f"match {percent} %, "
                self._say(f"  {match_words}authorised. Counting notes ...")
            case "card_refused":
                self._say(f"  {facts['why']}")
            case "card_pin_instead":
                why = REASONS[str(facts["why"])]
                self._say(f"  Not by face: {why}. Card number and PIN pay this.")
            case "wait":
                self._say(f"  Try again in {_lasting(facts['wait_seconds'])}.")
            case "lower_limit":
                limit_cents = facts["limit_cents"]
                assert isinstance(limit_cents, int)
                self._say(f"  Up to {limit_cents / 100:.2f} {self._currency} can be paid now.")
            case "receipt":
                receipt = facts["receipt"]
                assert isinstance(receipt, Receipt)
                self._say(self._receipt(receipt))
            case _:
                self._say(f"  {WORDS[word]}")

    def _fill(self, colour: Colour | None) -> bool:
        """Whether the terminal was cleared for another colour."""
        if colour is self._colour:
            return False
        self._colour = colour
        if not self._out.isatty():
            if not self._dark_said:
                self._dark_said = True
                self._say(f"  {DARK}")
            return False
        print(NORMAL if colour is None else _filled(colour), end=CLEAR, file=self._out, flush=True)
        return True

    def _receipt(self, receipt: Receipt) -> str:
        paid = f"Paid: {receipt.paid_cents / 100:.2f} {self._currency}"
        head = paid if receipt.verdict is Verdict.PAY else "Refused"
        card = f", card ending {receipt.card_last4}" if receipt.card_last4 else ""
        return f"  {head} - {REASONS[receipt.reason]}{card}."

    def _say(self, line: str) -> None:
        # Here, so that no line of any screen can go without it.
        print(f"{line}{self._mark}", file=self._out, flush=True)


def _lasting(seconds: object) -> str:
    assert isinstance(seconds, float)
    # Rounded up: whoever comes back then is not sent away again.
    whole = math.ceil(seconds)
    return f"{whole} s" if whole < 120 else f"{math.ceil(whole / 60)} minutes"


def _filled(colour: Colour) -> str:
    red, green, blue = (round(255 * part) for part in colour.value)
    # Black is seen on all of them but blue.
    text = 37 if green + red == 0 else 30
    return f"\x1b[{text};48;2;{red};{green};{blue}m"
