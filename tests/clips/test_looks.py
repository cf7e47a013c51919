"""Whole looks of the rig's people and of attacks on them, through the real detector and net."""

from collections.abc import Callable
from functools import cache
from itertools import islice, pairwise, product

import numpy as np
import pytest

from edge_atm.models import Models
from edge_atm.records import Face, Frame, Hint, Look, Pixels, Side
from edge_atm.vision.detector import Detector
from edge_atm.vision.embedder import Embedder
from edge_atm.vision.motion import YAW_SPEED_MAX
from edge_atm.vision.pose import yaw_proxy
from edge_atm.vision.samples import SAME_FACE_MIN
from edge_atm.vision.track import Track
from edge_atm.vision.turn import measure
from edge_atm.vision.watch import TurnWatch
from tests.rig.camera import Clip, RecordedCamera
from tests.rig.clips import FPS
from tests.rig.customer import SEGMENTS as PLAYED
from tests.rig.customer import Customer
from tests.rig.stills import STILLS

pytestmark = pytest.mark.slow

HEADS = tuple(STILLS)
SEGMENTS = {hint: PLAYED[hint] for hint in (Hint.TURN_LEFT, Hint.TURN_RIGHT)}
FRAMES_MAX = 150
RANGE_GATE, RESIDUAL_GATE = 0.5, 0.40


@cache
def detector() -> Detector:
    return Detector(Models())


@cache
def embedder() -> Embedder:
    return Embedder(Models())


def look(clip: str, side: Side) -> Look:
    camera = RecordedCamera(Clip.load(clip))
    customer, watch = Customer(camera), TurnWatch(detector(), embedder(), side)
    for frame in islice(camera.frames(), FRAMES_MAX):
        customer.guide(watch.see(frame), frame, watch.face)
        if watch.done:
            break
    return watch.look()


def staged(show: Callable[[Hint | None, int], Pixels], side: Side) -> Look:
    """A look at whatever the thief shows for a hint, and so many frames after it was given."""
    watch, hint, since = TurnWatch(detector(), embedder(), side), None, 0
    for number in range(1, FRAMES_MAX):
        told = watch.see(Frame(show(hint, since), number / FPS, number))
        hint, since = told, since + 1 if told is hint else 0
        if watch.done:
            break
    return watch.look()


@cache
def seen(clip: str, segment: str) -> list[tuple[Pixels, Face]]:
    return [(p, detector().detect(p)[0]) for p in Clip.load(clip).segment(segment)]


def yaws(clip: str, segment: str) -> list[float]:
    return [float(yaw_proxy(face.landmarks)) for _, face in seen(clip, segment)]


def furthest(clip: str, segment: str) -> Pixels:
    return seen(clip, segment)[int(np.argmax(np.abs(yaws(clip, segment))))][0]


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("clip", HEADS)
def test_a_head_is_a_head_whichever_way_it_turns_first(clip: str, side: Side) -> None:
    found = look(clip, side)
    assert found.liveness.fault is None
    assert found.liveness.turn_range >= RANGE_GATE
    assert found.liveness.nose_residual >= RESIDUAL_GATE
    assert len(found.embeddings) == 8


@pytest.mark.parametrize("clip", HEADS)
def test_a_head_never_jumps_from_segment_to_segment(clip: str) -> None:
    step_max = YAW_SPEED_MAX / FPS
    for segment in ("left", "right"):
        turned = yaws(clip, segment)
        assert max(abs(b - a) for a, b in pairwise(turned)) <= step_max
        # It may come, and go back, at any place of the idling.
        for idle in yaws(clip, "front"):
            assert abs(turned[0] - idle) <= step_max
            assert abs(turned[-1] - idle) <= step_max
    assert abs(yaws(clip, "left")[-1] - yaws(clip, "right")[0]) <= step_max


@pytest.mark.parametrize("clip", HEADS)
def test_a_turned_head_stays_the_same_face(clip: str) -> None:
    front = [embedder().embed(*shown).vector for shown in seen(clip, "front")[::4]]
    mean = np.mean(front, axis=0) / np.linalg.norm(np.mean(front, axis=0))
    turned = [*seen(clip, "left"), *seen(clip, "right")]
    assert min(float(embedder().embed(*shown).vector @ mean) for shown in turned) > SAME_FACE_MIN


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("shown_frames", [6, FRAMES_MAX])
def test_three_stills_are_no_turn(side: Side, shown_frames: int) -> None:
    stills = {hint: furthest("a2", segment) for hint, segment in SEGMENTS.items()}
    front = Clip.load("a2").segment("front")[0]

    def show(hint: Hint | None, since: int) -> Pixels:
        return stills.get(hint, front) if hint and since < shown_frames else front

    assert staged(show, side).liveness.fault == "face_jumped"


@pytest.mark.parametrize("side", list(Side))
def test_one_turned_frame_of_somebody_else_ends_the_look(side: Side) -> None:
    asked = Hint.TURN_LEFT if side is Side.LEFT else Hint.TURN_RIGHT
    mine, others = (yaws(clip, SEGMENTS[asked]) for clip in ("a2", "b"))
    # Where the pose of both agrees, so that nothing jumps.
    at, other = min(
        product(range(6, 12), range(len(others))), key=lambda ij: abs(mine[ij[0]] - others[ij[1]])
    )
    turning = [pixels for pixels, _ in seen("a2", SEGMENTS[asked])]
    turning[at] = seen("b", SEGMENTS[asked])[other][0]
    front = Clip.load("a2").segment("front")[0]
    found = staged(lambda hint, since: turning[since] if hint is asked else front, side)
    assert found.liveness.fault == "face_changed"


@pytest.mark.parametrize(
    ("part", "offset", "component"),
    [(0.4, 0, "LuminanceMean"), (0.5, 125, "OverExposurePrevention")],
)
def test_a_head_in_bad_light_is_a_failure_to_acquire(
    part: float, offset: float, component: str
) -> None:
    front = [(p * part + offset).astype(np.uint8) for p in Clip.load("a2").segment("front")[:8]]
    found = staged(lambda hint, since: front[since % 8], Side.LEFT)
    assert (found.liveness.fault, found.embeddings) == ("not_acquired", ())
    assert found.poor_frames[0][0] == component
    assert sum(count for _, count in found.poor_frames) >= 100


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("clip", ["flat_a2", "bent12_a2", "bent6_a2"])
def test_a_print_turned_as_far_as_a_head_proves_nothing(clip: str, side: Side) -> None:
    liveness = look(clip, side).liveness
    assert liveness.fault is not None
    assert not (liveness.turn_range >= RANGE_GATE and liveness.nose_residual >= RESIDUAL_GATE)


@pytest.mark.parametrize("clip", ["flat_a2", "bent12_a2", "bent6_a2"])
def test_following_a_print_adds_no_depth(clip: str) -> None:
    # Followed all the way, the bent ones reach .58 and .64: more than what a look asks for.
    track, trace = Track(detector()), []
    frames = [p for segment in ("front", "left", "right") for p in Clip.load(clip).segment(segment)]
    for number, pixels in enumerate(frames, 1):
        assert track.follow(Frame(pixels, number / FPS, number)) is None
        if track.face is not None and track.visible:
            trace.append(track.face.landmarks)
    assert len(trace) >= 0.9 * len(frames)
    turn_range, _ = measure(np.array(trace, np.float32))
    assert turn_range < RANGE_GATE


def test_known_limit_a_print_folded_along_the_nose_has_the_depth_of_a_head() -> None:
    # Not what it should do: a wedge of paper has the depth that the turn asks for. Its landmarks
    # jump where the crease turns away, which ends this look, but that is no rule to rely on.
    segments = ("front", "left", "right")
    trace = [face.landmarks for s in segments for _, face in seen("folded_a2", s)]
    turn_range, nose_residual = measure(np.array(trace, np.float32))
    assert turn_range >= RANGE_GATE
    assert nose_residual >= RESIDUAL_GATE
