from collections.abc import Callable
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_atm.records import Floats
from edge_atm.vision.boxes import Indices, agreed, moved, not_inside, overlaps, squared, suppressed

Size = tuple[int, int, int, int]
SIDE = st.integers(1, 60)
PLACE = st.integers(-20, 100)
BOXES = st.lists(st.tuples(PLACE, PLACE, SIDE, SIDE), min_size=1, max_size=25)


def from_sizes(sizes: list[Size]) -> Floats:
    boxes = np.array(sizes, np.float32)
    boxes[:, 2:] += boxes[:, :2]
    return boxes


@settings(deadline=None)
@given(BOXES, st.randoms(use_true_random=False), st.sampled_from([suppressed, not_inside]))
def test_suppression_does_not_depend_on_the_order(
    sizes: list[Size], random: Random, thin_out: Callable[[Floats, Floats, float], Indices]
) -> None:
    boxes = from_sizes(sizes)
    scores = np.array(random.sample(range(1, 1000), len(boxes)), np.float32)
    order = np.array(random.sample(range(len(boxes)), len(boxes)))
    kept = thin_out(boxes, scores, 0.5)
    again = thin_out(boxes[order], scores[order], 0.5)
    np.testing.assert_array_equal(kept, order[again])


@settings(deadline=None)
@given(BOXES, st.randoms(use_true_random=False))
def test_suppression_keeps_the_best_of_every_crowd(sizes: list[Size], random: Random) -> None:
    boxes = from_sizes(sizes)
    scores = np.array([random.choice([0.7, 0.9, 1.0]) for _ in boxes], np.float32)
    kept = suppressed(boxes, scores, 0.5)
    assert (np.diff(scores[kept]) <= 0).all()
    for i in range(len(boxes)):
        shared = overlaps(boxes[i], boxes[kept])
        better = (scores[kept] > scores[i]) | ((scores[kept] == scores[i]) & (kept < i))
        assert (i in kept) == (not (better & (shared > 0.5)).any())


def test_of_equal_scores_the_earlier_box_wins() -> None:
    boxes = from_sizes([(0, 0, 10, 10), (1, 0, 10, 10), (40, 0, 10, 10)])
    assert suppressed(boxes, np.ones(3, np.float32), 0.5).tolist() == [0, 2]


def test_no_boxes_are_no_trouble() -> None:
    nothing = np.zeros((0, 4), np.float32)
    assert suppressed(nothing, np.zeros(0, np.float32), 0.5).tolist() == []
    assert not_inside(nothing, np.zeros(0, np.float32), 0.5).tolist() == []
    assert agreed(nothing, np.zeros(0, np.float32), 0.5).shape == (0, 4)
    assert squared(nothing).shape == moved(nothing, nothing).shape == (0, 4)


def test_what_is_no_box_is_not_kept() -> None:
    boxes = np.array([[np.nan, 0, 5, 5], [9, 9, 2, 2], [0, 0, 10, 10]], np.float32)
    scores = np.array([0.9, 0.8, 0.7], np.float32)
    assert suppressed(boxes, scores, 0.5).tolist() == [2]


def test_boxes_of_one_face_agree_by_their_scores() -> None:
    boxes = from_sizes([(0, 0, 10, 10), (2, 0, 10, 10), (50, 50, 10, 10)])
    scores = np.array([0.9, 0.3, 0.8], np.float32)
    voted = agreed(boxes, scores, 0.5)
    expected = np.array([[0.5, 0, 10.5, 10], [50, 50, 60, 60]])
    np.testing.assert_allclose(voted, expected, rtol=1e-6)


def test_a_box_inside_a_better_one_goes() -> None:
    boxes = from_sizes([(0, 0, 40, 40), (10, 10, 9, 9)])
    scores = np.array([0.9, 0.8], np.float32)
    assert suppressed(boxes, scores, 0.7).tolist() == [0, 1]
    assert not_inside(boxes, scores, 0.7).tolist() == [0]


@pytest.mark.parametrize(("of_smaller", "expected"), [(False, 50 / 200), (True, 50 / 100)])
def test_overlap_is_over_the_union_or_the_smaller(of_smaller: bool, expected: float) -> None:
    first = np.array([0, 0, 10, 10], np.float32)
    second = np.array([[0, 5, 10, 20], [50, 50, 60, 60], [5, 5, 5, 5]], np.float32)
    shared = overlaps(first, second, of_smaller=of_smaller)
    np.testing.assert_allclose(shared, [expected, 0, 0], rtol=1e-6)


def test_boxes_move_by_parts_of_their_size_and_become_square() -> None:
    boxes = np.array([[10, 20, 20, 40]], np.float32)
    offsets = np.array([[0.1, 0.1, -0.1, 0.2]], np.float32)
    np.testing.assert_allclose(moved(boxes, offsets), [[11, 22, 19, 44]], rtol=1e-6)
    np.testing.assert_allclose(squared(boxes), [[5, 20, 25, 40]])
