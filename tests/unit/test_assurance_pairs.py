"""The LFW protocol on made-up scores whose right answer is known."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from edge_atm.assurance.pairs import Pair, picture_path, read_pairs, report
from edge_atm.records import Floats
from tests.unit.test_policy import unit

MEAN = np.zeros(512, dtype=np.float32)
# One fold: the scores of its same pairs and of its different pairs; None is a face not found.
Fold = tuple[Sequence[float | None], Sequence[float | None]]
CLEAR: Fold = ((0.9, 0.8), (0.2, 0.1))


def measured(*folds: Fold) -> dict[str, object]:
    pairs: list[Pair] = []
    vectors: dict[tuple[str, int], Floats | None] = {("one", 0): unit(1.0)}
    for number, scores in enumerate(folds, start=1):
        for same, group in zip((True, False), scores, strict=True):
            for score in group:
                other = ("other", len(pairs))
                aside = 0.0 if score is None else math.sqrt(1.0 - np.nan_to_num(score) ** 2)
                vectors[other] = None if score is None else unit(score, aside)
                pairs.append(Pair(("one", 0), other, same, number))
    return report(pairs, vectors, MEAN)


def test_each_folds_threshold_comes_from_the_other_folds() -> None:
    # Each fold alone parts without a mistake, but not at the other's threshold: its own would
    # give 1.0, one of all pairs together .75.
    found = measured(((0.9, 0.9), (0.6, 0.6)), ((0.5, 0.5), (0.2, 0.2)))
    assert found["accuracy"] == 0.5
    assert (found["folds"], found["pairs"], found["pairs_without_a_face"]) == (2, 8, 0)


def test_folds_are_averaged_and_their_spread_is_told() -> None:
    found = measured(CLEAR, CLEAR, ((0.9, 0.1), (0.2, 0.1)))
    assert found["accuracy"] == pytest.approx((1.0 + 1.0 + 0.75) / 3)
    assert found["accuracy_sd"] == pytest.approx(np.std([1.0, 1.0, 0.75], ddof=1))
    alone = measured(CLEAR)
    assert (alone["accuracy"], alone["accuracy_sd"], alone["eer"]) == (1.0, None, 0.0)


@pytest.mark.parametrize("lost", [None, math.nan])
@pytest.mark.parametrize("where", ["same", "different"])
def test_a_pair_without_a_face_is_a_failure(lost: float | None, where: str) -> None:
    # A lost face of two different people must not count as "told apart".
    same, different = ((lost, 0.8), (0.2, 0.1)) if where == "same" else ((0.9, 0.8), (lost, 0.1))
    found = measured(CLEAR, (same, different))
    assert found["accuracy"] == pytest.approx((1.0 + 0.75) / 2)
    assert found["pairs_without_a_face"] == 1
    assert found["eer"] == 0.0


def test_the_mean_is_taken_from_both() -> None:
    # With the mean still in them the two strangers are by far the nearer pair.
    mean = unit(0.0, 0.0, 1.0) * np.float32(10.0)
    near, far = np.float32(5.0), np.float32(0.01)
    vectors: dict[tuple[str, int], Floats | None] = {
        ("ada", 1): mean + near * unit(1.0),
        ("ada", 2): mean + near * unit(0.9, 0.436),
        ("bob", 1): mean + far * unit(1.0),
        ("cy", 1): mean + far * unit(0.0, 1.0),
    }
    pairs = [Pair(("ada", 1), ("ada", 2), True, 1), Pair(("bob", 1), ("cy", 1), False, 1)]
    assert report(pairs, vectors, mean)["accuracy"] == 1.0
    assert report(pairs, vectors, MEAN)["accuracy"] == 0.5


def test_accepts_at_a_rate_need_enough_impostors_to_show_it() -> None:
    few: Fold = ((0.9, 0.01), tuple(np.linspace(0.1, 0.5, 299)))
    enough: Fold = ((0.9, 0.01), tuple(np.linspace(0.1, 0.5, 300)))
    assert measured(few)["tar_at_far_1e-2"] is None
    assert measured(enough)["tar_at_far_1e-2"] == 0.5


def test_the_equal_error_rate_is_where_both_errors_meet() -> None:
    genuine, impostor = np.linspace(0.4, 0.9, 1001), np.linspace(0.0, 0.5, 1001)
    found = measured((tuple(genuine), tuple(impostor)))
    assert found["eer"] == pytest.approx(0.1, abs=0.002)


def written(folder: Path, *lines: str) -> Path:
    path = folder / "pairs.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


GOOD = ["2 1", "Ada\t1\t2", "Ada\t3\tBob\t4", "Cy\t1\t3", "Cy\t2\tDee\t1"]


def test_pairs_are_read_fold_by_fold(tmp_path: Path) -> None:
    assert read_pairs(written(tmp_path, *GOOD)) == [
        Pair(("Ada", 1), ("Ada", 2), True, 1),
        Pair(("Ada", 3), ("Bob", 4), False, 1),
        Pair(("Cy", 1), ("Cy", 3), True, 2),
        Pair(("Cy", 2), ("Dee", 1), False, 2),
    ]
    assert picture_path(tmp_path, ("Ada", 3)) == tmp_path / "Ada" / "Ada_0003.jpg"


@pytest.mark.parametrize(
    "lines", [GOOD[:-1], [*GOOD, "Cy\t2\tBob\t1"], ["1 1", *GOOD[1:]], ["2 2", *GOOD[1:]], GOOD[:1]]
)
def test_another_count_than_the_headers_is_refused(tmp_path: Path, lines: list[str]) -> None:
    with pytest.raises(ValueError, match="the header says"):
        read_pairs(written(tmp_path, *lines))


@pytest.mark.parametrize("lines", [[], ["2"], ["garbage here"], ["1 1", "Ada 1", "Ada 1 x"]])
def test_what_is_no_list_of_pairs_is_refused(tmp_path: Path, lines: list[str]) -> None:
    with pytest.raises((ValueError, IndexError)):
        read_pairs(written(tmp_path, *lines))
