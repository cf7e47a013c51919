"""A text console as screen and pad: for a desk, a technician, and a unit without a panel yet."""

import getpass
import sys
from collections.abc import Callable
from typing import TextIO

from edge_atm.money import Wish
from edge_atm.records import Face, Frame, Hint, Receipt, Verdict

ANSWERS_MAX = 3

HINTS = {
    Hint.LOOK_STRAIGHT: "Look straight into the camera.",
    Hint.TURN_LEFT: "Turn your head to your LEFT.",
    Hint.TURN_RIGHT: "Turn your head to your RIGHT.",
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
}

REASONS = {
    "walked_away": "ended by the customer",
    "card_refused": "the card was not accepted",
    "not_enrolled": "no face is enrolled for this card",
    "face_locked": "too many failed looks: ask the bank",
    "face_revoked": (
        "the enrolled face is not valid any more: ask the bank to enrol it again; until then card"
        " number and PIN pay what the bank allows, which is less than this or nothing"
    ),
    "no_pin": "above the limit for the face alone, and the card has no terminal PIN",
    "pin_locked": "too many wrong PINs: ask the bank",
    "amount_out_of_range": "the amount is outside what one withdrawal may be",
    "insufficient_funds": "the account does not cover the amount",
    "not_dispensable": "the notes in the unit do not make this amount",
    "dispenser_closed": "the dispenser is closed until a technician has counted",
    "not_acquired": "no picture was good enough: do as the screen says, and try again",
    "not_live": "the head turn did not show a living head",
    "no_match": "the face does not match the card",
    "wrong_pin": "the PIN was wrong",
    "nothing_dispensed": "the dispenser gave no notes; the account is not debited",
    "partly_dispensed": "the dispenser gave fewer notes; only these are debited",
    "matched_live": "face matched",
    "matched_live_pin": "face and PIN matched",
    "card_pin": "card number and PIN; ask the bank to enrol the face again",
}


class ConsoleScreen:
    """Prints a line when something changes, not one for each frame."""

    def __init__(self, currency: str, development: bool, out: TextIO) -> None:
        self._currency = currency
        self._mark = "  [DEVELOPMENT KEY: not a protected unit]" if development else ""
        self._out = out
        self._hint: Hint | None = None

    def guide(self, hint: Hint, frame: Frame, face: Face | None) -> None:
        """Say what the customer should do, once."""
        if hint is not self._hint:
            self._hint = hint
            self._say(f"  {HINTS[hint]}")

    def tell(self, word: str, **facts: object) -> None:
        """Say one step's word in the customer's language."""
        match word:
            case "matched":
                self._say(f"  match {facts['match_percent']} %")
            case "authorised":
                percent = facts["match_percent"]
                match_words = "" if percent is None else f"match {percent} %, "
                self._say(f"  {match_words}authorised. Counting notes ...")
            case "card_refused":
                self._say(f"  {facts['why']}")
            case "receipt":
                receipt = facts["receipt"]
                assert isinstance(receipt, Receipt)
                self._say(self._receipt(receipt))
            case _:
                self._say(f"  {WORDS[word]}")

    def _receipt(self, receipt: Receipt) -> str:
        paid = f"Paid: {receipt.paid_cents / 100:.2f} {self._currency}"
        head = paid if receipt.verdict is Verdict.PAY else "Refused"
        card = f", card ending {receipt.card_last4}" if receipt.card_last4 else ""
        return f"  {head} - {REASONS[receipt.reason]}{card}."

    def _say(self, line: str) -> None:
        # Here, so that no line of any screen can go without it.
        print(f"{line}{self._mark}", file=self._out, flush=True)


class ConsolePad:
    """Asks on the console. An empty line or the end of input is a customer who walked away."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def card_number(self) -> str | None:
        """Return what was typed as a card number."""
        # Not echoed: the number on a screen is a number in a photograph.
        return _answer(lambda: self._hidden("Card number: "))

    def wish(self) -> Wish | None:
        """Return an amount and its wish; three answers that are no amount end the session."""
        for _ in range(ANSWERS_MAX):
            text = _answer(lambda: self._shown("Amount (50, or 50 s for small notes): "))
            if text is None:
                return None
            small = text.casefold().endswith("s")
            cents = parse_cents(text[:-1] if small else text)
            if cents is not None:
                return Wish(cents, small)
            print(
                "  Type an amount such as 50 or 50.00, or 50 s for small notes.",
                file=self._out,
                flush=True,
            )
        return None

    def pin(self) -> str | None:
        """Return what was typed as the terminal PIN."""
        return _answer(lambda: self._hidden("Terminal PIN: "))

    def _hidden(self, prompt: str) -> str:
        # A program started without standard input has None there.
        tty = sys.stdin is not None and sys.stdin.isatty()
        return getpass.getpass(prompt) if tty else self._shown(prompt)

    def _shown(self, prompt: str) -> str:
        print(prompt, end="", file=self._out, flush=True)
        line = sys.stdin.readline() if sys.stdin is not None else ""
        if not line:
            raise EOFError
        return line


def parse_cents(text: str) -> int | None:
    """Return `50`, `50.0`, `50.00` or `50,00` as whole cents, None for anything else."""
    whole, dot, part = text.strip().replace(",", ".").partition(".")
    if not (whole.isascii() and whole.isdigit() and len(whole) <= 7):
        return None
    if dot and not (part.isascii() and part.isdigit() and len(part) <= 2):
        return None
    return int(whole) * 100 + int(part.ljust(2, "0") or 0)


def _answer(ask: Callable[[], str]) -> str | None:
    try:
        return ask().strip() or None
    except (EOFError, UnicodeDecodeError):
        return None
