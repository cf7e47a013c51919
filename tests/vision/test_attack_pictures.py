"""The simulated attacks' sheets: where a print's places are seen, and what is seen beside it."""

import numpy as np
import pytest

from edge_atm.records import Pixels
from tests.rig.attack_pictures import AWAY_MM, LIT_PART, PX_PER_MM, Bend, displayed, sheet
from tests.rig.attack_shapes import Array
from tests.rig.head import HEIGHT, WIDTH
from tests.rig.scene import ROOM_LIT, View, room

SHEETS = [Bend(), Bend(0, 60), Bend(90, 120), Bend(45, 60), Bend(crease_degrees=45)]


def photo() -> View:
    """Return a dark picture with a bright square in the middle and one 20 mm right of it."""
    pixels = np.full((HEIGHT, WIDTH, 3), 20, np.uint8)
    for x in (WIDTH // 2, WIDTH // 2 + round(20 * PX_PER_MM)):
        pixels[HEIGHT // 2 - 3 : HEIGHT // 2 + 4, x - 3 : x + 4] = 250
    lit = np.full((HEIGHT // LIT_PART, WIDTH // LIT_PART), ROOM_LIT, np.float32)
    lit[20:100, 50:110] = 1.0
    return View(pixels, lit)


def held(yaw: float = 0, away_mm: float = AWAY_MM) -> Array:
    return np.array([yaw, 0, 0, 0, 0, -away_mm], np.float64)


def squares(pixels: Pixels) -> tuple[float, float]:
    """Return how far right of the middle the two squares are seen, in px."""
    bright = pixels[HEIGHT // 2 - 2 : HEIGHT // 2 + 3].mean(axis=(0, 2))
    # The room is bright, too; it is never in the middle.
    columns = np.flatnonzero(bright[250:440] > 220) + 250 - WIDTH / 2
    left = columns[columns < columns.mean()]
    return float(left.mean()), float(columns[columns > columns.mean()].mean())


@pytest.mark.parametrize("bend", SHEETS)
def test_the_middle_of_a_print_is_where_it_is_held(bend: Bend) -> None:
    assert squares(sheet(photo(), bend, held(), cut_out=False).pixels)[0] == pytest.approx(0, abs=1)


def test_a_flat_print_is_the_picture_itself() -> None:
    seen = sheet(photo(), Bend(), held(), cut_out=False)
    assert np.abs(seen.pixels.astype(int) - photo().pixels).max() <= 60
    assert seen.lit == pytest.approx(1.0, abs=1e-3)


def test_a_turned_print_is_narrower_and_a_farther_one_smaller() -> None:
    def width(pose: Array) -> float:
        left, right = squares(sheet(photo(), Bend(), pose, cut_out=False).pixels)
        return right - left

    flat = width(held())
    assert flat == pytest.approx(20 * PX_PER_MM, abs=1.5)
    assert width(held(yaw=45)) == pytest.approx(flat * np.cos(np.pi / 4), rel=0.1)
    assert width(held(away_mm=1.2 * AWAY_MM)) == pytest.approx(flat / 1.2, rel=0.08)


def test_a_bent_print_falls_back_beside_its_middle() -> None:
    turned = [squares(sheet(photo(), b, held(-30), cut_out=False).pixels)[1] for b in SHEETS[:2]]
    # Turned so that its right side comes near, it would stand wider if it were flat.
    assert turned[0] != pytest.approx(turned[1], abs=1)


def test_round_a_cut_out_print_there_is_the_room() -> None:
    seen = sheet(photo(), Bend(), held(), cut_out=True)
    assert np.abs(seen.pixels[:40].astype(int) - room()[:40]).max() <= 2
    assert seen.lit[2, 2] == pytest.approx(ROOM_LIT, abs=1e-3)
    assert seen.lit[60, 80] == pytest.approx(1.0, abs=1e-3)


def test_a_display_shows_the_same_and_answers_hardly_at_all() -> None:
    seen = displayed(photo())
    assert np.array_equal(seen.pixels, photo().pixels)
    assert float(seen.lit.max()) < ROOM_LIT
