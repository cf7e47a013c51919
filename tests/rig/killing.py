"""Kills the paying unit, at times its dispenser too, and checks the files after each kill.

`python -m tests.rig.killing --kills N --seed S` prints one line of JSON; exit status 1 if anything
did not hold. The files of the last unit stay in build/killing.
"""

import argparse
import json
import random
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import get_args

from rich.console import Console
from rich.progress import Progress

from edge_atm.cash.count import settle_by_count
from edge_atm.cash.outcomes import quantities
from edge_atm.cli.opening import open_unit
from edge_atm.money import NO_NOTES
from tests.rig.dispenser_process import CHECKOUT
from tests.rig.doomed import CLOSED, KILLED, SUSPECT, DoomedDispenser, Life, Tellers
from tests.rig.killing_files import NOTES, Books, configure, faults, provision, read_books
from tests.rig.lcdm_faults import Fault, LastStatusFate, fault_text
from tests.rig.lcdm_memory import Memory
from tests.rig.lcdm_words import Command

FOLDER = CHECKOUT / "build" / "killing"
# Then a new unit, because the check of a journal takes longer with each entry.
KILLS_PER_UNIT = 100
PAYOUTS_PER_LIFE = 6
POWER_CUT_CHANCE = 1 / 12
OUTAGES, OUTAGE_COMMAND_MAX = 3, 60
# What a kill waits for, the least and the most seconds after it, and its weight. In these seconds
# a teller opens the files, recovers, asks and tells for one command, or for several.
AIMS = (
    ("started", 0.0, 0.03, 1),
    ("opened", 0.0, 0.06, 3),
    ("paying", 0.0, 0.03, 1),
    ("paying", 0.03, 0.09, 12),
    ("paying", 0.09, 0.3, 3),
    ("paid", 0.0, 0.0, 1),
)


@dataclass(frozen=True)
class Tally:
    """What a series did, and what did not hold. A payout not settled yet is a payout being paid."""

    kills: int = 0
    kills_while_paying: int = 0
    dispenser_kills: int = 0
    payouts: int = 0
    suspects: int = 0
    violations: tuple[str, ...] = ()

    def __add__(self, other: "Tally") -> "Tally":
        both = ((getattr(self, f.name), getattr(other, f.name)) for f in fields(self))
        return Tally(*(mine + theirs for mine, theirs in both))


class Site:
    """One unit and its dispenser, until `left` ends both. The seed draws all but the clock."""

    def __init__(self, folder: Path, seed: int, left: ExitStack) -> None:
        self.tally = Tally()
        self.memory_path = folder / "lcdm.json"
        self._folder, self._seed, self._chance = folder, seed, random.Random(seed)
        self._equal_commands = self._chance.choice(["purge", "suspect"])
        self._dispenser = DoomedDispenser(self.memory_path, NOTES)
        config = self._plug()
        left.callback(self._dispenser.close)
        provision(folder, config)
        self._tellers = left.enter_context(closing(Tellers(config)))
        self._counted_frames = 0
        self._open_before: str | None = None

    def kill(self) -> int:
        """Let one teller live, kill it, and check the files; return 0 if it ended before."""
        word, least, most, _ = self._chance.choices(AIMS, [aim[-1] for aim in AIMS])[0]
        self._tellers.start(self._chance.getrandbits(32), PAYOUTS_PER_LIFE)
        self._tellers.hear(word, self._chance.randint(1, 3) if word in ("paying", "paid") else 1)
        time.sleep(self._chance.uniform(least, most))
        cut = self._chance.random() < POWER_CUT_CHANCE
        if cut and self._chance.random() < 0.5:
            self._dispenser.cut_power()
            time.sleep(self._chance.uniform(0, 0.1))
        life = self._tellers.end("kill")
        if cut:
            self._dispenser.cut_power()
            self._plug(*self._chance.choice([[], ["--forget-last-status"]]))
        self._judge(life, cut)
        return int(life.status == KILLED)

    def finish(self) -> None:
        """Let tellers only recover, until nothing waits for a count: then nothing may be open."""
        status = SUSPECT
        while status == SUSPECT and not self.tally.violations:
            self._tellers.start(0, payouts=0)
            life = self._tellers.end("wait")
            status = life.status
            self._judge(life, cut=False)

    def audit(self) -> Books:
        """Read the files and note what does not hold."""
        books = read_books(self._folder)
        self._note(*faults(books, Memory.load(self.memory_path), self._counted_frames))
        return books

    def _judge(self, life: Life, cut: bool) -> None:
        killed = int(life.status == KILLED)
        self.tally += Tally(kills=killed, dispenser_kills=int(cut))
        books = self.audit()
        waiting = books.open_payout()
        suspect = waiting is not None and waiting.state == "SUSPECT"
        if life.status not in (KILLED, 0, SUSPECT, CLOSED) or (life.status == CLOSED and not cut):
            self._note(f"a teller ended with status {life.status} after {', '.join(life.words)}")
        if life.status == SUSPECT and not suspect:
            self._note("a teller waits for a count that the books do not want")
        if waiting and waiting.payout_id == self._open_before and "recovered" in life.words:
            self._note(f"a teller recovered and left payout {waiting.payout_id} open")
        self.tally += Tally(
            kills_while_paying=killed if waiting else 0,
            payouts=len(books.payouts) - self.tally.payouts,
            suspects=int(suspect),
        )
        if waiting and suspect:
            self._count(waiting.payout_id, books)
        self._open_before = waiting.payout_id if waiting and not suspect else None

    def _count(self, payout_id: str, books: Books) -> None:
        """Count what the books miss, as a technician would, and close the payout."""
        truth = Memory.load(self.memory_path)
        missing = [truth.presented[i] - unit.presented for i, unit in enumerate(books.units)]
        with open_unit(self._folder / "state.toml", development=True, alone=True) as unit:
            at = (unit.store, unit.journal, unit.ledger)
            settle_by_count(*at, payout_id, quantities(missing), NO_NOTES)
        self._counted_frames = truth.commands.count(Command.DISPENSE) - books.told()

    def _plug(self, *options: str) -> Path:
        outages = [f"--fault={fault_text(self._outage())}" for _ in range(OUTAGES)]
        port = self._dispenser.switch_on(*options, *outages)
        return configure(self._folder, port, self._equal_commands)

    def _outage(self) -> Fault:
        """Return a power loss between two notes, where a kill of its process seldom falls."""
        command, notes = self._chance.randint(1, OUTAGE_COMMAND_MAX), self._chance.randint(0, 2)
        fate = self._chance.choice(get_args(LastStatusFate))
        return Fault(Command.DISPENSE, "power_loss_mid", command, notes, last_status=fate)

    def _note(self, *sentences: str) -> None:
        place = f"seed {self._seed}, kill {self.tally.kills}"
        self.tally += Tally(violations=tuple(f"{place}: {said}" for said in sentences))


def kill_series(
    folder: Path, kills: int, seed: int, progress: Callable[[int], object] = bool
) -> Tally:
    """Kill a new unit in `folder` so often, or until something does not hold.

    `progress` is told what `Site.kill` returned.
    """
    with ExitStack() as left:
        at = Site(folder, seed, left)
        while at.tally.kills < kills and not at.tally.violations:
            progress(at.kill())
        at.finish()
    if not at.tally.violations:
        # What the dispenser heard at its very end counts too.
        at.audit()
    return at.tally


def main(arguments: Sequence[str]) -> int:
    """Kill units one after another; 1 means that something did not hold."""
    parser = argparse.ArgumentParser(prog="tests.rig.killing", description=__doc__)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    total, began = Tally(), time.monotonic()
    with Progress(console=Console(stderr=True)) as shown:
        bar = shown.add_task("killing", total=given.kills)
        for seed, done in enumerate(range(0, given.kills, KILLS_PER_UNIT), start=given.seed):
            shutil.rmtree(FOLDER, ignore_errors=True)
            FOLDER.mkdir(parents=True)
            kills = min(KILLS_PER_UNIT, given.kills - done)
            total += kill_series(FOLDER, kills, seed, lambda killed: shown.advance(bar, killed))
            if total.violations:
                break
    print(json.dumps({**asdict(total), "seconds": round(time.monotonic() - began, 1)}))
    return 1 if total.violations else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
