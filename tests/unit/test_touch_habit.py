"""The unit's scorer on the models that are released."""

import math
import shutil
from pathlib import Path

import numpy as np
import pytest

from edge_atm.cli import doctor_touch
from edge_atm.config import read_config
from edge_atm.errors import ModelMismatch
from edge_atm.models import FOLDERS, Models
from edge_atm.taps import NOT_TOLD, Entry, Tap
from edge_atm.touch.features import Level, recorded, sequence
from edge_atm.touch.habit import NAMES, Habits
from tests.unit.test_config import GOOD, write


@pytest.fixture(scope="module")
def habits() -> Habits:
    return Habits(Models())


def entry(digits: str, gap: float, hold: float, seed: int = 0) -> Entry:
    """An entry of about even gaps; `hold` may be NaN."""
    random = np.random.default_rng(seed)
    downs = np.concatenate([[0], np.cumsum(gap * np.exp(0.1 * random.normal(size=5)))])
    holds = hold * np.exp(0.1 * random.normal(size=6))
    each = zip(digits, downs.tolist(), (downs + holds).tolist(), strict=False)
    return Entry(digits, tuple(Tap(key, down, up) for key, down, up in each))


@pytest.mark.parametrize("digits", ["1234", "12345", "123456"])
@pytest.mark.parametrize("hold", [0.08, NOT_TOLD])
def test_ones_own_rhythm_is_alike_and_anothers_is_not(
    habits: Habits, digits: str, hold: float
) -> None:
    learnt = [habits.embed(entry(digits, 0.25, hold, seed)) for seed in range(5)]
    own, other = (habits.embed(entry(digits, gap, hold, 9)) for gap in (0.25, 1.2))
    assert own is not None
    assert other is not None
    kept = np.stack([habit for habit in learnt if habit is not None])
    assert habits.llr_log10(kept, own) > 0 > habits.llr_log10(kept, other)
    assert own.dtype == np.float32
    assert own.flags.writeable


def test_each_kind_of_entry_has_a_length_of_its_own(habits: Habits) -> None:
    kinds = [
        habits.embed(entry("123456"[:count], 0.3, hold))
        for count in (4, 5, 6)
        for hold in (0.08, NOT_TOLD)
    ]
    lengths = {len(habit) for habit in kinds if habit is not None}
    assert len(lengths) == len(NAMES)


def test_places_change_nothing(habits: Habits) -> None:
    told = entry("1234", 0.3, 0.08)
    placed = Entry("1234", tuple(
        Tap(tap.key, tap.down_seconds, tap.up_seconds, 0.3, -0.2, 0.9, 0.4) for tap in told.taps
    ))  # fmt: skip
    one, other = habits.embed(told), habits.embed(placed)
    assert one is not None
    assert other is not None
    assert one.tobytes() == other.tobytes()


def test_what_is_not_known_is_nan(habits: Habits) -> None:
    assert habits.embed(Entry("1234")) is None
    probe, other = (habits.embed(entry(digits, 0.3, 0.08)) for digits in ("1234", "123456"))
    assert probe is not None
    assert other is not None
    assert math.isnan(habits.llr_log10(np.empty((0, len(probe)), np.float32), probe))
    assert math.isnan(habits.llr_log10(np.empty((0, 0), np.float32), probe))
    assert math.isnan(habits.llr_log10(other[None], probe))
    assert math.isnan(habits.llr_log10(probe[None, :-1], probe[:-1]))
    assert math.isnan(habits.llr_log10(np.full((5, len(probe)), np.nan, np.float32), probe))
    assert math.isnan(habits.llr_log10(probe[None], np.full_like(probe, np.inf)))


def folder_with(tmp_path: Path, old: str, new: str) -> Models:
    for path in FOLDERS[1].glob("touch_*.onnx"):
        shutil.copy(path, tmp_path)
    text = (FOLDERS[1] / "manifest.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "manifest.toml").write_text(text.replace(old, new), encoding="utf-8")
    return Models(tmp_path)


def test_habits_are_bound_to_every_digest(habits: Habits, tmp_path: Path) -> None:
    digest = Models().released_sha256("touch_gap_5")
    other = folder_with(tmp_path, digest, "0" * 64)
    with pytest.raises(ModelMismatch, match=r"touch_gap_5\.onnx"):
        Habits(other)
    assert len(habits.habit_id) == 16


@pytest.mark.parametrize("slope", ["nan", '"steep"', "-0.5"])
def test_a_calibration_that_is_none_is_refused(tmp_path: Path, slope: str) -> None:
    _, released = Models().calibration("touch_hold_6")
    with pytest.raises(ModelMismatch, match="touch_hold_6"):
        Habits(folder_with(tmp_path, f"slope = {released}", f"slope = {slope}"))


def test_the_net_takes_what_sequence_gives() -> None:
    taps = recorded([entry("123456", 0.3, 0.08).taps])
    for level in (Level.GAP, Level.HOLD):
        session = Models().open(NAMES[level, 6])
        shape = session.get_inputs()[0].shape
        assert list(sequence(taps, level).shape[1:]) == shape[1:]


def test_doctor_says_which_models_run_and_what_they_learnt_from(tmp_path: Path) -> None:
    assert doctor_touch.health(read_config(write(tmp_path, GOOD))) == "off"
    used = GOOD + "[touch]\nuse = true\nstrange_limit_cents = 5000\n"
    told = doctor_touch.health(read_config(write(tmp_path, used)))
    for word in ("6 models", Habits(Models()).habit_id, "SapiPin", "HoldAndTap", "MIT", "Apache"):
        assert word in told
