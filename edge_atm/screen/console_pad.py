"""A text console as the pad: what is typed, read strictly."""

import getpass
import sys
from collections.abc import Callable
from typing import TextIO

from edge_atm.money import Wish
from edge_atm.records import Way
from edge_atm.taps import Entry

ANSWERS_MAX = 3
LOOKING = "The screen will change its colours, and you will be asked to turn your head"


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

    def way(self, pin_limit_cents: int) -> Way | None:
        """Return whether he will be looked at, or uses card number and PIN, if they are a way."""
        other = "with this card there is no other way"
        if pin_limit_cents > 0:
            other = f"p: card number and PIN instead, up to {pin_limit_cents / 100:.2f}"
        for _ in range(ANSWERS_MAX):
            try:
                typed = self._shown(f"{LOOKING} (Enter: go on; {other}): ").strip().casefold()
            except (EOFError, UnicodeDecodeError):
                return None
            if not typed:
                return Way.FACE
            if typed == "p" and pin_limit_cents > 0:
                return Way.PIN
        return None

    def pin(self) -> Entry | None:
        """Return what was typed as the terminal PIN; keys of a console tell no taps."""
        digits = _answer(lambda: self._hidden("Terminal PIN: "))
        return None if digits is None else Entry(digits)

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
