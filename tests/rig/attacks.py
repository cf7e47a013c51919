"""`python -m tests.rig.attacks`: simulated attacks of each species, and what refused them."""

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from edge_atm.assurance.rates import clopper_pearson
from edge_atm.cli.progress import counted
from tests.rig import attack_runs
from tests.rig.attack_cues import CUES
from tests.rig.attack_runs import LIVE, SEEDS, Row
from tests.rig.sources import SourceFault

BPCER_MAX = 0.03
# Of living people so many times as of one species of attack, so that their rate can be shown.
LIVE_PART = 6
TITLES = {
    "landmarks": "landmarks and colours, simulated",
    "pixels": "through full pixels, simulated",
}


def main(arguments: list[str] | None = None) -> int:
    """Print the tables; return 1 when an attack was paid or too many people refused, else 0."""
    asked = _parser().parse_args(arguments)
    seed = SEEDS["dev" if asked.dev else "report"]
    rows: list[Row] = []
    try:
        if asked.sessions:
            found = attack_runs.landmarks(asked.sessions, seed, asked.jobs)
            rows += _all(found, "landmarks", attack_runs.landmark_parts(asked.sessions))
        if asked.pixels:
            live = LIVE_PART * asked.pixels
            found = attack_runs.pixels(asked.pixels, live, seed, asked.jobs)
            rows += _all(found, "full pixels", attack_runs.pixel_parts(asked.pixels, live))
    except SourceFault as fault:
        Console(stderr=True).print(str(fault), soft_wrap=True, markup=False)
        return 1
    if asked.json:
        text = json.dumps({"simulated": True, "seed": seed, "sessions": rows}, allow_nan=True)
        asked.json.write_text(text + "\n", encoding="utf-8")
    console = Console(width=None if sys.stdout.isatty() else 130)
    for level, title in TITLES.items():
        if of_level := [row for row in rows if row["level"] == level]:
            console.print(rates_table(of_level, title))
            console.print(cues_table(of_level, title))
    return 0 if rows and passed(rows) else 1


def passed(rows: Iterable[Row]) -> bool:
    """Return whether no attack was paid, and of live people no more refused than BPCER_MAX."""
    rows = list(rows)
    if any(row["paid"] for row in rows if row["species"] != LIVE):
        return False
    for level in TITLES:
        live = [row for row in _acquired(rows) if (row["species"], row["level"]) == (LIVE, level)]
        if not sum(not row["paid"] for row in live) <= BPCER_MAX * len(live):
            return False
    return True


def rates_table(rows: list[Row], title: str) -> Table:
    """Return APCER of each species, BPCER of live people, with n, interval and first reasons."""
    table = Table(title=f"Who was paid: {title}", title_justify="left")
    for column in ("species", "n", "error", "rate", "95 %", "what ended or refused them"):
        table.add_column(column, justify="left" if column[0] in "sw" else "right")
    for species, all_of_it in _by_species(rows):
        live, of_it = species == LIVE, _acquired(all_of_it)
        errors = sum(row["paid"] != live for row in of_it)
        low, high = clopper_pearson(errors, len(of_it))
        reasons = Counter(_reason(row) for row in of_it if not row["paid"])
        table.add_row(
            species,
            str(len(of_it))
            + (f" (FTA {missed})" if (missed := len(all_of_it) - len(of_it)) else ""),
            f"{'BPCER' if live else 'APCER'} {errors}",
            f"{errors / len(of_it):.2%}",
            f"{low:.2%} to {high:.2%}",
            ", ".join(f"{reason} {count}" for reason, count in reasons.most_common(4)),
        )
    return table


def cues_table(rows: list[Row], title: str) -> Table:
    """Return how often each cue refused, and how often it was the only one to do so."""
    table = Table(title=f"Refused by, and APCER without that cue: {title}", title_justify="left")
    for column in ("species", *CUES):
        table.add_column(column, justify="left" if column == "species" else "right")
    for species, of_it in _by_species(rows):
        refusals = Counter(cue for row in of_it for cue in row["refused_by"])
        alone = Counter(row["refused_by"][0] for row in of_it if len(row["refused_by"]) == 1)
        paid = sum(row["paid"] for row in of_it)
        n = len(of_it)
        cells = (f"{refusals[c] / n:.0%} ({(alone[c] + paid) / n:.1%})" for c in CUES)
        table.add_row(species, *cells)
    return table


def _by_species(rows: list[Row]) -> Iterable[tuple[str, list[Row]]]:
    for species in dict.fromkeys(row["species"] for row in rows):
        yield species, [row for row in rows if row["species"] == species]


def _acquired(rows: list[Row]) -> list[Row]:
    # A live person without a good picture is a failure to acquire (ISO/IEC 19795-1): no BPCER.
    return [row for row in rows if (row["species"], row["fault"]) != (LIVE, "not_acquired")]


def _reason(row: Row) -> str:
    return str(row["fault"] or "+".join(row["refused_by"]))


def _all(found: Iterable[list[Row]], doing: str, parts: int) -> list[Row]:
    rows: list[Row] = []
    with counted(doing, parts) as done:
        for part in found:
            rows += part
            done(1)
    return rows


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.rig.attacks", description=__doc__)
    parser.add_argument("--sessions", type=int, default=2000, help="of each species (landmarks)")
    parser.add_argument("--pixels", type=int, default=50, help="of each species (full pixels)")
    parser.add_argument("--json", type=Path, help="write every session here")
    parser.add_argument("--dev", action="store_true", help="the seeds that gates are found on")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    return parser


if __name__ == "__main__":
    sys.exit(main())
