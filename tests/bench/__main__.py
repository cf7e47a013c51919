"""`make bench`: every stage, the start and the memory of the product on this machine."""

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from tests.bench import memory, report, stages
from tests.bench.guarding import guarding
from tests.bench.machine import facts
from tests.bench.ours import Ours
from tests.bench.start import BENCH, BUILT
from tests.bench.starts import Start, cold_starts, least_mib, part, prepared
from tests.bench.times import Ratio, Times, measure

PACKAGES = ("numpy", "onnxruntime", "opencv-python-headless")
ROUNDS, STARTS = 25, 7
RATIOS = (
    Ratio(stages.INT8, stages.FP32),
    Ratio(stages.FOLLOWED, stages.FIRST),
    Ratio(stages.KERNEL, stages.INT8, 1.0),
)
STARTED = {"prepared": "int8", "released": "int8-released", "fp32": "fp32"}
SESSION = "building the fp32 session"
START_RATIOS = (
    Ratio("opening, prepared", SESSION, 0.35),
    Ratio("whole start, prepared", "whole start, fp32", 0.7),
    Ratio("opening, released", SESSION),
    Ratio("whole start, released", "whole start, fp32"),
)
RUN = "edge-atm run, waiting (<= 170)"


def main(words: Sequence[str] | None = None) -> int:
    """Measure, print, write. Returns the exit code."""
    wanted = parsed(words)
    if not (BUILT / "facenet_fp32.onnx").is_file():
        print("There is no build/facenet_fp32.onnx: run `make export` first.", file=sys.stderr)
        return 2
    with Progress(console=Console(stderr=True), transient=True) as progress:
        ours = Ours.opened(prepared())
        times = _stages(ours, wanted.rounds, progress)
        starts = _starts(progress)
        mib = {RUN: memory.running_unit_mib()} | _memory(starts)
        allocated, crowds = memory.allocated_kib(ours), memory.crowds()
    look, parts = times[stages.LOOK], _parts(starts)
    rates = {"cpu": 1e3 / min(look.cpu_ms), "wall": 1e3 / min(look.wall_ms)}
    machine = facts(PACKAGES)
    report.say(
        machine,
        report.table_of_times("One thread, milliseconds", times, stages.INT8),
        report.table_of_times(f"{STARTS} cold starts in turns, milliseconds", parts),
        report.table_of_ratios("CPU", RATIOS, times),
        report.table_of_ratios("CPU of starts", START_RATIOS, parts),
        report.table_of_facts("1:N kernel", crowds),
        report.table_of_facts("Resident memory", {name: {"MiB": m} for name, m in mib.items()}),
        "The whole look, frames a second: " + _listed(rates),
        "Allocated in a followed frame, KiB: " + _listed(allocated),
    )
    result = report.told(machine, times, RATIOS)
    result["starts"] = report.told(machine, parts, START_RATIOS)
    result |= {"frames_per_second": rates, "allocated_kib": allocated}
    report.write(wanted.json, result | {"resident_mib": mib, "one_to_n": crowds})
    return 0


def parsed(words: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"{ROUNDS} unless told")
    return parser.parse_args(words)


def _stages(ours: Ours, rounds: int, progress: Progress) -> dict[str, Times]:
    BENCH.mkdir(parents=True, exist_ok=True)
    # On the checkout's disk: a folder for temporary files may be memory, which nothing waits for.
    with tempfile.TemporaryDirectory(dir=BENCH) as folder:
        jobs = [*stages.vision(ours), *stages.deciding(ours, Path(folder))]
        jobs += guarding(Path(folder))
        task = progress.add_task("Stages", total=len(jobs) * (rounds + 1))
        return measure(jobs, rounds, lambda: progress.advance(task))


def _starts(progress: Progress) -> dict[str, list[Start]]:
    task = progress.add_task("Starts", total=len(STARTED) * (STARTS + 1))
    starts = cold_starts(tuple(STARTED.values()), STARTS, lambda: progress.advance(task))
    return {name: starts[started] for name, started in STARTED.items()}


def _parts(starts: Mapping[str, Sequence[Start]]) -> dict[str, Times]:
    openings = {f"opening, {n}": part(s, "opened", "imported") for n, s in starts.items()}
    session = {SESSION: part(starts["fp32"], "opened", "detector")}
    return (
        openings | session | {f"whole start, {n}": part(s, "embedded") for n, s in starts.items()}
    )


def _listed(figures: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.0f}" for name, value in figures.items())


def _memory(starts: Mapping[str, Sequence[Start]]) -> dict[str, float]:
    return {f"start, {n}, one face seen": least_mib(s)["embedded"] for n, s in starts.items()}


if __name__ == "__main__":
    sys.exit(main())
