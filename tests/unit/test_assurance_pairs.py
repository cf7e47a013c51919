"""Lists of pairs in LFW's format, and their folds."""

from pathlib import Path

import pytest

from edge_atm.assurance.pairs import Pair, of_folds, picture_path, read_pairs


@pytest.mark.parametrize(("folds", "count"), [(None, 4), ([1, 3], 2), ([2, 2, 4], 2)])
def test_folds_are_chosen(folds: list[int] | None, count: int) -> None:
    pairs = [Pair(("A", 1), ("A", 2), True, fold) for fold in (1, 2, 3, 4)]
    chosen = of_folds(pairs, folds)
    assert {pair.fold for pair in chosen} == set(folds or [1, 2, 3, 4])
    assert len(chosen) == count


@pytest.mark.parametrize(("folds", "said"), [([1], "no other"), ([1, 9], "no fold 9")])
def test_a_fold_alone_or_absent_is_refused(folds: list[int], said: str) -> None:
    pairs = [Pair(("A", 1), ("A", 2), True, fold) for fold in (1, 2)]
    with pytest.raises(ValueError, match=said):
        of_folds(pairs, folds)


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


@pytest.mark.parametrize(
    "lines",
    [[], ["2"], ["garbage here"], ["1 1", "Ada 1", "Ada 1 x"], ["1 1", "Ada 1 2", "A 1 B 2 C"]],
)
def test_what_is_no_list_of_pairs_is_refused(tmp_path: Path, lines: list[str]) -> None:
    with pytest.raises(ValueError, match=r"does not begin|is not NAME"):
        read_pairs(written(tmp_path, *lines))
