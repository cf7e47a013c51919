"""Draws the simulated light check's rates over the light: one line for each kind, as an SVG."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from edge_atm.assurance.det_plot import COLOURS, STYLE

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 56, 150, 28, 46
LUX = (50, 100, 300, 1000, 3000, 5000)


def plotted(rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Return the SVG: the share accepted of `rows` by species, each by rising "lux"."""
    parts = [_text(LEFT, TOP - 12, "accepted by the light check alone (simulated)")]
    for lux in LUX:
        parts.append(_line(_x(lux), TOP, _x(lux), HEIGHT - BOTTOM))
        parts.append(_text(_x(lux), HEIGHT - BOTTOM + 18, f"{lux:,} lx", "middle"))
    for percent in (0, 25, 50, 75, 100):
        parts.append(_line(LEFT, _y(percent / 100), WIDTH - RIGHT, _y(percent / 100)))
        parts.append(_text(LEFT - 8, _y(percent / 100) + 4, f"{percent} %", "end"))
    label_y = float(HEIGHT)
    for number, (species, found) in enumerate(sorted(rows.items(), key=_last)):
        colour = COLOURS[number % len(COLOURS)]
        points = [(_x(row["lux"]), _y(row["accepted"] / row["presented"])) for row in found]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        label_y = min(label_y - 16, points[-1][1] + 4)
        name = species.replace("_", " ")
        parts.append(_text(WIDTH - RIGHT + 8, label_y, name, fill=colour))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
        f"<title>Accepted by the light check over the light</title><style>{STYLE}</style>"
        f"{''.join(parts)}</svg>\n"
    )


def _last(item: tuple[str, Sequence[Mapping[str, Any]]]) -> float:
    return float(item[1][-1]["accepted"] / item[1][-1]["presented"])


def _x(lux: float) -> float:
    part = math.log(lux / LUX[0]) / math.log(LUX[-1] / LUX[0])
    return LEFT + part * (WIDTH - LEFT - RIGHT)


def _y(share: float) -> float:
    return TOP + (1 - share) * (HEIGHT - TOP - BOTTOM)


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="grid" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(x: float, y: float, words: str, anchor: str = "start", fill: str = "") -> str:
    style = f' style="fill:{fill}"' if fill else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{style}>{words}</text>'
