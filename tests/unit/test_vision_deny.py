"""What one frame is denied for: the limits as numbers, NaN and whatever raises included."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from edge_atm.records import Face, Pixels
from edge_atm.vision.deny import PAD_ERROR, SHIPPED, Cue, deny_by

PIXELS = np.zeros((48, 64, 3), np.uint8)
FACE = Face(np.array([10, 10, 30, 40], np.float32), np.full((5, 2), 20, np.float32), 1.0)


def giving(score: float) -> Callable[[Pixels, Face], float]:
    return lambda _pixels, _face: score


def raising(error: Exception) -> Callable[[Pixels, Face], float]:
    def score(_pixels: Pixels, _face: Face) -> float:
        raise error

    return score


@pytest.mark.parametrize(
    ("score", "word"),
    [(0.5, None), (-np.inf, None), (np.nextafter(0.5, 1), "edge"), (np.inf, "edge"),
     (float("nan"), PAD_ERROR)],
)  # fmt: skip
def test_only_a_number_up_to_the_limit_is_not_denied(score: float, word: str | None) -> None:
    assert deny_by([Cue("edge", giving(score), 0.5)])(PIXELS, FACE) == word


@pytest.mark.parametrize(
    "error", [ValueError(), IndexError(), ZeroDivisionError(), RuntimeError(), cv2.error()]
)
def test_a_cue_that_raises_denies(error: Exception) -> None:
    assert deny_by([Cue("edge", raising(error), 0.5)])(PIXELS, FACE) == PAD_ERROR


def test_a_mistake_of_the_program_is_not_taken_for_an_attack() -> None:
    with pytest.raises(TypeError):
        deny_by([Cue("edge", raising(TypeError()), 0.5)])(PIXELS, FACE)


def test_any_cue_denies_and_the_first_that_does_names_it() -> None:
    cues = [Cue(word, giving(score), 1.0) for word, score in (("a", 0.0), ("b", 2.0), ("c", 3.0))]
    assert deny_by(cues)(PIXELS, FACE) == "b"
    assert deny_by(cues[:1])(PIXELS, FACE) is None
    assert deny_by([])(PIXELS, FACE) is None


@pytest.mark.parametrize("cue", SHIPPED, ids=lambda cue: cue.word)
def test_what_ships_denies_a_face_that_is_none(cue: Cue) -> None:
    lost = Face(FACE.box * np.nan, FACE.landmarks * np.nan, 1.0)
    assert deny_by([cue])(PIXELS, lost) == PAD_ERROR
    # Far outside the picture there is nothing to see, and nothing that raises.
    outside = Face(FACE.box + 5000, FACE.landmarks + 5000, 1.0)
    assert deny_by([cue])(PIXELS, outside) is None


def test_the_limits_are_those_that_were_measured() -> None:
    limits = {cue.word: cue.limit for cue in SHIPPED}
    assert limits == {"device_edge": 0.3}
