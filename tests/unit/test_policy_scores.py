"""The 1:N kernel gives what `cosine` gives, one by one."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_atm.policy.match import cosine, scores
from edge_atm.records import Embedding, Floats

SPACE = "model-a"
SEEDS = st.integers(0, 2**32 - 1)


def units(random: np.random.Generator, count: int, width: int = 512) -> Floats:
    rows = random.normal(size=(count, width))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


@given(SEEDS, st.integers(0, 7), st.floats(0, 0.9), st.floats(0, 1))
def test_it_is_the_cosine_of_every_pair(
    seed: int, count: int, mean_length: float, likeness: float
) -> None:
    random = np.random.default_rng(seed)
    templates, (probe, towards) = units(random, count), units(random, 2)
    mean = np.float32(mean_length) * towards
    # Likenesses of all kinds, up to the very same face.
    templates[: count // 2] = likeness * probe + (1 - likeness) * templates[: count // 2]
    templates /= np.linalg.norm(templates, axis=1, keepdims=True)
    found = scores(templates, probe, mean)
    assert found.shape == (count,)
    assert found.dtype == np.float32
    other = Embedding(probe, SPACE)
    single = [cosine(Embedding(template, SPACE), other, mean) for template in templates]
    np.testing.assert_allclose(found, single, atol=1e-5)


@pytest.mark.parametrize("mean_length", [0.0, 0.5])
def test_a_row_without_a_face_scores_nothing(mean_length: float) -> None:
    random = np.random.default_rng(5)
    templates, (probe, towards) = units(random, 5), units(random, 2)
    templates[1] = 0
    templates[2, 7] = np.nan
    templates[3, 7] = np.inf
    found = scores(templates, probe, np.float32(mean_length) * towards)
    assert np.isnan(found).tolist() == [False, True, True, True, False]


def test_what_is_at_right_angles_to_everything_is_no_empty_row() -> None:
    axes = np.eye(512, dtype=np.float32)
    assert scores(axes[:3], axes[3], np.zeros(512, np.float32)).tolist() == [0, 0, 0]


def test_at_the_mean_there_is_no_direction() -> None:
    one, other = units(np.random.default_rng(6), 2)
    assert math.isnan(scores(one[np.newaxis], other, one)[0])
    assert np.isnan(scores(np.stack([one, other]), one, one)).all()
    none = np.full(512, np.nan, np.float32)
    assert np.isnan(scores(one[np.newaxis], none, np.zeros_like(one))).all()
    assert np.isnan(scores(one[np.newaxis], other, none)).all()


@pytest.mark.parametrize(
    ("templates", "probe", "mean"),
    [
        ((512,), (512,), (512,)),
        ((3, 511), (512,), (512,)),
        ((3, 512), (511,), (512,)),
        ((3, 512), (512,), (1,)),
        ((3, 512), (1, 512), (512,)),
        ((1, 3, 512), (512,), (512,)),
        ((3, 512), (512,), (512, 1)),
        ((3, 512), (512,), ()),
    ],
)
def test_other_shapes_are_no_templates(
    templates: tuple[int, ...], probe: tuple[int, ...], mean: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match="cannot score"):
        scores(*(np.ones(shape, np.float32) for shape in (templates, probe, mean)))
