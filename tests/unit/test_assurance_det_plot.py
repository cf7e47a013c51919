"""The plot stands on its own, and its points lie where the axes say."""

import re
from xml.etree import ElementTree

import pytest

from edge_atm.assurance.det_plot import HEIGHT, WIDTH, det_svg


def probe(*points: tuple[float, float, float, float]) -> dict[str, object]:
    det = [{"fmr": a, "fnmr": b, "interval_95": [low, high]} for a, b, low, high in points]
    return {"template": 5, "probe": 3, "people": 45, "det": det}


def drawn(svg: str, kind: str) -> list[tuple[float, float]]:
    tree = ElementTree.fromstring(svg)
    found = tree.find(f".//{{http://www.w3.org/2000/svg}}{kind}")
    assert found is not None
    return [
        (float(x), float(y)) for x, y in re.findall(r"([\d.]+),([\d.]+)", found.attrib["points"])
    ]


def test_each_decade_is_as_wide_as_the_next_and_the_band_holds_the_line() -> None:
    points = [(1e-2, 1e-3, 0.0, 1e-2), (1e-3, 1e-2, 1e-3, 1e-1), (1e-4, 1e-1, 1e-2, 1.0)]
    svg = det_svg([probe(*points)])
    line = drawn(svg, "polyline")
    (x1, y1), (x2, y2), (x3, y3) = line
    assert x1 - x2 == pytest.approx(x2 - x3, abs=0.2)
    assert y1 - y2 == pytest.approx(y2 - y3, abs=0.2)
    assert x1 > x2 > x3
    assert y1 > y2 > y3
    band = drawn(svg, "polygon")
    upper, lower = band[:3], band[:2:-1]
    assert all(u[1] < p[1] < low[1] for u, p, low in zip(upper, line, lower, strict=True))
    # Nought and rates off the axes stay on the sheet.
    assert all(0 < x < WIDTH and 0 < y < HEIGHT for x, y in band)


def test_a_probe_that_measured_nothing_is_an_empty_plot() -> None:
    assert "template 5, probe 3: 45 people" in det_svg([probe()])
    assert drawn(det_svg([probe()]), "polyline") == []


def test_no_error_is_drawn_up_to_what_it_proves() -> None:
    nobody = probe((1e-3, 0.0, 0.0, 0.0)) | {
        "det": [{"fmr": 1e-3, "fnmr": 0.0, "interval_95": [0.0, 0.0], "upper_95": 0.1}]
    }
    top, bottom = drawn(det_svg([nobody]), "polygon")
    assert top[1] < drawn(det_svg([nobody]), "polyline")[0][1] == bottom[1]
