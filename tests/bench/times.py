"""Takes times in turns: each round runs every job once, so that all see the same weather."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

# One round is no measurement, and a spread needs two.
ROUNDS_MIN = 2


@dataclass(frozen=True, slots=True)
class Job:
    """Work to be timed. One run of it does the work `calls` times; times are told for one."""

    name: str
    run: Callable[[], object]
    calls: int = 1


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of one call, one entry a round: of this process's CPU, and on the wall."""

    cpu_ms: tuple[float, ...]
    wall_ms: tuple[float, ...]

    def summary(self) -> dict[str, float]:
        """Return minimum, median and the tenth and ninetieth percentile."""
        return {
            f"{clock}_{name}": value
            for clock, taken in (("cpu_ms", self.cpu_ms), ("wall_ms", self.wall_ms))
            for name, value in spread(taken).items()
        }


@dataclass(frozen=True, slots=True)
class Ratio:
    """CPU time of `ours` as a part of `theirs`, and what it has to be at most, if anything."""

    ours: str
    theirs: str
    goal: float | None = None

    def summary(self, times: Mapping[str, Times]) -> dict[str, float]:
        """Return the ratio of the minima, and the spread of the ratios round by round."""
        ours, theirs = times[self.ours].cpu_ms, times[self.theirs].cpu_ms
        by_round = [mine / other for mine, other in zip(ours, theirs, strict=True)]
        of_rounds = {k: v for k, v in spread(by_round).items() if k != "min"}
        return {"of_minima": min(ours) / min(theirs)} | of_rounds


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return minimum, median, tenth and ninetieth percentile of two values or more."""
    tenths = quantiles(values, n=10, method="inclusive")
    return {"min": min(values), "median": median(values), "p10": tenths[0], "p90": tenths[-1]}


def measure(
    jobs: Sequence[Job], rounds: int, told: Callable[[], object] = lambda: None
) -> dict[str, Times]:
    """Run every job once untimed, then once a round, there and back; call `told` after each run."""
    if not rounds >= ROUNDS_MIN:
        raise ValueError(f"{rounds} rounds have no spread; {ROUNDS_MIN} or more do")
    taken: dict[str, list[tuple[float, float]]] = {job.name: [] for job in jobs}
    for job in jobs:
        job.run()
        told()
    for i in range(rounds):
        # Whoever comes after a job that empties the caches would always come after it.
        for job in jobs if i % 2 else reversed(jobs):
            taken[job.name].append(_once(job))
            told()
    return {name: _times(pairs) for name, pairs in taken.items()}


def _once(job: Job) -> tuple[float, float]:
    cpu, wall = time.process_time_ns(), time.perf_counter_ns()
    job.run()
    cpu, wall = time.process_time_ns() - cpu, time.perf_counter_ns() - wall
    return cpu / 1e6 / job.calls, wall / 1e6 / job.calls


def _times(pairs: Sequence[tuple[float, float]]) -> Times:
    cpu_ms, wall_ms = zip(*pairs, strict=True)
    return Times(cpu_ms, wall_ms)
