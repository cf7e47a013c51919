"""The processes that are killed: tellers, who pay on a unit's real files and port, and a dispenser.

`python -m tests.rig.doomed --config FILE` imports the product once. For each line `SEED PAYOUTS` of
its input it forks one teller, which opens the unit as `edge-atm run` does and pays; only camera and
screen are left out, and the deadlines are a test's. The line after that ends the teller: `wait`
lets it end, anything else is SIGKILL. What happens is told on standard output, a word a line.
"""

import argparse
import os
import random
import select
import signal
import subprocess
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NoReturn

from edge_atm.cash.cashier import Cashier
from edge_atm.cli.opening import open_unit
from edge_atm.cli.unit import Unit
from edge_atm.device.dispenser import LcdmDispenser, Timing
from edge_atm.device.serial_wire import SerialWire
from edge_atm.errors import LinkFault, LinkSilent, PayoutSuspect
from edge_atm.money import Wish
from tests.rig.bench import CARD_A, CARD_B
from tests.rig.dispenser_process import CHECKOUT

KILLED, BROKEN, SUSPECT, CLOSED = -signal.SIGKILL, 1, 3, 4
SILENCE_SECONDS = 60
# Patient with questions, because a busy computer is no fault of the dispenser.
TIMING = Timing(
    poll=0.005, quiet=0.01, stall=0.1, ack=0.2, closing=0.05, response=1, status=10, last=10
)


@dataclass(frozen=True, slots=True)
class Life:
    """What one teller told, and how it ended: an exit status, or KILLED."""

    words: tuple[str, ...]
    status: int


class Tellers:
    """The process that forks tellers, from outside. One teller lives at a time."""

    def __init__(self, config: Path) -> None:
        command = [sys.executable, "-m", "tests.rig.doomed", "--config", str(config)]
        self._process = subprocess.Popen(
            command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        self._words: list[str] = []

    def close(self) -> None:
        """End the process by the end of its input, which kills a teller that is left."""
        self._process.communicate(timeout=SILENCE_SECONDS)

    def start(self, seed: int, payouts: int) -> None:
        """Let a teller live."""
        self._words = []
        self._order(f"{seed} {payouts}")

    def hear(self, word: str, times: int = 1) -> None:
        """Return when the teller has said this word so often, or is gone."""
        while self._words.count(word) < times and "gone" not in self._words:
            self._words.append(self._hear())

    def end(self, order: str) -> Life:
        """`kill` the teller, or `wait` for its own end."""
        self._order(order)
        while not (word := self._hear()).startswith("ended"):
            self._words.append(word)
        return Life(tuple(self._words), int(word.split()[1]))

    def _order(self, text: str) -> None:
        _pipe(self._process.stdin).write(f"{text}\n".encode())

    def _hear(self) -> str:
        words = _pipe(self._process.stdout)
        heard = select.select([words], [], [], SILENCE_SECONDS)[0]
        # Each word is one write, so a line that has begun is there whole.
        line = words.readline() if heard else b""
        assert line, f"no word from the tellers after {self._words}"
        return line.decode().strip()


def _pipe(end: IO[bytes] | None) -> IO[bytes]:
    assert end is not None
    return end


class DoomedDispenser:
    """The simulated dispenser as a process whose power may fail."""

    def __init__(self, memory_path: Path, notes: str) -> None:
        self._command = [sys.executable, "-m", "tests.rig.dispenser", "--notes", notes]
        self._command += ["--memory", str(memory_path)]

    def switch_on(self, *options: str) -> str:
        """Start it; return its port, which is another one each time."""
        self._process = subprocess.Popen(
            [*self._command, *options], cwd=CHECKOUT, stdout=subprocess.PIPE
        )
        with _pipe(self._process.stdout) as told:
            port = told.readline().decode().strip()
        assert port.startswith("/dev/"), "the dispenser did not start"
        return port

    def cut_power(self) -> None:
        """Stop it wherever it is."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """End it in order; its memory keeps what the host did wrong."""
        self._process.terminate()
        self._process.wait()


def live(config: Path, seed: int, payouts: int) -> int:
    """Recover, then pay random amounts; return the exit status."""
    say("started")
    try:
        with open_unit(config, development=True, alone=True) as unit:
            unit.journal.verify()
            unit.check_settings()
            with _dispenser(unit) as dispenser:
                say("opened")
                cashier = unit.cashier(dispenser)
                say("recovered")
                _pay(unit, cashier, random.Random(seed), payouts)
    except PayoutSuspect:
        return SUSPECT
    except (LinkFault, LinkSilent) as fault:
        say(f"closed: {fault}")
        return CLOSED
    finally:
        say("gone")
    return 0


def say(word: str) -> None:
    """Tell the parent, past Python's buffers, which a fork would copy and a kill would lose."""
    os.write(sys.stdout.fileno(), f"{word}\n".encode())


def _dispenser(unit: Unit) -> LcdmDispenser:
    settings = unit.config.dispenser
    wire = SerialWire(settings.port, settings.baud, settings.parity)
    return LcdmDispenser(wire, timing=TIMING)


def _pay(unit: Unit, cashier: Cashier, chance: random.Random, payouts: int) -> None:
    customers = [unit.customers.claim(card).customer_id for card in (CARD_A, CARD_B)]
    for number in range(payouts):
        customer_id = chance.choice(customers)
        wish = Wish(1000 * chance.randint(1, 15), small_notes=chance.random() < 0.3)
        obstacle = cashier.obstacle(customer_id, wish.amount_cents)
        assert obstacle is None, obstacle
        say("paying")
        cashier.pay(customer_id, f"session-{number}", wish)
        say("paid")


def _be_one(config: Path, seed: int, payouts: int) -> NoReturn:
    status = BROKEN
    try:
        status = live(config, seed, payouts)
    finally:
        if status == BROKEN:
            traceback.print_exc()
        # An orderly end would wait for the model runtime's thread, which no fork takes along.
        os._exit(status)


def main(arguments: Sequence[str]) -> int:
    """Fork tellers until the input ends; in a teller, be one."""
    parser = argparse.ArgumentParser(prog="tests.rig.doomed", description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    config = parser.parse_args(arguments).config
    while order := sys.stdin.readline():
        seed, payouts = map(int, order.split())
        teller = os.fork()
        if teller == 0:
            _be_one(config, seed, payouts)
        if sys.stdin.readline().strip() != "wait":
            # Not waited for yet, so this number cannot have become another process's.
            os.kill(teller, signal.SIGKILL)
        say(f"ended {os.waitstatus_to_exitcode(os.waitpid(teller, 0)[1])}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
