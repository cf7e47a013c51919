from dataclasses import replace

import numpy as np
import pytest

from edge_atm.records import Embedding, Face, Frame, Pixels
from edge_atm.vision.quality import quality_of
from edge_atm.vision.samples import Samples
from tests.vision.stage import NOISE, Stage, face

QUALITY = quality_of(NOISE, face())


def take(samples: Samples, stage: Stage, cosine: float, *, keep: bool = False) -> str | None:
    stage.person = float(np.arccos(cosine) / (np.pi / 2))
    return samples.take(Frame(NOISE, 1.0, 0), face(), QUALITY if keep else None)


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def samples(stage: Stage) -> Samples:
    samples = Samples(stage)
    assert take(samples, stage, 1.0, keep=True) is None
    return samples


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize(("cosine", "fault"), [(0.41, None), (0.39, "face_changed")])
def test_a_face_is_the_same_from_point_four(
    samples: Samples, stage: Stage, cosine: float, fault: str | None, keep: bool
) -> None:
    assert take(samples, stage, cosine, keep=keep) == fault
    assert len(samples.kept) == 1 + (keep and fault is None)


def test_nobody_becomes_somebody_else_little_by_little(samples: Samples, stage: Stage) -> None:
    # Each is 50 degrees from the one before it: a cosine of .64.
    cosines = [float(np.cos(np.radians(degrees))) for degrees in (50, 100)]
    assert [take(samples, stage, c, keep=True) for c in cosines] == [None, "face_changed"]


def test_an_embedding_that_is_no_number_is_somebody_else(samples: Samples, stage: Stage) -> None:
    stage.person = float("nan")
    assert samples.take(Frame(NOISE, 1.0, 0), face(), QUALITY) == "face_changed"
    assert len(samples.kept) == 1


def test_a_frame_is_kept_with_the_weight_of_its_quality(samples: Samples, stage: Stage) -> None:
    stage.person = 0
    for sharpness in (12.0, 18.0):
        soft = replace(QUALITY, sharpness=sharpness)
        assert samples.take(Frame(NOISE, 1.0, 0), face(), soft) is None
    assert [kept.quality for kept in samples.kept] == [1.0, 0.6, 0.9]


def test_what_is_not_kept_is_overwritten_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    stage, made = Stage(), []

    def embed(pixels: Pixels, seen: Face) -> Embedding:
        made.append(Stage.embed(stage, pixels, seen))
        return made[-1]

    monkeypatch.setattr(stage, "embed", embed)
    samples = Samples(stage)
    for cosine, keep in ((1.0, True), (1.0, False), (0.0, True), (0.0, False)):
        take(samples, stage, cosine, keep=keep)
    assert [bool(embedding.vector.any()) for embedding in made] == [True, False, False, False]
    samples.erase()
    assert not made[0].vector.any()
