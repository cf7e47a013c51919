"""What the product keeps in memory: a running unit, a followed frame, a crowd of templates."""

import os
import subprocess
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median

from edge_atm.models import Models
from edge_atm.policy.match import scores
from edge_atm.vision.track import Track
from tests.bench import POOLS
from tests.bench.machine import resident_mib
from tests.bench.ours import Ours
from tests.bench.stages import templates
from tests.bench.times import Job, measure
from tests.cli.conftest import Cli
from tests.rig.dispenser import SimulatedDispenser

CROWDS = (1_000, 10_000, 100_000, 1_000_000)
CROWD_ROUNDS = 5
# Templates take 2 KiB each; a machine is not made to swap for a figure.
AVAILABLE_PART_MAX = 0.5
MIB = 2**20


def running_unit_mib() -> float:
    """Return the resident memory of a real `edge-atm run` that waits for its first card."""
    with tempfile.TemporaryDirectory() as folder, _unit(Path(folder)) as process:
        return resident_mib(process.pid)


def allocated_kib(ours: Ours) -> dict[str, float]:
    """Return what Python and numpy allocate at most while one followed frame is worked on, KiB."""
    peaks, track = [], Track(ours.detector)
    tracemalloc.start()
    for frame in ours.frames:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        track.follow(frame)
        peaks.append((tracemalloc.get_traced_memory()[1] - before) / 1024)
    tracemalloc.stop()
    return {"median": median(peaks), "most": max(peaks)}


def crowds() -> dict[str, dict[str, float]]:
    """Return the 1:N kernel's time and memory for growing N, as far as this machine has room."""
    sizes = [n for n in CROWDS if n * 2048 <= AVAILABLE_PART_MAX * _available_bytes()]
    everybody, mean = templates(max(sizes)), Models().mean_embedding()
    rows = {}
    for n in sizes:
        run = partial(scores, everybody[:n], everybody[0], mean)
        times = measure([Job("scores", run)], CROWD_ROUNDS)["scores"]
        rows[f"{n:,}"] = {
            "cpu ms min": min(times.cpu_ms),
            "cpu ms median": median(times.cpu_ms),
            "float32 templates MiB": everybody[:n].nbytes / MIB,
            "allocated MiB": _peak_bytes(run) / MIB,
        }
    return rows


@contextmanager
def _unit(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    pipe = subprocess.PIPE
    # A unit's own environment says nothing of threads.
    environment = {name: value for name, value in os.environ.items() if name not in POOLS}
    with SimulatedDispenser(folder / "lcdm.json", notes=(50, 50, 50, 0)) as dispenser:
        cli = Cli(folder, dispenser.port).provisioned()
        with subprocess.Popen(
            cli.command("run"), stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment
        ) as process:
            assert process.stderr is not None
            said = ""
            while "Card number" not in said:
                letter = process.stderr.read(1)
                assert letter, f"the unit ended: {said}"
                said += letter
            try:
                yield process
            finally:
                process.terminate()


def _peak_bytes(run: Callable[[], object]) -> int:
    tracemalloc.start()
    run()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def _available_bytes() -> int:
    for line in Path("/proc/meminfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0
