"""docs/trials.md names every key of the figures, every reason and every option, and no others."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import edge_atm.__main__  # noqa: F401 - registers the commands
from edge_atm.assurance import (
    acquisition,
    linkage,
    liveness_frames,
    pictures,
    resampling,
    templates,
    twins,
)
from edge_atm.assurance.calibrate import Sessions, half_figures
from edge_atm.assurance.challenge import Seen
from edge_atm.assurance.challenge_figures import (
    clip_figures,
    gates,
    species_figures,
    twin_figures,
)
from edge_atm.assurance.identify import acquisition_failures, identification, quality_gate
from edge_atm.assurance.lfw import Pairs, Protocol, failures
from edge_atm.assurance.liveness import figures
from edge_atm.assurance.pairs import Pair
from edge_atm.cli.main import cli
from edge_atm.cli.trials import trials
from tests.unit.test_assurance_liveness import CUE, two_sources
from tests.unit.test_assurance_sessions import MEAN, crowd, photo
from tests.unit.touched import touch_figures

FITTED = {"SCORE_MIN": 0.6, "LLR_OFFSET": -9.0, "LLR_SLOPE": 17.0, "LLR_LOG10_MAX": 3.0}
ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "trials.md").read_text(encoding="utf-8")
NAMED = {word for cell in re.findall(r"`([^`\n]+)`", PAGE) for word in [cell]}


def keys(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner)


def measured() -> Iterator[dict[str, object]]:
    """Yield figures of each kind: with errors and without, measurable and not."""
    for noise in (0.5, 4.0):
        people = [p for v in crowd("a", 12, 8, noise).values() for p in v]
        others = [p for v in crowd("s", 150, 2, noise).values() for p in v]
        yield identification(people, others, MEAN, template=5, probe=1)
        lost = [*people, photo("a1", 99, None)]
        yield acquisition_failures(lost) | {"reasons": None}
        yield acquisition_failures(people)
    yield templates.photographs(people, MEAN)
    yield templates.templates(people, others[:40], MEAN)
    yield templates.linkage(people)
    yield templates.inversion([p for v in crowd("a", 2, 8, 0.5).values() for p in v], MEAN)
    yield quality_gate(people) | {"first_failing": None}
    random = np.random.default_rng(1)
    scores = random.normal(0.3, 0.2, 1200)
    one = np.arange(1200)
    same = one % 2 == 0
    pairs = Pairs(one % 4 // 2, same, one % 40, (one + ~same) % 40)
    yield Protocol(pairs, np.stack([scores, scores])).figures()
    samples = {("A", n): photo("A", n, None).sample for n in (1, 2)}
    yield failures([Pair(("A", 1), ("A", 2), True, 1)], samples) | {"reasons": None}
    yield figures(two_sources(), [CUE])
    yield figures(two_sources()[:1], [CUE])
    turned = Seen(list(np.zeros((3, 5, 2), np.float32)))
    yield clip_figures("a", attack=False, seen=turned) | {"accepted_by": None, "margin": gates()}
    twin = twin_figures("a", twins.PRINTS[0], turned)
    yield from (twin, *species_figures([twin]))
    yield from touch_figures()
    yield half_figures(Sessions(scores, scores - 0.3, scores - 0.3, 9, 9, 9), FITTED)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_every_key_of_the_figures_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resampling, "RESAMPLES", 20)
    monkeypatch.setattr(linkage, "SPLITS", 2)
    found = {key for figures in measured() for key in keys(figures)}
    assert found - NAMED == set()
    # Written by the commands themselves.
    source = "".join(p.read_text() for p in (ROOT / "edge_atm" / "cli").glob("trials*.py"))
    written = set(re.findall(r'^ +"([a-z_]+)": ', source, re.MULTILINE))
    written |= set(re.findall(r'result\["([a-z_]+)"\]', source))
    assert written - NAMED == set()
    tables = re.findall(r"^\| (`[^|]+) \|", PAGE, re.MULTILINE)
    told = {key for row in tables for key in re.findall(r"`([a-z_0-9]+)`", row)}
    assert told - found - written - reasons() == set()


def reasons() -> set[str]:
    modules = (pictures.__file__, acquisition.__file__, liveness_frames.__file__)
    source = "".join(Path(path).read_text(encoding="utf-8") for path in modules)
    return set(re.findall(r'(?:Unusable|lost_to)\("([a-z_]+)"\)', source))


def test_every_reason_and_every_option_is_named() -> None:
    assert reasons() <= NAMED
    for name, command in trials.commands.items():
        assert f"edge-atm trials {name}" in PAGE
        options = {option for p in command.params for option in p.opts}
        assert {option for option in options if option not in PAGE} == set()
    assert "trials" in cli.commands


def test_the_limits_are_those_of_the_code() -> None:
    assert pictures.PIXELS_MAX == 64_000_000
    assert pictures.FILE_BYTES_MAX == 64 * 2**20
    assert pictures.SIDE_PX_MAX == 1920
