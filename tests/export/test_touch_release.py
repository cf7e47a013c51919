"""The touch models: what is written is what was fitted, and nothing fits it again by itself."""

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest

from edge_atm.assurance.touch_data import Recorded
from edge_atm.assurance.touch_eer import Tried
from edge_atm.touch import plda as model
from edge_atm.touch.features import Level, sequence
from edge_atm.touch.habit import NAMES
from export import manifest, sources
from export.faults import ExportError
from export.touch import plda, plda_figures, plda_trials

TOUCH = [name for name in manifest.releases() if name.startswith("touch_")]
MODELS: dict[str, dict[str, Any]] = tomllib.loads(
    (manifest.RELEASED / "manifest.toml").read_text(encoding="utf-8")
)["models"]


def typed(users: int = 30, entries: int = 12, seed: int = 1) -> plda.Typed:
    """Users with a gap and a hold of their own, in two sets."""
    random = np.random.default_rng(seed)
    count = users * entries
    own = np.exp(0.5 * random.normal(size=(users, 2, 1))).repeat(entries, axis=0)
    gap = 0.3 * own[:, 0] * np.exp(0.2 * random.normal(size=(count, 8)))
    hold = 0.08 * own[:, 1] * np.exp(0.2 * random.normal(size=(count, 8)))
    down = np.cumsum(gap, axis=1) - gap[:, :1]
    taps = np.full((count, 8, 6), np.nan)
    taps[:, :, 0], taps[:, :, 1] = down, down + hold
    number, words = np.tile(np.arange(entries), users), np.full(count, "")
    users_of = np.array([f"user{n}" for n in np.repeat(np.arange(users), entries)])
    found = Recorded(users_of, number, words, words, taps)
    return plda.joined({"sapipin": found, "holdandtap": found})


@pytest.mark.parametrize(("level", "taps"), NAMES)
def test_the_net_gives_what_numpy_gives(level: Level, taps: int) -> None:
    found = typed()
    fitted = plda.train(found, taps, level)
    session = ort.InferenceSession(plda.graph(fitted, taps, level))
    told = sequence(found.taps[:, :taps], level)
    habit, between = session.run(["habit", "between"], {"taps": told})
    assert habit == pytest.approx(fitted.habits(model.evidence(told)), abs=1e-4)
    assert between == pytest.approx(fitted.between, rel=1e-6)


@pytest.mark.parametrize("name", TOUCH)
def test_torch_gives_what_the_released_net_gives(name: str) -> None:
    torch = pytest.importorskip("torch")
    import onnx

    path = manifest.RELEASED / MODELS[name]["file"]
    held = onnx.load(path)
    weight = {
        w.name: torch.from_numpy(onnx.numpy_helper.to_array(w).copy())
        for w in held.graph.initializer
    }
    _, taps, channels = MODELS[name]["inputs"]["taps"][1:]
    told = np.random.default_rng(2).normal(-1.5, 1, (64, taps, channels)).astype(np.float32)
    flat = torch.from_numpy(told).flatten(1)
    spread = ((flat @ weight["centring"]) ** 2 @ weight["sharing"]).sqrt()
    each = torch.cat([flat @ weight["values"], spread], dim=1)
    scaled = ((each - weight["centre"]) / weight["scale"]).clamp(-model.FAR, model.FAR)
    wanted = scaled @ weight["directions"] - weight["middle"]
    habit = ort.InferenceSession(path).run(["habit"], {"taps": told})[0]
    assert habit == pytest.approx(wanted.numpy(), abs=1e-4)


def test_six_are_released_small_and_for_any_use() -> None:
    assert len(TOUCH) == 6
    for name in TOUCH:
        entry = MODELS[name]
        assert (manifest.RELEASED / entry["file"]).stat().st_size < 1_000_000
        assert "SapiPin" in entry["training_data"]
        assert "HoldAndTap" in entry["training_data"]
        for banned in ("KakaoBank", "StrokePIN", "BY-NC"):
            assert banned not in entry["training_data"] + entry["licence"]


def folder_of(tmp_path: Path) -> Path:
    for name in TOUCH:
        file = MODELS[name]["file"]
        (tmp_path / file).write_bytes((manifest.RELEASED / file).read_bytes())
    return tmp_path


def test_digests_are_checked_and_files_left_alone(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert manifest.check_fitted(manifest.releases(), folder) == TOUCH
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_one_error_names_every_touch_model_that_is_not_the_released_one(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    (folder / "touch_gap_4.onnx").write_bytes(b"another")
    (folder / "touch_hold_6.onnx").unlink()
    with pytest.raises(ExportError) as raised:
        manifest.check_fitted(manifest.releases(), folder)
    for word in ("touch_gap_4", sources.sha256_of(b"another"), "touch_hold_6 is not there"):
        assert word in str(raised.value)
    assert "fitted anew" in raised.value.hint


def test_nobody_is_tested_by_a_model_that_saw_him(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[set[str]] = []
    train, compare = plda.train, plda_trials.compared

    def remember(found: plda.Typed, taps: int, level: Level) -> model.Plda:
        seen.append(set(found.users.tolist()))
        return train(found, taps, level)

    def check(fitted: model.Plda, found: plda.Typed, taps: int, level: Level) -> Tried:
        assert not seen[-1] & set(found.users.tolist())
        return compare(fitted, found, taps, level)

    monkeypatch.setattr(plda, "train", remember)
    monkeypatch.setattr(plda_trials, "compared", check)
    trials = plda_trials.cross_validated(typed(), 4, Level.HOLD)
    assert len(seen) == 5
    assert sum(fold.users for fold in trials["sapipin"]) == 30
    figures = plda_figures.figures(trials)["holdandtap"]
    assert figures["n_genuine"] == 30 * 7
    assert isinstance(figures["eer"], float)
    assert figures["eer"] < 0.3
    assert isinstance(figures["cllr"], float)
    assert figures["cllr"] < 0.9


def test_same_pin_compares_nobody_across_pins() -> None:
    found = typed()
    fitted = plda.train(found, 6, Level.GAP)
    tried = plda_trials.same_pin(fitted, found, found.sets, 6, Level.GAP)
    assert tried.typed is not None
    # The first thirty numbers are those of holdandtap.
    assert ((tried.claimed < 30) == (tried.typed < 30)).all()
    assert tried.genuine.sum() == 60 * 7
