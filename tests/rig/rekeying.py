"""Kills `rotate-keys`, `reissue --all` and `revoke` at random moments; opens the unit after each.

`python -m tests.rig.rekeying --kills N --seed S` prints one line of JSON; exit status 1 if anything
did not hold. The files of the last unit stay in build/rekeying.
"""

import argparse
import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.progress import Progress

from edge_atm.cli.main import cli
from edge_atm.cli.opening import open_unit
from edge_atm.errors import EdgeError
from edge_atm.store import Store
from tests.rig.dispenser_process import CHECKOUT
from tests.rig.rekeying_unit import provision

FOLDER = CHECKOUT / "build" / "rekeying"
# Then a new unit, because a seal costs a little of each face's cosine, and customers get fewer.
KILLS_PER_UNIT = 25
# What a kill waits for, the least and the most seconds after it, and its weight.
AIMS = (
    ("started", 0.0, 0.15, 2),
    ("writing", 0.0, 0.12, 6),
    ("closing", 0.0, 0.02, 4),
    ("committed", 0.0, 0.03, 3),
)
# Every other command is a rotation: it changes most.
VERBS = (
    ("rotate-keys",),
    ("rotate-keys",),
    ("reissue", "--all"),
    ("revoke",),
    ("revoke", "--leaked"),
)
RESEALING = 3
# Started once with everything imported; each command is a fork of it.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.rig.rekeying_unit", "edge_atm.cli.keys"])


@dataclass
class Tally:
    """What a series did, and what did not hold. `within`: killed between BEGIN and COMMIT."""

    kills: int = 0
    within: int = 0
    kept: int = 0
    verbs: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)


def live(config: Path, words: Sequence[str], card: str, told: Connection) -> None:
    """Run one command of the product, and tell what it begins."""
    transaction = Store.transaction

    @contextmanager
    def heard(store: Store) -> Iterator[object]:
        told.send("writing")
        with transaction(store) as connection:
            yield connection
            told.send("closing")
        told.send("committed")

    Store.transaction = heard  # type: ignore[method-assign, assignment]
    typed, told_to_write = os.pipe()
    os.write(told_to_write, f"{card}\n".encode())
    os.dup2(typed, 0)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = sys.stderr = _nowhere()
    told.send("started")
    options = ["--config", str(config), "--development"]
    cli.main([*options, *words, "--yes"], standalone_mode=False)


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")


def kill_one(config: Path, chance: random.Random, words: Sequence[str], card: str) -> list[str]:
    """Run a command and kill it; return what it told, "ended" last when it was not killed."""
    aim, least, most, _ = chance.choices(AIMS, [aim[-1] for aim in AIMS])[0]
    ours, theirs = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=live, args=(config, words, card, theirs))
    process.start()
    theirs.close()
    told: list[str] = []
    try:
        while aim not in told:
            told.append(ours.recv())
        time.sleep(chance.uniform(least, most))
        process.kill()
        process.join()
        while True:
            told.append(ours.recv())
    except EOFError:
        process.join()
    told.append("killed" if process.exitcode == -signal.SIGKILL else "ended")
    if process.exitcode not in (0, -signal.SIGKILL):
        told.append(f"status {process.exitcode}")
    return told


def kill_series(
    folder: Path,
    kills: int,
    seed: int,
    customers: int = 200,
    progress: Callable[[int], object] = bool,
) -> Tally:
    """Kill commands on a new unit in `folder` so often, or until something does not hold."""
    chance, tally = random.Random(seed), Tally()
    config, crowd = provision(folder, customers)
    while tally.kills < kills and not tally.violations:
        left = [card for card in crowd.cards if card not in crowd.revoked]
        # Half of them stay, so that the other commands have faces to seal.
        words = chance.choice(VERBS if 2 * len(left) > customers else VERBS[:RESEALING])
        card = chance.choice(left)
        told = kill_one(config, chance, words, card)
        try:
            with open_unit(config, development=True) as unit:
                faults = crowd.faults(unit, words, card)
        except EdgeError as error:
            faults = [f"it does not open: {error}"]
        faults += [word for word in told if word.startswith("status")]
        tally.violations += [f"seed {seed}, {' '.join(words)} {told}: {said}" for said in faults]
        if "killed" in told:
            tally.kills += 1
            tally.verbs[words[0]] += 1
            tally.within += told[-2] in ("writing", "closing")
            tally.kept += crowd.changed
            progress(1)
    return tally


def main(arguments: Sequence[str]) -> int:
    """Kill commands on one unit after another; 1 means that something did not hold."""
    parser = argparse.ArgumentParser(prog="tests.rig.rekeying", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    total, began = Tally(), time.monotonic()
    with Progress(console=Console(stderr=True)) as shown:
        bar = shown.add_task("killing", total=given.kills)
        for seed, done in enumerate(range(0, given.kills, KILLS_PER_UNIT), start=given.seed):
            shutil.rmtree(FOLDER, ignore_errors=True)
            FOLDER.mkdir(parents=True)
            kills = min(KILLS_PER_UNIT, given.kills - done)
            told = partial(shown.advance, bar)
            tally = kill_series(FOLDER, kills, seed, progress=told)
            total.kills, total.within = total.kills + tally.kills, total.within + tally.within
            total.kept, total.verbs = total.kept + tally.kept, total.verbs + tally.verbs
            total.violations += tally.violations
            if total.violations:
                break
    print(json.dumps({**vars(total), "seconds": round(time.monotonic() - began, 1)}))
    return 1 if total.violations else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
