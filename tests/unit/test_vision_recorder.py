"""What of a look is recorded: the newest three seconds, five a second, in bounded memory."""

from dataclasses import dataclass, field

import cv2
import numpy as np
import pytest

from edge_atm.records import Frame, Pixels, Recording
from edge_atm.vision.recorder import FRAMES_MAX, SECONDS_MAX, SIDE_PX_MAX, LookRecorder

GREY = np.full((48, 64, 3), 128, dtype=np.uint8)
NOISE = np.random.default_rng(5)


@dataclass
class Safe:
    """Remembers what it was given, in order."""

    kept: list[tuple[str, str, Recording]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def keep(self, session_id: str, customer_id: str, recording: Recording) -> None:
        self.kept.append((session_id, customer_id, recording))

    def failed(self, error: Exception, session_id: str, customer_id: str) -> None:
        self.failures.append(f"{session_id} {customer_id} {error}")


class Watched:
    """A recorder whose stamps are the seconds of the frames it is shown."""

    def __init__(self) -> None:
        self.safe = Safe()
        self.at = 0.0
        self.recorder = LookRecorder(self.safe, lambda: f"{self.at:.3f}")

    def see(self, seconds: float, pixels: Pixels = GREY) -> None:
        self.at = seconds
        self.recorder.see(Frame(pixels, seconds, 0))

    def keep(self, session: str = "s1") -> Recording:
        self.recorder.keep(session, "c1")
        return self.safe.kept[-1][2]


@pytest.mark.parametrize("fps", [10, 15, 25, 30])
def test_of_a_long_look_the_newest_three_seconds_stay(fps: int) -> None:
    watched = Watched()
    for number in range(fps * 12):
        watched.see(number / fps + NOISE.uniform(-0.009, 0.009))
    clip = watched.keep()
    assert clip.frames == FRAMES_MAX
    assert 2.5 < float(clip.last) - float(clip.first) <= SECONDS_MAX
    assert float(clip.last) > 12 - 0.35


def test_a_slow_camera_gives_fewer_frames_and_no_longer_clip() -> None:
    watched = Watched()
    for number in range(10):
        watched.see(number * 1.0)
    clip = watched.keep()
    assert (clip.frames, clip.first, clip.last) == (4, "6.000", "9.000")


def test_a_clip_holds_nothing_of_the_look_before() -> None:
    watched = Watched()
    watched.see(1.0)
    watched.keep("before")
    # Sooner than a frame of the same look would be due.
    watched.see(1.05)
    clip = watched.keep("after")
    assert (clip.frames, clip.first) == (1, "1.050")
    assert [session for session, _, _ in watched.safe.kept] == ["before", "after"]


def test_without_a_frame_there_is_no_clip() -> None:
    watched = Watched()
    watched.recorder.keep("s1", "c1")
    assert (watched.safe.kept, watched.safe.failures) == ([], [])


@pytest.mark.parametrize("pixels", [np.zeros((0, 0, 3)), np.zeros((4, 4, 3), dtype=np.int64)])
def test_a_picture_that_cannot_be_encoded_ends_nothing(pixels: Pixels) -> None:
    watched = Watched()
    watched.see(1.0, pixels)
    watched.recorder.keep("s1", "c1")
    assert watched.safe.kept == []
    assert len(watched.safe.failures) == 1
    assert watched.safe.failures[0].startswith("s1 c1 a picture was not encoded")
    watched.see(2.0)
    watched.see(2.5, pixels)
    assert watched.keep("s2").frames == 1
    assert len(watched.safe.failures) == 2
    # A failure is told of once.
    watched.recorder.keep("s3", "c1")
    assert len(watched.safe.failures) == 2


def test_an_encoder_that_gives_nothing_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "imencode", lambda *given: (False, None))
    watched = Watched()
    watched.see(1.0)
    watched.recorder.keep("s1", "c1")
    assert watched.safe.failures == ["s1 c1 a picture was not encoded"]


def test_a_clock_without_sense_is_survived_in_bounded_memory() -> None:
    watched = Watched()
    for seconds in (float("nan"), 5.0, float("-inf"), float("inf"), *range(40)):
        watched.see(seconds)
    # After the end of time nothing is due any more.
    assert watched.keep().frames == 1


def test_even_noise_from_the_largest_camera_is_bounded() -> None:
    watched = Watched()
    pixels = NOISE.integers(0, 256, (1080, 1920, 3), dtype=np.uint8)
    for number in range(3):
        watched.see(number * 0.2, pixels)
    pieces = list(watched.keep().content)
    pictures = [piece for piece in pieces if piece.startswith(b"\xff\xd8\xff")]
    assert len(pictures) == 3
    shown = cv2.imdecode(np.frombuffer(pictures[0], dtype=np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    assert shown.shape == (360, SIDE_PX_MAX, 3)
    assert sum(map(len, pieces)) < 3 * 250_000


def test_colours_are_the_cameras() -> None:
    watched = Watched()
    watched.see(1.0, np.full((48, 64, 3), (200, 30, 60), dtype=np.uint8))
    picture = next(p for p in watched.keep().content if p.startswith(b"\xff\xd8\xff"))
    bgr = cv2.imdecode(np.frombuffer(picture, dtype=np.uint8), cv2.IMREAD_COLOR)
    assert bgr is not None
    assert np.abs(bgr[..., ::-1].astype(int) - (200, 30, 60)).max() <= 4
