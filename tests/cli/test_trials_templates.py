"""The templates trial as a command: pictures in, figures and a table out."""

import json

import pytest

from tests.cli.conftest import Cli
from tests.cli.test_trials import NAMES, people

pytestmark = pytest.mark.slow


def test_templates_are_measured_and_told_without_a_name(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(cli.folder / "cache"))
    images = people(cli.folder / "images", NAMES[:2], each=8)
    strangers = people(cli.folder / "strangers", NAMES[1:4], each=1)
    out = cli.folder / "out.json"
    words = ["--images", str(images), "--impostors", str(strangers), "--json", str(out)]
    said = cli.here("trials", "templates", *words)
    found = json.loads(out.read_text())
    singles, fused = found["photographs"], found["templates"]
    assert (singles["pictures"], singles["n_genuine"], singles["n_impostor"]) == (16, 56, 64)
    assert (fused["people"], fused["impostor_people"], fused["n_genuine"]) == (2, 2, 6)
    assert list(singles["ways"]) == list(fused["ways"])
    # One face under two names: nothing but the key keeps their rows apart.
    stolen = found["inversion"]["int8"]
    assert stolen["row_and_key"]["other_template"]["rate"] == 1
    assert stolen["row"]["other_template"]["rate"] == 0
    assert "not measurable: n < 3/FMR" in said
    assert "row and key" in said
    assert not [name for name in NAMES if name in out.read_text() + said]
