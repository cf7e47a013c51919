"""Draws a detection error trade-off: FNMR against FMR, both logarithmic, with its 95 % band."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

WIDTH, HEIGHT = 640, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 16, 36, 56
FMR_EXPONENTS = (-6, -2)
FNMR_EXPONENTS = (-4, 0)
# Legible on white and on black.
COLOURS = ("#2f7ed8", "#d9742b", "#2a9d6f", "#b0559f")
STYLE = (
    "text{font:13px sans-serif;fill:#555}.grid{stroke:#8886;stroke-width:1}"
    "@media(prefers-color-scheme:dark){text{fill:#bbb}}"
)


def det_svg(probes: Sequence[Mapping[str, Any]]) -> str:
    """Return the SVG of the `det` points of each of an identification's `probes`.

    An FNMR of nought has no place on a logarithmic axis: it is drawn at the lower edge.
    """
    parts = [_grid()]
    for number, probe in enumerate(probes):
        colour = COLOURS[number % len(COLOURS)]
        label = f"template {probe['template']}, probe {probe['probe']}: {probe['people']} people"
        parts.append(_curve(probe["det"], colour))
        parts.append(_text(LEFT + 12, TOP + 18 * (number + 1), f"— {label}", fill=colour))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
        f"<title>FNMR against FMR</title><style>{STYLE}</style>{''.join(parts)}</svg>\n"
    )


def _grid() -> str:
    parts = []
    for exponent in range(FMR_EXPONENTS[0], FMR_EXPONENTS[1] + 1):
        x = _x(10.0**exponent)
        parts.append(_line(x, TOP, x, HEIGHT - BOTTOM))
        parts.append(_text(x, HEIGHT - BOTTOM + 18, f"1e{exponent}", anchor="middle"))
    for exponent in range(FNMR_EXPONENTS[0], FNMR_EXPONENTS[1] + 1):
        y = _y(10.0**exponent)
        parts.append(_line(LEFT, y, WIDTH - RIGHT, y))
        parts.append(_text(LEFT - 8, y + 4, f"1e{exponent}" if exponent else "1", anchor="end"))
    parts.append(_text((LEFT + WIDTH) / 2, HEIGHT - 12, "FMR", anchor="middle"))
    parts.append(_text(LEFT, TOP - 14, "FNMR, with 95 % by bootstrap over people"))
    return "".join(parts)


def _curve(points: Sequence[Mapping[str, Any]], colour: str) -> str:
    line = [f"{_x(p['fmr']):.1f},{_y(p['fnmr']):.1f}" for p in points]
    low = [f"{_x(p['fmr']):.1f},{_y(p['interval_95'][0]):.1f}" for p in points]
    # Where nobody erred the bootstrap knows no error either: the rule of three does.
    tops = [p.get("upper_95", p["interval_95"][1]) for p in points]
    high = [f"{_x(p['fmr']):.1f},{_y(top):.1f}" for p, top in zip(points, tops, strict=True)]
    band = " ".join([*high, *reversed(low)])
    return (
        f'<polygon points="{band}" fill="{colour}" fill-opacity=".18"/>'
        f'<polyline points="{" ".join(line)}" fill="none" stroke="{colour}" stroke-width="2"/>'
    )


def _x(fmr: float) -> float:
    return _placed(fmr, FMR_EXPONENTS, LEFT, WIDTH - RIGHT)


def _y(fnmr: float) -> float:
    return _placed(fnmr, FNMR_EXPONENTS, HEIGHT - BOTTOM, TOP)


def _placed(rate: float, exponents: tuple[int, int], start: float, end: float) -> float:
    low, high = exponents
    exponent = min(high, max(low, math.log10(rate))) if rate > 0 else low
    return start + (end - start) * (exponent - low) / (high - low)


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="grid" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(x: float, y: float, words: str, anchor: str = "start", fill: str | None = None) -> str:
    colour = f' style="fill:{fill}"' if fill else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{colour}>{words}</text>'
