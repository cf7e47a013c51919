"""Sweeps the simulated light check: `python -m tests.rig.light_sweep --json OUT --svg OUT`."""

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from edge_atm.assurance.rates import clopper_pearson
from edge_atm.cli.progress import counted
from edge_atm.policy.challenge import draw_challenge
from edge_atm.policy.decision import LIGHT_FIT_MIN, LIGHT_GAIN_MIN
from edge_atm.records import Colour
from edge_atm.vision.light import FIELD_SECONDS
from edge_atm.vision.light_fit import Doubles
from edge_atm.vision.light_response import LAG_MAX, response
from tests.rig import optics
from tests.rig.light_plot import plotted
from tests.rig.light_seen import measured
from tests.rig.presentations import Species, draw_scene, filmed

# Seeds below 1000 are for choosing constants; only others are reported.
REPORT_SEED = 2026
LUX = (50, 100, 200, 300, 500, 700, 1000, 1500, 2000, 3000, 5000)
LATENCIES_SECONDS = tuple(round(0.05 * i, 2) for i in range(11))
LATENCY_RANGE = (0.05, 0.30)
FPS, JITTER_SECONDS, DROPPED = 15, 0.004, 0.02


def look(
    species: Species,
    fields: tuple[Colour, ...],
    random: np.random.Generator,
    lux: float = optics.LOBBY_LUX,
    latency_seconds: float | None = None,
    skin: int | None = None,
) -> tuple[float, float]:
    """Return (light gain, light fit) of one simulated look at a presentation of `species`."""
    skin = int(random.integers(len(optics.SKIN_LAB))) if skin is None else skin
    if latency_seconds is None:
        latency_seconds = random.uniform(*LATENCY_RANGE)
    at, began = timed(len(fields), random)
    scene = draw_scene(species, random, lux, latency_seconds, skin)
    shown = [colour.value for colour in fields]
    pixels = filmed(scene, at, list(zip(began, [*shown, None], strict=True)), random)
    return response(at, np.array(began), fields, measured(pixels))


def timed(fields: int, random: np.random.Generator) -> tuple[Doubles, list[float]]:
    """Return when frames come, as `LightCheck` wants them, and when it commands each field."""
    count = round((fields * (FIELD_SECONDS + 1 / FPS) + LAG_MAX + 0.5) * FPS)
    at = np.arange(count) / FPS + random.normal(0, JITTER_SECONDS, count)
    at = at[random.random(count) >= DROPPED]
    began = [float(at[0])]
    for time in at:
        if time - began[-1] >= FIELD_SECONDS and len(began) <= fields:
            began.append(float(time))
    return at[at <= began[-1] + LAG_MAX + 1 / FPS], began


def sweep(seed: int, count: int) -> dict[str, Any]:
    """Return accepted and presented, with intervals, over light, latency and skin."""
    random = np.random.default_rng(seed)
    with counted("looks", count * (len(LUX) * len(Species) + 17)) as done:

        def of(species: Species, **fixed: float) -> dict[str, Any]:
            accepted = 0
            for _ in range(count):
                fields = draw_challenge(random.bytes(16)).fields
                gain, fit = look(species, fields, random, **fixed)  # type: ignore[arg-type]
                accepted += gain >= LIGHT_GAIN_MIN and fit >= LIGHT_FIT_MIN
                done(1)
            return {**fixed, "accepted": accepted, "presented": count}

        lit = {species.value: [of(species, lux=lux) for lux in LUX] for species in Species}
        late = [of(Species.LIVE, latency_seconds=late) for late in LATENCIES_SECONDS]
        skins = [of(Species.LIVE, skin=skin) for skin in range(len(optics.SKIN_LAB))]
    totals = {species: _total(rows) for species, rows in lit.items() if species != "live"}
    gates = {"light_gain_min": LIGHT_GAIN_MIN, "light_fit_min": LIGHT_FIT_MIN}
    facts = {"simulated": True, "seed": seed, "gates": gates, "apcer": totals}
    return {**facts, "lux": lit, "latency": late, "skin": skins}


def _total(rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    accepted, presented = (sum(row[key] for row in rows) for key in ("accepted", "presented"))
    interval = [round(end, 5) for end in clopper_pearson(accepted, presented)]
    return {"accepted": accepted, "presented": presented, "interval_95": interval}


def main() -> int:
    """Sweep, print one line each, and write the files asked for. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="light_sweep", description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="looks for each figure")
    parser.add_argument("--seed", type=int, default=REPORT_SEED, help="below 1000 is for tuning")
    parser.add_argument("--json", type=Path, help="write all counts to this file")
    parser.add_argument("--svg", type=Path, help="draw the rates over the light into this file")
    asked = parser.parse_args()
    found = sweep(asked.seed, asked.count)
    for species, rows in found["lux"].items():
        print(f"{species:16}", *(f"{row['lux']} lx {row['accepted']}" for row in rows), sep="  ")
    for row in [*found["latency"], *found["skin"]]:
        print(row)
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1) + "\n")
    if asked.svg:
        asked.svg.write_text(plotted(found["lux"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
