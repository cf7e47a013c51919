"""Measures the dispenser's line with questions that move nothing."""

import logging
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from edge_atm.cli.unit import dispenser_of
from edge_atm.config import Config
from edge_atm.device import dispenser as driver
from edge_atm.device.dispenser import Timing
from edge_atm.device.lcdm_reports import PathSensor, Status, error_text
from edge_atm.errors import LinkFault, LinkSilent

# Each question is asked once and with no pause before it, so that a lost answer is seen and the
# time is the line's and the device's own.
ONCE = Timing(poll=0.002, quiet=0.0, status=0.5, last=0.5)
SHOWN_AFTER_SECONDS = 2.0
NOTHING = (
    "Nothing answered: see that the dispenser is on, that RXD and TXD are not swapped, and that "
    "`port`, `baud` and `parity` under [dispenser] of the configuration file are the dispenser's."
)
SOME = "Check the serial cable, its plugs and its ground, then run `edge-atm link-test` again."


@dataclass(frozen=True, slots=True)
class Seen:
    """What the device says of one cassette."""

    position: int
    present: bool
    near_end: bool


@dataclass(frozen=True, slots=True)
class LinkReport:
    """What was found. Times are from a question to the end of its answer.

    `disturbances` are answers that came damaged, late or twice. Without any answer the times and
    the state are None.
    """

    port: str
    baud: int
    asked: int
    lost: int
    disturbances: int
    min_ms: float | None = None
    median_ms: float | None = None
    max_ms: float | None = None
    state: str | None = None
    blocked: tuple[str, ...] = ()
    cassettes: tuple[Seen, ...] = ()
    authenticated: bool = False


class _Warnings(logging.Handler):
    """Counts what the driver warns of."""

    count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += 1


def measure(config: Config, times: int) -> LinkReport:
    """Ask for state and memory `times` times. Raises LinkFault when the port cannot be opened."""
    seconds: list[float] = []
    status: Status | None = None
    with _driver_warnings() as warnings, dispenser_of(config, ONCE) as dispenser:
        for question in _tracked([dispenser.status, dispenser.last] * times):
            begun = time.monotonic()
            try:
                answer = question()
            except (LinkFault, LinkSilent):
                continue
            seconds.append(time.monotonic() - begun)
            status = answer if isinstance(answer, Status) else status
    report = LinkReport(
        str(config.dispenser.port), config.dispenser.baud, 2 * times, 2 * times - len(seconds),
        warnings.count,
    )  # fmt: skip
    return report if status is None else _answered(report, seconds, status)


def lines(report: LinkReport) -> Iterator[str]:
    """Yield the report in words."""
    yield (
        f"{report.port} at {report.baud} baud: {report.asked} questions, "
        f"{report.lost} without an answer."
    )
    if report.median_ms is not None:
        yield (
            f"Answered in {report.median_ms:.0f} ms in the median ({report.min_ms:.0f} to "
            f"{report.max_ms:.0f}); "
            f"{report.disturbances} answer(s) damaged, late or repeated."
        )
    if report.state is not None:
        yield f"The device reports {report.state}."
        yield f"Blocked sensors: {', '.join(report.blocked) or 'none'}."
    for seen in report.cassettes:
        filling = "near its end" if seen.near_end else "not near its end"
        yield f"Cassette {seen.position}: {filling if seen.present else 'not there'}."
    yield "The link is not authenticated: whoever reaches the cable can say all this too."
    if report.lost:
        yield NOTHING if report.lost == report.asked else SOME


def _answered(report: LinkReport, seconds: list[float], status: Status) -> LinkReport:
    milliseconds = [1000 * each for each in seconds]
    return replace(
        report,
        min_ms=round(min(milliseconds), 1),
        median_ms=round(statistics.median(milliseconds), 1),
        max_ms=round(max(milliseconds), 1),
        state=error_text(status.error),
        blocked=tuple(_words(sensor) for sensor in status.blocked),
        cassettes=tuple(
            Seen(position, cassette.present, cassette.near_end)
            for position, cassette in enumerate(status.cassettes, start=1)
        ),
    )


def _words(sensor: PathSensor) -> str:
    return str(sensor.name).lower().replace("_", " ")


@contextmanager
def _driver_warnings() -> Iterator[_Warnings]:
    warnings = _Warnings(logging.WARNING)
    driver.log.addHandler(warnings)
    try:
        yield warnings
    finally:
        driver.log.removeHandler(warnings)


def _tracked(questions: list[Callable[[], object]]) -> Iterator[Callable[[], object]]:
    from rich.console import Console
    from rich.progress import Progress

    console, begun = Console(stderr=True), time.monotonic()
    progress = Progress(console=console, transient=True, disable=not console.is_terminal)
    task = progress.add_task("asking", total=len(questions))
    try:
        for question in questions:
            yield question
            progress.advance(task)
            # A test that is over at once needs no bar.
            if time.monotonic() - begun > SHOWN_AFTER_SECONDS:
                progress.start()
    finally:
        progress.stop()
