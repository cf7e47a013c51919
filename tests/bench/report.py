"""Figures as a table for people, and as JSON for programs."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from rich.console import Console, RenderableType
from rich.table import Table

from tests.bench.times import Ratio, Times


def table_of_times(title: str, times: Mapping[str, Times], unit: str | None = None) -> Table:
    """Return one row a job; with `unit` also how often that job's CPU minimum goes into each."""
    columns = ("CPU ms, min", "median", "p10-p90", "wall ms, median")
    table = _table(title, *columns, *([f"x {unit}"] if unit else []))
    for name, taken in times.items():
        s = taken.summary()
        table.add_row(
            name,
            _short(s["cpu_ms_min"]),
            _short(s["cpu_ms_median"]),
            f"{_short(s['cpu_ms_p10'])}-{_short(s['cpu_ms_p90'])}",
            _short(s["wall_ms_median"]),
            *([_short(s["cpu_ms_min"] / min(times[unit].cpu_ms))] if unit else []),
        )
    return table


def table_of_ratios(title: str, ratios: Iterable[Ratio], times: Mapping[str, Times]) -> Table:
    """Return one row a ratio, with what it should be beside it."""
    table = _table(title, "of minima", "median", "p10-p90", "to reach")
    for ratio in ratios:
        s = ratio.summary(times)
        goal = "" if ratio.goal is None else f"<= {ratio.goal:g}"
        low, high = _short(s["p10"]), _short(s["p90"])
        row = (_short(s["of_minima"]), _short(s["median"]), f"{low}-{high}", goal)
        table.add_row(f"{ratio.ours} / {ratio.theirs}", *row)
    return table


def table_of_facts(title: str, rows: Mapping[str, Mapping[str, float]]) -> Table:
    """Return one row a name; the columns are the first row's keys."""
    columns = list(next(iter(rows.values())))
    table = _table(title, *columns)
    for name, row in rows.items():
        table.add_row(name, *(_short(row[column]) for column in columns))
    return table


def told(
    machine: Mapping[str, object], times: Mapping[str, Times], ratios: Iterable[Ratio]
) -> dict[str, object]:
    """Return the part of the JSON that all benchmarks have."""
    return {
        "machine": machine,
        "rounds": len(next(iter(times.values())).cpu_ms),
        "times": {name: taken.summary() for name, taken in times.items()},
        "ratios": {
            f"{ratio.ours} / {ratio.theirs}": {**ratio.summary(times), "to_reach": ratio.goal}
            for ratio in ratios
        },
    }


def write(path: Path | None, result: Mapping[str, object]) -> None:
    """Write the JSON, if a file was asked for."""
    if path is not None:
        path.write_text(json.dumps(result, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def say(machine: Mapping[str, object], *tables: RenderableType) -> None:
    """Print one line about the machine, one of versions, and what was measured."""
    console = Console()
    # A file has no width of its own.
    console.width = console.width if console.is_terminal else 120
    versions = machine["versions"]
    assert isinstance(versions, Mapping)
    flags = machine["flags"]
    assert isinstance(flags, list)
    console.print(f"{machine['cpu']}, {machine['cores']} cores, {' '.join(flags)}", markup=False)
    known = ", ".join(f"{name} {number}" for name, number in versions.items())
    console.print(f"kernel {machine['kernel']}, {known}", markup=False)
    for table in tables:
        console.print(table, highlight=False)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _short(value: float) -> str:
    # Three figures, never an exponent.
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
