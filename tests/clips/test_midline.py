"""The rig's heads leave the line on both sides, its prints do not: not even the creased one."""

from itertools import islice

import pytest

from edge_atm.models import Models
from edge_atm.policy.decision import MIDLINE_MIN
from edge_atm.vision.detector import Detector
from edge_atm.vision.midline import Midline
from tests.rig.camera import Clip
from tests.rig.clips import PRINTS
from tests.rig.stills import STILLS

pytestmark = pytest.mark.slow
DETECTOR = Detector(Models())
# Out, and the hold at the far end.
OUTWARD = 16


def deviation(name: str, segment: str, every: int = 1) -> float:
    """How far the line is left on one side, seen at 15 frames a second or every nth of them."""
    clip, line = Clip.load(name), Midline()
    front = clip.segment("front")[-1]
    line.start(front, DETECTOR.detect(front)[0])
    for pixels in islice(clip.segment(segment), 0, OUTWARD, every):
        line.follow(pixels, DETECTOR.detect(pixels)[0])
    return line.deviation(1.0 if segment == "left" else -1.0)


@pytest.mark.parametrize("segment", ["left", "right"])
@pytest.mark.parametrize("name", tuple(STILLS))
def test_a_head_leaves_the_line(name: str, segment: str) -> None:
    assert deviation(name, segment) >= MIDLINE_MIN + 0.01


@pytest.mark.parametrize("segment", ["left", "right"])
@pytest.mark.parametrize("name", tuple(PRINTS))
def test_a_print_keeps_it(name: str, segment: str) -> None:
    # Measured, not merely lost: the track holds on paper.
    assert abs(deviation(name, segment)) <= MIDLINE_MIN - 0.01


def test_a_slow_camera_that_loses_the_track_never_makes_a_head_of_a_print() -> None:
    assert not deviation("folded_a2", "left", every=2) >= MIDLINE_MIN
