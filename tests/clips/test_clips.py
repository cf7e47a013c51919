"""The clips are what they pretend to be: heads turn in depth, prints do not, cameras misbehave."""

import itertools
import threading
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_atm.models import Models
from edge_atm.records import Floats, Pixels
from edge_atm.vision.challenge import TURN_RANGE
from edge_atm.vision.detector import Detector
from edge_atm.vision.embedder import Embedder
from tests.rig import camera, clips, sources
from tests.rig.camera import Clip, RecordedCamera, ScriptedCamera
from tests.rig.stills import STILLS

pytestmark = pytest.mark.slow

HEADS = tuple(STILLS)
LEFT_EYE, RIGHT_EYE, NOSE = range(3)
CORNERS = [0, 1, 3, 4]


@cache
def detector() -> Detector:
    return Detector(Models())


@cache
def landmarks(name: str, segment: str) -> Floats:
    found = [detector().detect(pixels) for pixels in Clip.load(name).segment(segment)]
    assert all(found), "a frame without a face"
    return np.array([faces[0].landmarks for faces in found])


def yaw(points: Floats) -> float:
    eyes = points[RIGHT_EYE] - points[LEFT_EYE]
    beside = points[NOSE] - (points[LEFT_EYE] + points[RIGHT_EYE]) / 2
    return float(beside @ eyes / (eyes @ eyes))


def residual(points: Floats, reference: Floats) -> float:
    """How far the nose is from where a flat face's nose would be, in eye distances."""
    plane = cv2.getPerspectiveTransform(reference[CORNERS], points[CORNERS])
    flat = points.copy()
    flat[NOSE] = cv2.perspectiveTransform(reference[None, [NOSE]], plane)[0, 0]
    return yaw(points) - yaw(flat)


def turn(name: str) -> tuple[float, float]:
    """Return the range of the yaw proxy over a clip's turns, and the nose residual D."""
    reference = landmarks(name, "front").mean(axis=0)
    points = np.concatenate([landmarks(name, s) for s in ("front", "left", "right")])
    yaws = np.array([yaw(p) for p in points])
    residuals = np.array([residual(p, reference) for p in points])
    low, high = np.quantile(yaws, [0.05, 0.95])
    depth = np.median(residuals[yaws >= high]) - np.median(residuals[yaws <= low])
    return float(yaws.max() - yaws.min()), float(depth)


@pytest.mark.parametrize("name", HEADS)
def test_a_head_turns_in_depth(name: str) -> None:
    assert max(yaw(p) for p in landmarks(name, "left")) >= 0.27
    assert min(yaw(p) for p in landmarks(name, "right")) <= -0.27
    assert abs(np.mean([yaw(p) for p in landmarks(name, "front")])) < 0.10
    turn_range, depth = turn(name)
    assert turn_range >= 0.54
    assert depth >= 0.45


@pytest.mark.parametrize("name", HEADS)
def test_the_face_is_as_large_as_at_arm_s_length(name: str) -> None:
    eyes = [np.hypot(*(p[RIGHT_EYE] - p[LEFT_EYE])) for p in landmarks(name, "front")]
    assert 72 <= np.mean(eyes) <= 88


def test_stiff_card_stays_flat() -> None:
    turn_range, depth = turn("flat_a2")
    assert turn_range < 0.3
    assert depth < 0.25


@pytest.mark.parametrize("name", ["bent12_a2", "bent6_a2"])
def test_a_bent_print_is_no_head(name: str) -> None:
    turn_range, depth = turn(name)
    # Turned as far as a head (38 degrees) the wider one reaches .50 and a depth of .47: what it
    # does not reach is the range that the challenge asks for.
    assert turn_range < 0.55 or depth < 0.40
    assert turn_range < TURN_RANGE
    # It would prove nothing if it were not a good attack: the detector does see it turn.
    assert turn_range > 0.25


def test_one_person_s_pictures_are_alike() -> None:
    embedder = Embedder(Models())

    def described(name: str) -> Floats:
        frames = Clip.load(name).segment("slow")[::6]
        each = [embedder.embed(p, detector().detect(p)[0]).vector for p in frames]
        mean = np.mean(each, axis=0)
        return np.asarray(mean / np.linalg.norm(mean))

    vectors = {name: described(name) for name in HEADS}
    pairs = itertools.combinations(HEADS, 2)
    cosines = {(x, y): float(vectors[x] @ vectors[y]) for x, y in pairs}
    same = [cosine for (x, y), cosine in cosines.items() if x[0] == y[0]]
    other = [cosine for (x, y), cosine in cosines.items() if x[0] != y[0]]
    assert len(same) == 3
    assert min(same) > max(other) + 0.1


@pytest.mark.parametrize("name", ["c", "bent12_a2"])
def test_rendering_again_gives_the_same_bytes(name: str) -> None:
    stored = Clip.load(name).shots
    assert {segment: tuple(frames) for segment, frames in clips.render(name).items()} == stored


def test_recorded_camera_plays_once_then_idles_without_a_repeated_frame() -> None:
    recorded = RecordedCamera(Clip.load("a1"))
    frames = recorded.frames()
    idle = list(itertools.islice(frames, 60))
    recorded.play("left")
    played = list(itertools.islice(frames, 24))
    left = Clip.load("a1").segment("left")
    assert all(np.array_equal(f.pixels, p) for f, p in zip(played, left, strict=True))
    later = list(itertools.islice(frames, 30))
    every = [*idle, *played, *later]
    assert not any(np.array_equal(a.pixels, b.pixels) for a, b in itertools.pairwise(every))
    assert [frame.number for frame in every] == list(range(1, 115))
    assert recorded.now() == every[-1].at_seconds == pytest.approx(114 / 15)


def test_recorded_camera_finishes_what_it_plays_before_the_next_segment() -> None:
    clip = Clip.load("a1")
    recorded = RecordedCamera(clip)
    frames = recorded.frames()
    recorded.play("left")
    played = list(itertools.islice(frames, 10))
    recorded.play("right")
    played += itertools.islice(frames, 38)
    whole = clip.segment("left") + clip.segment("right")
    assert all(np.array_equal(f.pixels, p) for f, p in zip(played, whole, strict=True))


def faces_in(frames: list[Pixels]) -> list[int]:
    return [len(detector().detect(pixels)) for pixels in frames]


def test_bad_pictures_are_as_bad_as_they_say() -> None:
    front, other = (Clip.load(name).segment("front")[:4] for name in ("a1", "b"))
    assert faces_in(camera.empty_room(4)) == [0] * 4
    assert faces_in(camera.two_faces(front, other)) == [2] * 4
    assert np.mean(camera.dark(front)) < 12
    assert np.mean(camera.blown_out(front)) > 240


def test_cameras_end_leap_and_hang() -> None:
    room = camera.empty_room(2)
    assert len(list(ScriptedCamera(room, stop_after=3).frames())) == 3
    leaping = ScriptedCamera(room, stop_after=1, then="leap")
    first, second = itertools.islice(leaping.frames(), 2)
    assert second.at_seconds - first.at_seconds > 60
    hanging = ScriptedCamera(room, stop_after=1, then="hang")
    reader = threading.Thread(target=list, args=(hanging.frames(),), daemon=True)
    reader.start()
    reader.join(0.2)
    assert reader.is_alive()
    hanging.close()
    reader.join(5)
    assert not reader.is_alive()


def test_no_index_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(sources.SourceFault, match="check the network"):
        sources.still_picture("c", tmp_path / "sources")
