"""Light on a face keeps its features' contrast; light over a picture of one lowers it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_atm.records import Face, Floats, Pixels
from edge_atm.vision.light import PATCHES
from edge_atm.vision.light_response import SKIN
from edge_atm.vision.veil import ASIDE_PX, FROM, LINEAR, TO, VIEW_PX, Veil

LANDMARKS = np.array([[280, 200], [360, 200], [320, 245], [290, 290], [350, 290]], np.float32)
FACE = Face(np.array([240, 140, 400, 330], np.float32), LANDMARKS, 0.999)
SEEDS = st.integers(0, 2**32 - 1)


def features(seed: int) -> Floats:
    """Skin, a quarter of it dark, [20, 20, 3] linear light."""
    random = np.random.default_rng(seed)
    dark = np.where(random.random((20, 20, 1)) < 0.25, 0.25, 1.0)
    return np.asarray(random.uniform(0.1, 0.4, 3) * dark, np.float32)


@settings(deadline=None)
@given(SEEDS, st.floats(0.8, 1.3))
def test_light_that_falls_on_a_face_is_no_veil(seed: int, factor: float) -> None:
    veil, light = Veil(), features(seed)
    assert veil.follow(light) == pytest.approx(1)
    # All of it would be a veil of that much. The floor alone keeps contrast from staying the same.
    less = abs(factor - 1) / 3
    assert veil.follow(light * np.float32(factor)) == pytest.approx(1, abs=less + 1e-6)


@settings(deadline=None)
@given(SEEDS, st.floats(0.0, 0.5))
def test_light_over_a_face_is_one_as_much_as_there_is(seed: int, added: float) -> None:
    veil, light = Veil(), features(seed)
    veil.follow(light)
    mean = light.mean(axis=(0, 1))
    found = veil.follow(light + np.float32(added) * mean)
    assert np.log(found) == pytest.approx(added, abs=0.03)


@settings(deadline=None)
@given(SEEDS, st.floats(0.02, 0.15))
def test_what_lay_over_the_first_frame_only_counts_as_less(seed: int, added: float) -> None:
    veil, light = Veil(), features(seed)
    veil.follow(light + np.float32(added) * light.mean(axis=(0, 1)))
    assert (veil.follow(light) < 1 - added / 2).all()


@settings(deadline=None)
@given(SEEDS, st.integers(-ASIDE_PX, ASIDE_PX), st.integers(-ASIDE_PX, ASIDE_PX))
def test_features_may_move_aside(seed: int, down: int, across: int) -> None:
    veil, light = Veil(), features(seed)
    veil.follow(light)
    moved = np.roll(light, (down, across), (0, 1))
    # Their surroundings, which are taken away, are not all the same at the edge.
    assert np.log(veil.follow(moved)) == pytest.approx(0, abs=0.4)
    veiled = moved + 0.3 * light.mean(axis=(0, 1))
    assert (np.log(veil.follow(veiled)) > 0.2).all()


@settings(deadline=None)
@given(SEEDS)
def test_other_features_than_the_first_frames_are_not_known(seed: int) -> None:
    # A mirror image over them would be no veil: there is no contrast left that it could lower.
    veil = Veil()
    veil.follow(features(seed))
    gone = np.full((20, 20, 3), 0.2, np.float32)
    assert np.isnan(veil.follow(gone)).all()
    assert np.isnan(veil.follow(gone[::-1] + 0.1)).all()


def test_features_end_where_the_skin_does() -> None:
    # Or a mirror image over all patches of skin would leave features uncovered.
    skin = np.array(PATCHES[:SKIN])
    aside = ASIDE_PX * (TO - FROM) / VIEW_PX
    assert (FROM + aside >= (skin[:, :2] - skin[:, 2:]).min(axis=0) - 0.01).all()
    assert (TO - aside <= (skin[:, :2] + skin[:, 2:]).max(axis=0) + 0.01).all()


def test_without_features_nothing_is_known() -> None:
    assert np.isnan(Veil().follow(np.full((20, 20, 3), 0.2, np.float32))).all()


def picture(seed: int = 1) -> Pixels:
    return np.random.default_rng(seed).integers(40, 200, (480, 640, 3), dtype=np.uint8)


def test_a_face_in_a_picture_is_read_in_linear_light() -> None:
    veil = Veil()
    assert veil.see(picture(), FACE) == pytest.approx(1)
    lit = np.searchsorted(LINEAR, np.minimum(LINEAR[picture()] + 0.05, 1)).clip(0, 255)
    assert (veil.see(lit.astype(np.uint8), FACE) > 1.1).all()


@pytest.mark.parametrize("by", [(-300, 0), (400, 0), (0, -250), (0, 400), (np.nan, 0)])
def test_a_face_that_is_not_all_in_view_is_not_known(by: tuple[float, float]) -> None:
    moved = Face(FACE.box, LANDMARKS + np.array(by, np.float32), 0.999)
    assert np.isnan(Veil().see(picture(), moved)).all()


@pytest.mark.parametrize("scale", [0.0, 1e-6, 1e9, np.inf])
def test_landmarks_that_are_no_face_are_not_known(scale: float) -> None:
    with np.errstate(all="ignore"):
        face = Face(FACE.box, LANDMARKS * np.float32(scale), 0.999)
    assert np.isnan(Veil().see(picture(), face)).all()


def test_no_face_no_veil() -> None:
    assert np.isnan(Veil().see(picture(), None)).all()
