"""`python -m tests.rig.soak`: life after life on all workers; ends with one line of JSON.

`--seed S` alone lives the one life that a violation names; its last events go to standard error,
and so does one sentence for people at the end. The exit status is 1 when something did not hold,
or when a kind of fault never struck in 100,000 payouts or more. Keys of the JSON line:

`simulated`        always true: device, cable, disk and clock are the rig's, the cash code is not
`store`            what the product's database was on, `stores` the payouts made there
`seed` `seconds`   the first life's seed, and how long all of it took
`lives` `starts`   units that were lived, and starts of the program in them
`payouts` `commands` `states`   payouts begun, DISPENSE commands planned, results booked
`suspects` `technician`         payouts left to a count, and what the technician did
`faults` `faults_missed`        how often each kind struck, and the kinds that never did
`crashes` `dispenser_crashes`   the host's power cuts by where they struck; the dispenser's
`equal_commands`   how commands that would leave the record already there were told apart
`known_limits`     what no host could find out, left out and counted (see SECURITY.md)
`violations`       what did not hold, each with the seed that shows it again
`kills`            the same for real processes that were killed, on real files
"""

import argparse
import json
import math
import multiprocessing
import os
import random
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import asdict

from rich.console import Console
from rich.progress import Progress

from tests.rig import killing
from tests.rig.soak.life import begin_work, work
from tests.rig.soak.mishaps import ALL_KINDS
from tests.rig.soak.tally import Tally

# With fewer payouts a rare fault may be missed by chance.
ALL_FAULTS_PAYOUTS = 100_000
STORE = "SQLite files in memory; a record of their writes and syncs is the disk"
# Each violation is a life to look into: a few are enough.
VIOLATIONS_MAX = 10


def main(arguments: Sequence[str]) -> int:
    """Live until the time is up or the payouts are made; 1 means that something did not hold."""
    given, began = _given(arguments), time.monotonic()
    with Progress(console=Console(stderr=True), refresh_per_second=2) as shown:
        bar = shown.add_task("paying", total=1.0)

        def part_done(total: Tally) -> float:
            seconds = time.monotonic() - began
            done = max(_part(seconds, given.seconds), _part(total.payouts, given.payouts))
            text = f"{total.payouts} payouts, {len(total.violations)} violations"
            shown.update(bar, completed=min(done, 1.0), description=text)
            return done

        total = live(given.seed, given.lives, given.workers, part_done)
        killed = _kill(given.kills, given.seed, shown)
    return _told(given.seed, total, killed, round(time.monotonic() - began, 1))


def _told(seed: int, total: Tally, killed: killing.Tally, seconds: float) -> int:
    """Print what was seen, for programs and for people; return the exit status."""
    missed = sorted(set(ALL_KINDS) - total.faults.keys())
    for finding in total.violations:
        print(*finding.trace, finding.what, sep="\n", file=sys.stderr)
    told = {"simulated": True, "store": STORE, "seed": seed, **total.table()}
    told |= {"faults_missed": missed, "kills": asdict(killed), "seconds": seconds}
    print(json.dumps(told), flush=True)
    violations = len(total.violations) + len(killed.violations)
    sentence = (
        f"{total.payouts} payouts, {violations} violations, seed {seed}, {killed.kills} kills"
    )
    incomplete = bool(missed) and total.payouts >= ALL_FAULTS_PAYOUTS
    never = f"; never struck: {', '.join(missed)}" if incomplete else ""
    print(f"{sentence}{never}.", file=sys.stderr)
    return 1 if violations or incomplete else 0


def _part(done: float, asked: float) -> float:
    return done / asked if asked > 0 else 1.0


def live(seed: int, lives: float, workers: int, part_done: Callable[[Tally], float]) -> Tally:
    """Live the lives of `seed` and the seeds after it, until all are lived or enough is done."""
    total, running, begun = Tally(), set[Future[Tally]](), 0
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, spawn, initializer=begin_work) as pool:
        while running or begun < lives:
            enough = part_done(total) >= 1 or len(total.violations) >= VIOLATIONS_MAX
            while not enough and begun < lives and len(running) < workers:
                running.add(pool.submit(work, seed + begun))
                begun += 1
            if not running:
                break
            ended, running = wait(running, return_when=FIRST_COMPLETED)
            for life in ended:
                total.add(life.result())
    # In the order of their seeds, whichever worker was faster.
    total.violations.sort(key=lambda finding: finding.seed)
    return total


def _kill(kills: int, seed: int, shown: Progress) -> killing.Tally:
    """Kill real processes, a new unit for every so many kills."""
    total = killing.Tally()
    bar = shown.add_task("killing", total=kills, visible=kills > 0)
    while total.kills < kills and not total.violations:
        shutil.rmtree(killing.FOLDER, ignore_errors=True)
        killing.FOLDER.mkdir(parents=True)
        due = min(killing.KILLS_PER_UNIT, kills - total.kills)
        total += killing.kill_series(
            killing.FOLDER, due, seed + total.kills, lambda killed: shown.advance(bar, killed)
        )
    return total


def _given(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.rig.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=math.inf)
    parser.add_argument("--payouts", type=int, default=math.inf)
    parser.add_argument("--lives", type=int, default=math.inf)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--kills", type=int, default=0, help="then kill a real process so often")
    given = parser.parse_args(arguments)
    if min(given.seconds, given.payouts, given.lives) == math.inf:
        given.lives = 1
    return given


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
