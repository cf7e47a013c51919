"""The liveness trial's figures: whom a limit is chosen on, what counts once, what is not judged."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_atm.assurance.liveness import figures
from edge_atm.assurance.liveness_frames import Shown
from edge_atm.assurance.liveness_labels import Presentation, read_labels
from edge_atm.assurance.rates import Scores, clopper_pearson
from edge_atm.cli.trials_liveness_table import liveness_table
from edge_atm.vision.deny import Cue

CUE = Cue("edge", lambda _pixels, _face: 0.0, 0.5)
NONE: Scores = np.empty((0, 1))


def column(*scores: float) -> Scores:
    return np.array(scores, dtype=np.float64).reshape(-1, 1)


def shown(source: str, species: str | None, *scores: float, half: float | None = None,
          passed: bool = True, subject: str = "a") -> Shown:  # fmt: skip
    one = Presentation(Path("a.jpg"), source, species, subject)
    live = species is None and len(scores)
    halved = column(*(scores if half is None else [half])) if live else NONE
    kept = column(*scores) if passed else NONE
    failing = None if passed or not scores else "InterEyeDistance"
    return Shown(one, None if scores else "no_face", failing, column(*scores), kept, halved)


def two_sources() -> list[Shown]:
    """`a`: 100 live people of .001 to .100; `b`: 30 live and 30 attacks."""
    people = [shown("a", None, number / 1000, subject=str(number)) for number in range(1, 101)]
    others = [shown("b", None, 0.05) for _ in range(30)]
    attacks = [shown("b", "print", 0.2 if number < 3 else 0.0) for number in range(30)]
    return people + others + attacks


def test_a_limit_is_chosen_on_the_other_sources_alone() -> None:
    rows = {row["source"]: row for row in figures(two_sources(), [CUE])["leave_one_out"][0]["of"]}
    # Four of the two hundred scores of `a`, at both sizes, may be above: .100 and .099 twice.
    assert rows["b"]["limit"] == pytest.approx(0.098)
    assert rows["b"]["bona_fide"]["count"] == 0
    assert (rows["b"]["attacks"]["count"], rows["b"]["attacks"]["n"]) == (3, 30)
    assert rows["b"]["earned"]
    assert rows["b"]["judged"]
    # `a` is live only: half of its people are above what all of `b` share.
    assert rows["a"]["limit"] == 0.05
    assert rows["a"]["bona_fide"]["rate"] == 0.5
    assert not rows["a"]["earned"]


def test_a_cue_that_reads_the_size_of_the_face_earns_nothing() -> None:
    reading = [
        shown(one.presentation.source, one.presentation.species, *one.faces[:, 0],
              half=0.3 if one.presentation.source == "b" else None)
        for one in two_sources()
    ]  # fmt: skip
    (cue,) = figures(reading, [CUE])["leave_one_out"]
    assert cue["earned_in"] == []
    assert not cue["ships"]


def test_one_source_alone_shows_nothing_of_another() -> None:
    result = figures([one for one in two_sources() if one.presentation.source == "b"], [CUE])
    assert result["leave_one_out"][0]["ships"] is None
    assert "not measurable" in liveness_table(result)


def test_a_clip_counts_once_and_by_most_of_its_frames() -> None:
    clips = [
        shown("a", "screen", 0.9, 0.9, 0.1),
        shown("a", "screen", 0.9, 0.1),
        shown("a", "screen", float("nan"), float("nan"), 0.1),
        shown("a", "screen", 0.5),
    ]
    (attack,) = figures(clips, [CUE])["sources"][0]["attacks"]
    # Half is not most; the limit itself is not above it; NaN is.
    assert (attack["n"], attack["denied"], attack["apcer"]) == (4, 2, 0.5)


def test_what_the_gate_or_the_detector_loses_is_apart() -> None:
    lost = [shown("a", None), shown("a", None, 0.9, passed=False), shown("a", None, 0.9)]
    result = figures(lost, [CUE])
    live = result["sources"][0]["bona_fide"]
    assert (live["presentations"], live["n"], live["bpcer"]) == (3, 1, 1.0)
    assert live["acquisition"] == {"fta": 1 / 3, "failed": 1, "reasons": {"no_face": 1}}
    assert live["quality_gate"]["first_failing"] == {"InterEyeDistance": 1}
    assert live["any_face"]["n"] == 2
    assert not live["judged"]
    # Too few to break what is asked of every judged source.
    assert result["bpcer_kept"]
    many = figures([shown("a", None, 0.9) for _ in range(20)], [CUE])
    assert not many["bpcer_kept"]
    assert "NOT KEPT" in liveness_table(many)


def test_figures_are_json_even_where_nothing_can_be_known() -> None:
    undecided = [shown(source, None, float("nan")) for source in ("a", "b")]
    text = json.dumps(figures([*undecided, shown("c", "print", 0.1)], [CUE]), allow_nan=False)
    assert '"limit": null' in text


@pytest.mark.parametrize(
    ("errors", "count", "span"),
    [(0, 84, (0, 0.0430)), (5, 10, (0.1871, 0.8129)), (10, 10, (0.6915, 1)),
     (1, 25, (0.001, 0.2035))],
)  # fmt: skip
def test_clopper_pearson_is_as_in_the_tables(
    errors: int, count: int, span: tuple[float, float]
) -> None:
    assert clopper_pearson(errors, count) == pytest.approx(span, abs=1e-4)


@settings(max_examples=25)
@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_clopper_pearson_holds_its_rate_and_mirrors(counted: tuple[int, int]) -> None:
    errors, count = counted
    low, high = clopper_pearson(errors, count)
    assert 0 <= low <= errors / count <= high <= 1
    assert clopper_pearson(count - errors, count) == pytest.approx((1 - high, 1 - low), abs=1e-9)


HEAD = "path,source,label,attack_type,subject,more"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("path,source\n", "line 1 has no column label, attack_type, subject"),
        (f"{HEAD}\n", "lists no file"),
        (f"{HEAD}\na.jpg,s,real,,x,1\na.jpg,s,maybe,,x,1\n", "line 3: label 'maybe'"),
        (f"{HEAD}\na.jpg,s,attack,,x,1\n", "line 2: attack_type ''"),
        (f"{HEAD}\na.jpg,s,real,print,x,1\n", "line 2: attack_type 'print'"),
        (f"{HEAD}\na.jpg,,real,,x,1\n", "line 2: no source"),
        (f"{HEAD}\nb.jpg,s,real,,x,1\n", "line 2: there is no file b.jpg"),
        (f"{HEAD}\n../a.jpg,s,real,,x,1\n", "line 2: path '../a.jpg' is none inside"),
        (f"{HEAD}\n,s,real,,x,1\n", "line 2: path '' is none inside"),
        (f"{HEAD}\na.jpg,s\n", "line 2: fewer columns"),
        (f"{HEAD}\n" + "b.jpg,s,real,,x,1\n" * 8, "and 3 more"),
    ],
)
def test_a_bad_list_is_told_with_its_lines(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "a.jpg").touch()
    labels = tmp_path / "labels.csv"
    labels.write_text(text)
    with pytest.raises(ValueError, match=r"labels\.csv") as caught:
        read_labels(tmp_path, labels)
    assert said in str(caught.value)
