"""Keys and offsets on KakaoBank's pad: the finger's, and nothing of pad or PIN."""

import numpy as np
import pytest

from edge_atm.assurance.touch_data import KakaoBank
from edge_atm.assurance.touch_grid import COLUMNS, GIVEN, ROWS, grid_evidence
from edge_atm.touch.features import Doubles

KEYS = np.array([[0, 0], [1, 1], [2, 2], [1, 3], [1, 3], [0, 2]])


def tapped(device: int, offset: tuple[float, float]) -> KakaoBank:
    """One entry whose every tap lies `offset` pitches from its key's centre."""
    pitch = COLUMNS[device, 1] - COLUMNS[device, 0], ROWS[device, 1] - ROWS[device, 0]
    xy: Doubles = np.stack(
        [
            COLUMNS[device, KEYS[:, 0]] + offset[0] * pitch[0],
            ROWS[device, KEYS[:, 1]] + offset[1] * pitch[1],
        ],
        axis=1,
    )
    words, whole = np.array(["a"]), np.array([device])
    return KakaoBank(words, 0.3 * np.arange(6.0)[None], xy[None], words, whole, whole)


@pytest.mark.parametrize("device", [0, 1])
def test_offsets_are_of_the_finger_and_in_pitches(device: int) -> None:
    found = grid_evidence(tapped(device, (0.2, -0.1)))[0]
    assert found.shape == (15 + GIVEN,)
    assert found[:5] == pytest.approx(np.full(5, np.log(0.3)))
    assert found[7:9] == pytest.approx([0.2, -0.1])


def test_the_pad_of_a_device_does_not_show() -> None:
    android, ios = (grid_evidence(tapped(device, (0.1, 0.2)))[0] for device in (0, 1))
    assert android == pytest.approx(ios, abs=1e-9)


def test_conditions_are_repeats_distances_and_keys() -> None:
    asked = grid_evidence(tapped(0, (0.0, 0.0)))[0, -GIVEN:]
    assert asked[:5].tolist() == [0, 0, 0, 1, 0]
    assert asked[5] == pytest.approx(np.hypot(1.25, 1))
    assert asked[8] == 0
    assert asked[10:16].tolist() == [-1, 0, 1, 0, 0, -1]
