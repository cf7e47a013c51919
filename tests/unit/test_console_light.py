"""The console as a light: it fills the terminal with a field, and only a terminal."""

import io

import numpy as np
import pytest

from edge_atm.records import Colour, Frame, Hint
from edge_atm.screen.console import CLEAR, DARK, HINTS, NORMAL, ConsoleScreen

FRAME = Frame(np.zeros((1, 1, 3), np.uint8), 0.0, 0)
STRAIGHT = f"  {HINTS[Hint.LOOK_STRAIGHT]}\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def show(screen: ConsoleScreen, *colours: Colour | None) -> None:
    for colour in colours:
        screen.guide(Hint.LOOK_STRAIGHT, FRAME, None, colour)


@pytest.mark.parametrize(
    ("colour", "codes"),
    [
        (Colour.BLUE, "37;48;2;0;0;255"),
        (Colour.GREEN, "30;48;2;0;255;0"),
        (Colour.BLACK, "37;48;2;0;0;0"),
    ],
)
def test_a_field_fills_the_terminal_once_until_the_next_one(colour: Colour, codes: str) -> None:
    out = Terminal()
    screen = ConsoleScreen("EUR", False, out)
    show(screen, None, colour, colour, Colour.CYAN, None, None)
    cyan = "\x1b[30;48;2;0;255;255m"
    filled = "".join(f"{code}{CLEAR}{STRAIGHT}" for code in (f"\x1b[{codes}m", cyan, NORMAL))
    assert out.getvalue() == STRAIGHT + filled


def test_what_is_told_ends_the_field() -> None:
    out = Terminal()
    screen = ConsoleScreen("EUR", True, out)
    show(screen, Colour.GREEN)
    screen.tell("wrong_pin")
    assert f"{NORMAL}{CLEAR}  That PIN is wrong." in out.getvalue()
    # The field wiped nothing that must be seen.
    assert out.getvalue().count("[DEVELOPMENT KEY: not a protected unit]") == 2
    screen.tell("wrong_pin")
    assert out.getvalue().count(NORMAL) == 1


def test_what_is_no_terminal_says_once_that_it_lights_nobody() -> None:
    out = io.StringIO()
    screen = ConsoleScreen("EUR", False, out)
    show(screen, Colour.GREEN, Colour.BLUE, None)
    screen.tell("wrong_pin")
    assert out.getvalue() == f"  {DARK}\n{STRAIGHT}  That PIN is wrong.\n"
    assert "\x1b" not in out.getvalue()
