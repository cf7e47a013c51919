"""A camera's frames come at a camera's times, and no two are alike; else the clock is broken."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_atm.device import frame_clock
from edge_atm.device.frame_clock import FPS_SECONDS, FrameClock
from edge_atm.errors import CameraFault
from edge_atm.records import Pixels

RATES = st.floats(10, 60)


def picture(number: int) -> Pixels:
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[0, :, 0] = np.frombuffer(number.to_bytes(8, "little"), np.uint8)
    pixels[0, 0, 1] = 255
    return pixels


def broken(clock: FrameClock, *taken_and_age: tuple[float, float]) -> str | None:
    for number, (taken_at, age) in enumerate(taken_and_age):
        clock.see(taken_at, taken_at + age, picture(number))
    return clock.broken


def steady(count: int, fps: float = 30.0, age: float = 0.05) -> list[tuple[float, float]]:
    return [(5 + number / fps, age) for number in range(count)]


@given(RATES, st.lists(st.tuples(st.floats(-0.01, 0.01), st.floats(0, 0.25)), max_size=90))
def test_an_honest_camera_is_believed(fps: float, offs: list[tuple[float, float]]) -> None:
    # Its stamps wait for the bus now and then, and its pictures for the processor.
    stamps = sorted(5 + number / fps + off for number, (off, _) in enumerate(offs))
    ages = [0.02 + wait for _, wait in offs]
    frames = zip(np.unique(stamps).tolist(), ages, strict=False)
    assert broken(FrameClock(), *frames) is None


@given(RATES)
def test_the_rate_is_measured(fps: float) -> None:
    clock = FrameClock()
    assert broken(clock, *steady(math.ceil(fps * (FPS_SECONDS + 0.2)), fps)) is None
    assert clock.fps == pytest.approx(fps)


@given(st.integers(1, 60), st.sampled_from(["same", "before", "nan"]))
def test_a_clock_that_stands_runs_backwards_or_tells_nothing(count: int, kind: str) -> None:
    frames = steady(count)
    last = frames[-1][0]
    next_ = {"same": last, "before": last - 1e-4, "nan": math.nan}[kind]
    clock = FrameClock()
    assert broken(clock, *frames, (next_, 0.05)) == "backwards"
    # What comes later may look as good as it likes.
    assert math.isnan(clock.see(last + 0.05, last + 0.1, picture(999)))


@given(st.integers(1, 60), st.floats(1e-6, 100))
def test_no_picture_is_taken_after_it_came(count: int, ahead: float) -> None:
    frames = steady(count)
    assert broken(FrameClock(), *frames, (frames[-1][0] + 0.03, -ahead)) == "future"


@given(st.integers(1, 60), st.data())
def test_no_two_pictures_are_alike(count: int, data: st.DataObject) -> None:
    clock = FrameClock()
    assert broken(clock, *steady(count)) is None
    at_seconds = 5 + count / 30
    again = data.draw(st.integers(0, count - 1))
    assert math.isnan(clock.see(at_seconds, at_seconds + 0.05, picture(again)))
    assert clock.broken == "doubled"


def test_a_covered_lens_is_not_an_attack() -> None:
    clock = FrameClock()
    for taken_at, age in steady(60):
        clock.see(taken_at, taken_at + age, np.full((8, 8, 3), 16, np.uint8))
    assert clock.broken is None


@given(st.floats(0.001, 0.0075))
def test_no_camera_is_that_quick(interval: float) -> None:
    assert broken(FrameClock(), *steady(20, 1 / interval)) == "too_fast"


@pytest.mark.parametrize("fps", [10, 29.97, 60])
@pytest.mark.parametrize("pace", [0.95, 1.05])
def test_a_clip_paced_by_another_clock_drifts(pace: float, fps: float) -> None:
    # Ages begin in the middle, so that neither way is caught for being late or early.
    frames = [(5 + n / fps * pace, 0.5 + n / fps * (1 - pace)) for n in range(int(12 * fps))]
    clock, words = FrameClock(), set()
    for number, (taken_at, age) in enumerate(frames):
        clock.see(taken_at, taken_at + age, picture(number))
        words.add(clock.broken)
    assert words == {None, "drifting"}


def test_a_picture_that_waits_for_the_processor_is_no_drift() -> None:
    late = (5 + 40 / 30, 0.6)
    assert broken(FrameClock(), *steady(40), late, *steady(80)[41:]) is None


@pytest.mark.parametrize("age", [-1.7e9, -0.001, 1.001, 1e6, math.nan])
def test_a_first_frame_of_another_clock_is_the_units_fault(age: float) -> None:
    with pytest.raises(CameraFault, match="not of this computer's") as fault:
        FrameClock().see(5.0, 5.0 + age, picture(0))
    assert "uvcvideo" in fault.value.hint


def test_late_pictures_are_the_units_fault() -> None:
    with pytest.raises(CameraFault, match="late"):
        broken(FrameClock(), *steady(5), (6.0, 1.2))


@given(st.floats(1.1, 7.5))
def test_too_few_pictures_are_told_and_not_served(fps: float) -> None:
    with pytest.raises(CameraFault, match=r"only \d\.\d pictures a second") as fault:
        broken(FrameClock(), *steady(60, fps))
    told = float(str(fault.value).split()[4])
    assert told == pytest.approx(fps, abs=0.051)
    assert "light" in fault.value.hint


def test_the_numbers_a_thief_would_like_looser() -> None:
    assert (frame_clock.AGE_SECONDS_MAX, frame_clock.DRIFT_SECONDS_MAX) == (1.0, 0.3)
    assert (frame_clock.FPS_MIN, frame_clock.FPS_MAX, frame_clock.FAST_FRAMES) == (8.0, 125.0, 8)
    assert (frame_clock.DRIFT_FRAMES, frame_clock.FLAT_LEVELS_MAX) == (15, 16)
