"""Every word the product can say has a text, and what is typed is read strictly."""

import ast
import io
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from edge_atm.money import Wish
from edge_atm.records import Frame, Hint, Receipt, Verdict, Way
from edge_atm.screen.console import HINTS, REASONS, WORDS, ConsoleScreen
from edge_atm.screen.console_pad import ANSWERS_MAX, ConsolePad, parse_cents

PACKAGE = Path(__file__).resolve().parents[2] / "edge_atm"
JUDGES = [
    PACKAGE / name
    for name in (
        "atm.py",
        "arriving.py",
        "policy/decision.py",
        "policy/habit.py",
        "cash/cashier.py",
    )
]
FRAME = Frame(np.zeros((1, 1, 3), np.uint8), 0.0, 0)


def calls(path: Path) -> Iterator[tuple[str, list[ast.expr]]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node.args


def words(nodes: list[ast.expr]) -> set[str]:
    return {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def reasons() -> set[str]:
    """Return each reason that the product's code can put on a receipt."""
    found: set[str] = set()
    for path in JUDGES:
        for name, arguments in calls(path):
            # A verdict to ask for the PIN is never the last one.
            if name == "Decision" and ast.unparse(arguments[0]) != "Verdict.ASK_PIN":
                found |= words(arguments[1:])
            if name in ("TurnedAway", "Closed"):
                found |= words(arguments)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name in ("obstacle", "_obstacle"):
                returned = [
                    r.value for r in ast.walk(node) if isinstance(r, ast.Return) and r.value
                ]
                found |= words(returned)
    return found


def told() -> set[str]:
    """Return each word that the product's code tells a screen."""
    found: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        for name, arguments in calls(path):
            if name.endswith("screen.tell"):
                assert isinstance(arguments[0], ast.Constant), f"{path}: which word is told?"
                found |= words(arguments[:1])
    return found


def screen(development: bool = False) -> tuple[ConsoleScreen, io.StringIO]:
    out = io.StringIO()
    return ConsoleScreen("EUR", development, out), out


def receipt(reason: str, paid_cents: int = 0, last4: str = "0019") -> Receipt:
    verdict = Verdict.PAY if paid_cents else Verdict.REFUSE
    return Receipt("s1", verdict, reason, None, paid_cents, last4)


def test_every_reason_has_a_text_and_every_text_a_reason() -> None:
    found = reasons()
    # Guards the search itself: it has to see into all four places.
    assert {"face_locked", "walked_away", "dispenser_closed", "partly_dispensed"} <= found
    assert found == set(REASONS)


@pytest.mark.parametrize("reason", sorted(reasons()))
def test_a_receipt_is_printed_for_every_reason(reason: str) -> None:
    shown, out = screen()
    shown.tell("receipt", receipt=receipt(reason))
    assert out.getvalue() == f"  Refused - {REASONS[reason]}, card ending 0019.\n"


@pytest.mark.parametrize("word", sorted(told()))
def test_every_word_is_said(word: str) -> None:
    shown, out = screen()
    why = "the reason why" if word == "card_refused" else "face_waiting"
    facts = {"match_percent": 97, "why": why, "wait_seconds": 29.5, "limit_cents": 2000}
    shown.tell(word, **facts, receipt=receipt("no_match"))
    assert out.getvalue().strip()
    assert word not in out.getvalue() or "_" not in word


def test_the_words_are_those_that_are_told() -> None:
    assert {"receipt", "matched", "authorised", "card_refused", "out_of_service"} <= told()
    assert "out_of_service" in WORDS
    assert set(HINTS) == set(Hint)


def test_a_hint_is_said_when_it_changes() -> None:
    shown, out = screen()
    for hint in (Hint.HOLD_STILL, Hint.HOLD_STILL, Hint.TURN_LEFT, Hint.HOLD_STILL):
        shown.guide(hint, FRAME, None)
    said = [HINTS[hint] for hint in (Hint.HOLD_STILL, Hint.TURN_LEFT, Hint.HOLD_STILL)]
    assert [line.strip() for line in out.getvalue().splitlines()] == said


def test_a_receipt_says_what_was_paid_and_what_protects_the_unit() -> None:
    shown, out = screen(development=True)
    shown.tell("receipt", receipt=receipt("partly_dispensed", 1050, ""))
    text = REASONS["partly_dispensed"]
    mark = "[DEVELOPMENT KEY: not a protected unit]"
    assert out.getvalue() == f"  Paid: 10.50 EUR - {text}.  {mark}\n"


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("50", 5000), ("50.0", 5000), ("50,00", 5000), (" 0.5 ", 50), ("0", 0), ("050", 5000),
        ("9999999.99", 999_999_999), ("10000000", None), ("", None), (".5", None), ("-5", None),
        ("+5", None), ("5.001", None), ("1e3", None), ("1_000", None), ("nan", None),
        ("1.2.3", None), ("\u0665", None), ("5.\u0665", None), ("5 0", None), ("50.", None),
    ],
)  # fmt: skip
def test_an_amount_is_read_strictly(text: str, cents: int | None) -> None:
    assert parse_cents(text) == cents


@pytest.mark.parametrize(
    ("typed", "wish"),
    [
        ("x\ny\n20\n", Wish(2000)), ("x\n\n20\n", None), ("x\ny\nz\n20\n", None),
        ("20 s\n", Wish(2000, True)), ("20S\n", Wish(2000, True)), ("s\n20\n", Wish(2000)),
    ],
)  # fmt: skip
def test_three_answers_that_are_no_amount_end_the_session(
    monkeypatch: pytest.MonkeyPatch, typed: str, wish: Wish | None
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    out = io.StringIO()
    assert ConsolePad(out).wish() == wish
    assert out.getvalue().count("Amount (") <= ANSWERS_MAX == 3


@pytest.mark.parametrize(
    "stdin", [None, io.StringIO(""), io.TextIOWrapper(io.BytesIO(b"\xff\n"), encoding="utf-8")]
)
def test_no_answer_is_a_customer_who_walked_away(
    monkeypatch: pytest.MonkeyPatch, stdin: object
) -> None:
    monkeypatch.setattr(sys, "stdin", stdin)
    pad = ConsolePad(io.StringIO())
    for ask in (pad.card_number, pad.pin, pad.wish, partial(pad.way, 5000)):
        assert ask() is None


@pytest.mark.parametrize(
    ("typed", "limit_cents", "way"),
    [
        ("\n", 0, Way.FACE), ("\n", 5000, Way.FACE), ("p\n", 5000, Way.PIN),
        (" P \n", 5000, Way.PIN), ("x\np\n", 5000, Way.PIN), ("p\np\np\n\n", 0, None),
        ("x\ny\nz\n\n", 5000, None), ("", 5000, None), ("x\n", 5000, None),
    ],
)  # fmt: skip
def test_the_way_is_chosen_by_an_act_and_no_other_is_offered_where_there_is_none(
    monkeypatch: pytest.MonkeyPatch, typed: str, limit_cents: int, way: Way | None
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    out = io.StringIO()
    assert ConsolePad(out).way(limit_cents) is way
    asked = out.getvalue().split("): ")[0]
    for told in ("change its colours", "turn your head", "Enter"):
        assert told in asked
    assert ("card number and PIN instead, up to 50.00" in asked) == (limit_cents > 0)
    assert ("there is no other way" in asked) == (limit_cents == 0)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.2, "1 s"), (29.5, "30 s"), (119.0, "119 s"), (119.1, "2 minutes"), (3600.0, "60 minutes")],
)
def test_who_has_to_wait_is_told_how_long(seconds: float, said: str) -> None:
    shown, out = screen()
    shown.tell("wait", wait_seconds=seconds)
    assert out.getvalue() == f"  Try again in {said}.\n"
