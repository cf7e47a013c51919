"""Prints a demo step by step, and keeps a picture of what the camera saw in each."""

import time
from collections.abc import Callable
from pathlib import Path

import cv2
from rich.console import Console
from rich.markup import escape

from edge_atm.records import Turn, Verdict
from edge_atm.vision.turning import HINTS
from tests.rig.customer import Customer
from tests.rig.drawing import annotated


class Show:
    """Prints each step with its time, and keeps a picture of what the camera saw."""

    def __init__(self, console: Console, folder: Path) -> None:
        self._console = console
        self._folder = folder
        self._number = 0

    def step(self, title: str, action: Callable[[], str | Customer]) -> None:
        """Run one step; it returns what there is to say, or the customer it served."""
        self._number += 1
        began = time.perf_counter()
        result = action()
        seconds = time.perf_counter() - began
        text = result if isinstance(result, str) else self._told(result)
        self._console.print(
            f"[bold]{self._number:2d}  {escape(title)}[/bold]  [dim]{seconds:.1f} s[/dim]"
        )
        self._console.print(f"      {text}", highlight=False)

    def _told(self, customer: Customer) -> str:
        if customer.seen is not None:
            path = self._folder / f"step-{self._number:02d}.png"
            picture = annotated(*customer.seen, self._words(customer))
            cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        return escape(self._words(customer))

    def _words(self, customer: Customer) -> str:
        receipt = customer.receipt
        assert receipt is not None
        asked = [turn.value for hint in customer.hints for turn in Turn if HINTS[turn] is hint]
        fields = sum(colour is not None for colour in customer.colours)
        looked = f"{fields} fields of light, asked for {', '.join(asked) or 'no turn'}; "
        if receipt.verdict is Verdict.PAY:
            return (
                f"{looked}match {receipt.match_percent} %, authorised ({receipt.reason}): "
                f"{receipt.paid_cents / 100:.2f} EUR counted out by the device"
            )
        return f"{looked}refused: {receipt.reason}; {receipt.paid_cents / 100:.2f} EUR moved"
