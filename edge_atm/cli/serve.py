"""`edge-atm withdraw` and `edge-atm run`: serving customers."""

import ctypes
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from types import FrameType
from typing import TypeVar

import click

from edge_atm.atm import serve
from edge_atm.cli.main import REFUSED, Options, as_json, cli, print_json
from edge_atm.cli.unit import Unit
from edge_atm.errors import EdgeError, StoreFault
from edge_atm.machine import Machine, Pad
from edge_atm.money import Wish
from edge_atm.records import Receipt, Verdict, Way
from edge_atm.screen.console import ConsoleScreen
from edge_atm.screen.console_pad import ConsolePad
from edge_atm.taps import Entry

Answer = TypeVar("Answer")

# malloc.h, and less than a picture of 640 by 480.
M_MMAP_THRESHOLD = -3
KEPT_BYTES_MAX = 512 * 1024


@cli.command()
@as_json
@click.pass_context
def withdraw(context: click.Context, as_json: bool) -> None:
    """Serve one customer on this console.

    Asks for card number, amount and way (or reads three lines; the last is empty for the face, p
    for card number and PIN), looks for a living face, and pays. Exit status 1 when refused.
    """
    options: Options = context.obj
    pad = _StoppablePad(ConsolePad(sys.stderr))
    with options.unit(alone=True) as unit, _open_for_business(unit, pad) as machine:
        receipt = serve(machine)
    if as_json:
        print_json(_plain(receipt))
    context.exit(0 if receipt.verdict is Verdict.PAY else REFUSED)


@cli.command()
@click.option("--sessions", type=click.IntRange(min=1), help="Stop after this many customers.")
@click.pass_obj
def run(options: Options, sessions: int | None) -> None:
    """Serve customers until stopped (SIGTERM, Ctrl-C, or the end of input).

    Before the first customer the journal is verified and every payout that a power cut left open
    is settled by asking the dispenser. A unit that cannot do so stays closed.
    """
    _give_back_memory()
    pad = _StoppablePad(ConsolePad(sys.stderr))
    with options.unit(alone=True) as unit, _open_for_business(unit, pad) as machine:
        unit.journal.record("opened")
        served = 0
        while not pad.stopping and served != sessions:
            served += 1
            try:
                receipt = serve(machine)
            except EdgeError as error:
                click.echo(f"{error}\n  {error.hint}", err=True)
                # Money that is not accounted for closes the unit, and so does a database that was
                # changed or cannot be written; a camera fault does not.
                if isinstance(error, StoreFault) or unit.ledger.open_payout() is not None:
                    raise
                continue
            if receipt.reason == "walked_away" and not (sys.stdin and sys.stdin.isatty()):
                break
        unit.journal.record("closed", sessions=served)


class _Stop(BaseException):
    """Asked to stop while the console waits for somebody to type."""


class _StoppablePad:
    """The console's pad. A signal ends a wait for input; a look or a payout it lets end."""

    def __init__(self, pad: ConsolePad) -> None:
        self._pad = pad
        self._waiting = False
        self.stopping = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        # On the unit's own console these are any customer's keys.
        for number in (signal.SIGQUIT, signal.SIGTSTP):
            signal.signal(number, signal.SIG_IGN)

    def card_number(self) -> str | None:
        return self._unless_stopped(self._pad.card_number)

    def wish(self) -> Wish | None:
        return self._unless_stopped(self._pad.wish)

    def way(self, pin_limit_cents: int) -> Way | None:
        return self._unless_stopped(partial(self._pad.way, pin_limit_cents))

    def pin(self) -> Entry | None:
        return self._unless_stopped(self._pad.pin)

    def _unless_stopped(self, ask: Callable[[], Answer]) -> Answer | None:
        try:
            self._waiting = True
            answer = None if self.stopping else ask()
            self._waiting = False
        except _Stop:
            return None
        return answer

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True
        waiting, self._waiting = self._waiting, False
        if waiting:
            raise _Stop


@contextmanager
def _open_for_business(unit: Unit, pad: Pad) -> Iterator[Machine]:
    unit.journal.verify()
    unit.check_settings()
    # Not opened yet: a camera that is not pinned keeps the unit closed.
    unit.camera()
    with unit.dispenser() as dispenser:
        cashier = unit.cashier(dispenser)
        # Not before: a unit that cannot open is started again and again, and a TPM's counter wears.
        unit.guard.count()
        # JSON goes to standard output, so the customer's screen is the error stream.
        screen = ConsoleScreen(unit.config.dispenser.currency, unit.ring.development, sys.stderr)
        yield unit.machine(cashier, screen, pad)


def _give_back_memory() -> None:
    # glibc learns to keep ever larger blocks: 16 MiB once a PIN was hashed, and pictures. Told a
    # size it stops learning, and what is larger goes back to the system as soon as it is freed.
    ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, KEPT_BYTES_MAX)


def _plain(receipt: Receipt) -> dict[str, object]:
    return {**asdict(receipt), "verdict": receipt.verdict.value}
