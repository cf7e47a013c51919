"""Features of taps: the same for one entry as for many, and of the shapes that models expect."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_atm.taps import Tap
from edge_atm.touch.features import (
    CHANNELS,
    RECORDED,
    Doubles,
    Level,
    pair_features,
    recorded,
    sequence,
)


def made_up(seed: int, entries: int, taps: int) -> tuple[Doubles, Doubles]:
    """Return taps [N, T, 6] as recorded, and places [N, T, 2] on a pad."""
    random = np.random.default_rng(seed)
    down = np.cumsum(random.uniform(0.05, 0.6, (entries, taps)), axis=1)
    down -= down[:, :1]
    up = down + random.uniform(0.03, 0.2, down.shape)
    rest = random.uniform(0.05, 0.95, (entries, taps, 4))
    return np.concatenate([np.stack([down, up], 2), rest], 2), rest[:, :, :2]


@pytest.mark.parametrize(("taps", "features"), [(4, 35), (5, 53), (6, 75)])
def test_so_many_features_of_so_many_taps(taps: int, features: int) -> None:
    rows, xy = made_up(1, 7, taps)
    found = pair_features(rows[:, :, 0], xy)
    assert found.shape == (7, features)
    assert found.dtype == np.float64
    assert np.isfinite(found).all()


@given(st.integers(0, 2**32), st.integers(2, 70), st.sampled_from([4, 5, 6]))
@settings(max_examples=30)
def test_one_entry_gives_the_row_that_many_give_to_the_bit(seed: int, n: int, taps: int) -> None:
    rows, xy = made_up(seed, n, taps)
    i = seed % n
    one, many = rows[i : i + 1], pair_features(rows[:, :, 0], xy)
    assert np.array_equal(pair_features(one[:, :, 0], xy[i : i + 1])[0], many[i])
    for level in Level:
        many_sequences = sequence(rows, level)
        assert np.array_equal(sequence(one, level)[0], many_sequences[i])
        # A view with other strides is the same numbers.
        assert np.array_equal(sequence(np.asfortranarray(rows), level), many_sequences)


def test_pairs_say_what_they_are_named_for() -> None:
    down = np.array([[0.0, 0.5, 1.5, 2.0]])
    xy = np.array([[[0.1, 0.1], [0.4, 0.5], [0.4, 0.5], [0.4, 0.4]]])
    found = pair_features(down, xy)[0]
    # Pairs 1-2, 1-3, 1-4, 2-3, 2-4, 3-4; then distances, angles and speeds of the same.
    assert found[:6] == pytest.approx(np.log([0.5, 1.5, 2.0, 1.0, 1.5, 0.5]))
    assert found[[6, 9, 11]] == pytest.approx([0.5, 0.0, 0.1])
    assert found[[12, 15, 17]] == pytest.approx([math.atan2(4, 3), 0.0, -math.pi / 2])
    assert found[[18, 21]] == pytest.approx(np.log([1.0, 0.02]))
    assert found[24:32] == pytest.approx(xy.ravel())
    gaps = np.log([0.5, 1.0, 0.5])
    assert found[32:] == pytest.approx([gaps.mean(), gaps.std(), gaps.max()])


def test_channels_of_one_tap_after_another() -> None:
    taps = [
        Tap("1", 0.0, 0.1, 0.2, -0.3, 0.5, 0.6),
        Tap("2", 0.4, 0.5, 0.0, 0.0, 1.0, 0.7),
    ]
    rows = recorded([taps])
    assert rows.shape == (1, 2, len(RECORDED))
    found = sequence(rows, Level.CONTACT)
    assert found.dtype == np.float32
    log = math.log
    first = [0.0, log(0.1), 0.2, -0.3, log(0.5), 0.6]
    assert found[0] == pytest.approx(np.array([first, [log(0.4), log(0.1), 0, 0, 0, 0.7]]))
    for level in Level:
        columns = [CHANNELS.index(name) for name in level.value]
        assert np.array_equal(sequence(rows, level), found[:, :, columns])


def test_a_pause_is_no_habit_and_what_is_not_told_stays_unknown() -> None:
    rows = recorded([[Tap(d, i * 9.0) for i, d in enumerate("1234")]])
    assert sequence(rows, Level.GAP)[0, 1:, 0] == pytest.approx(math.log(5.0))
    for level in set(Level) - {Level.GAP}:
        unknown = np.isnan(sequence(rows, level))
        assert unknown[:, :, 1:].all()
        assert not unknown[:, :, 0].any()
