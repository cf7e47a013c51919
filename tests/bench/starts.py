"""Cold starts in turns, each a process of its own, and the parts of them."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge_atm.cli.opening import open_unit
from edge_atm.models import Models
from tests.bench.start import BENCH, ROOT, UNIT
from tests.bench.times import Times
from tests.rig.bench import CONFIG


@dataclass(frozen=True, slots=True)
class Start:
    """One start: milliseconds since the process began at each mark, and resident memory in MiB."""

    cpu_ms: dict[str, float]
    wall_ms: dict[str, float]
    mib: dict[str, float]


def cold_starts(
    names: Sequence[str], count: int, told: Callable[[], object]
) -> dict[str, list[Start]]:
    """Start each of `names` so many times, in turns; call `told` after each."""
    # The first one of a package also compiles it and brings its files into memory.
    starts: dict[str, list[Start]] = {name: [] for name in names}
    for i in range(count + 1):
        for name in names:
            start = _started(name)
            if i > 0:
                starts[name].append(start)
            told()
    return starts


def prepared() -> Models:
    """Make a unit for the starts; return its models, optimised on this computer just now."""
    shutil.rmtree(UNIT.parent, ignore_errors=True)
    UNIT.parent.mkdir(parents=True)
    UNIT.write_text(CONFIG.format(state_dir=UNIT.parent / "state", port="/dev/null"))
    with open_unit(UNIT, development=True, create=True) as unit:
        for _ in unit.models.prepare():
            pass
        assert unit.models.unprepared() is None
        return unit.models


def part(starts: Sequence[Start], until: str, since: str | None = None) -> Times:
    """Return the times from one mark, or from the beginning of the process, to another."""
    cpu, wall = (
        tuple(taken[until] - (taken[since] if since else 0.0) for taken in clock)
        for clock in ([s.cpu_ms for s in starts], [s.wall_ms for s in starts])
    )
    return Times(cpu, wall)


def least_mib(starts: Sequence[Start]) -> dict[str, float]:
    """Return the least memory at each mark."""
    return {name: min(start.mib[name] for start in starts) for name in starts[0].mib}


def _started(name: str) -> Start:
    began = time.monotonic()
    command = [sys.executable, "-m", "tests.bench.start", name, str(began)]
    # An installed unit's bytecode is compiled already, whatever this computer is set to.
    environment = os.environ | {"PYTHONPYCACHEPREFIX": str(BENCH / "pycache")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"The start of {name} failed:\n{done.stderr}")
    return Start(**json.loads(done.stdout))
