"""Touch models as files: compared, listed in a manifest, and torch kept out of the product."""

import ast
import hashlib
import re
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from onnx import TensorProto
from rich.console import Console

from edge_atm.assurance.touch_folds import FOLDS
from export.faults import ExportError
from export.onnxgraph import GraphWriter
from export.touch import __main__ as command
from export.touch.built import MANIFEST, Built, Entry, compared, entries, keep

ROOT = Path(__file__).resolve().parents[2]
TAPS = np.array([[1.0, -2.0], [0.5, 4.0]], np.float32)


def doubling() -> bytes:
    writer = GraphWriter()
    writer.node("Mul", ["taps", writer.weight("two", np.array([2.0]))], "habit")
    shape = {"taps": ("N", 2)}
    return writer.serialise("doubling", shape, {"habit": ("N", 2)}, TensorProto.FLOAT)


def entry(file: str = "a_fold0.onnx", fold: int = 0) -> Entry:
    return Entry(file, "", "kakaobank", "lstm", fold, 7, "CC BY-NC-SA 4.0", False, 0.0)


def test_a_model_that_agrees_is_built_with_its_difference() -> None:
    built = compared(doubling(), {"taps": TAPS}, 2 * TAPS + np.float32(5e-5), ["u", "v"])
    assert built.parity_max_abs == pytest.approx(5e-5, rel=0.1)
    assert list(built.users) == ["u", "v"]


@pytest.mark.parametrize(
    "wanted", [2 * TAPS + np.float32(2e-4), np.full_like(TAPS, np.nan), (2 * TAPS)[:1]]
)
def test_a_model_that_differs_is_refused(wanted: npt.NDArray[np.float32]) -> None:
    with pytest.raises(ExportError, match="differs from the trained one"):
        compared(doubling(), {"taps": TAPS}, wanted)


def test_the_manifest_names_each_file_once_by_its_digest(tmp_path: Path) -> None:
    assert entries(tmp_path) == []
    keep([Built(b"old", 1e-7)], entry(), tmp_path)
    keep([Built(b"other", 2e-7, ["u"])], entry("b_fold1.onnx", 1), tmp_path)
    keep([Built(b"new", 3e-7)], entry(), tmp_path)
    first, second = entries(tmp_path)
    assert (first.file, first.parity_max_abs, first.users) == ("a_fold0.onnx", 3e-7, [])
    assert first.sha256 == hashlib.sha256(b"new").hexdigest()
    assert (tmp_path / first.file).read_bytes() == b"new"
    assert (second.fold, second.users, second.commercial) == (1, ["u"], False)


def test_parts_of_a_model_take_the_place_of_all_that_it_had(tmp_path: Path) -> None:
    keep([Built(b"whole", 0.0)], entry(), tmp_path)
    keep([Built(b"%d" % n, 0.0, [f"u{n}"]) for n in range(3)], entry(), tmp_path)
    keep([Built(b"%d" % n, 0.0, [f"v{n}"]) for n in range(2)], entry(), tmp_path)
    found = {model.file: model.users for model in entries(tmp_path)}
    assert found == {"a_fold0_part0.onnx": ["v0"], "a_fold0_part1.onnx": ["v1"]}
    assert {path.name for path in tmp_path.glob("*.onnx")} == set(found)


@pytest.mark.parametrize("text", ['{"models": [{"file": "a"}]}', "{}", "[]"])
def test_a_strange_manifest_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(ValueError, match="not a manifest of touch models"):
        entries(tmp_path)


def test_each_model_is_trained_for_each_fold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Path, int, int]] = []

    def train(data: Path, fold: int, seed: int) -> Built:
        asked.append((data, fold, seed))
        return Built(b"%d" % fold, 0.0)

    monkeypatch.setattr(command.Model, "trainer", lambda model: train)
    console = Console(quiet=True)
    command.train(Path("d"), tmp_path / "new", ["kakaobank-lstm", "age-dnn"], console)
    assert asked == 2 * [(Path("d"), fold, command.SEED) for fold in range(FOLDS)]
    told = {(model.model, model.set, model.file) for model in entries(tmp_path / "new")}
    assert ("lstm", "kakaobank", "kakaobank_lstm_fold4.onnx") in told
    assert ("age-dnn", "kakaobank", "age_dnn_fold0.onnx") in told
    assert len(told) == 2 * FOLDS


def test_faults_are_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = ["--data", str(tmp_path), "--out", str(tmp_path)]
    absent = command.Model("kakaobank", "", "absent:none")
    monkeypatch.setitem(command.MODELS, "age-dnn", absent)
    assert command.main([*told, "--only", "age-dnn"]) == 1
    assert "make touch-train" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        command.main([*told, "--only", "kakaobank-lstm,nothing"])
    assert "kakaobank-siamese" in capsys.readouterr().err


def test_every_model_has_a_trainer() -> None:
    for model in command.MODELS.values():
        module, function = model.train.split(":")
        tree = ast.parse((ROOT / "export" / "touch" / f"{module}.py").read_text(encoding="utf-8"))
        assert function in {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}, model


def test_torch_and_scikit_learn_stay_in_export_touch() -> None:
    files = [*(ROOT / "edge_atm").rglob("*.py"), *(ROOT / "export").rglob("*.py")]
    for path in files:
        text = path.read_text(encoding="utf-8")
        wants = re.search(r"^\s*(import|from) (torch|sklearn)\b", text, re.M)
        assert not wants or path.parent == ROOT / "export" / "touch", path


def test_torch_is_pinned_alike_everywhere() -> None:
    pinned = re.findall(
        r"^(torch|scikit-learn)==([\d.]+)$", (ROOT / "requirements-touch.txt").read_text(), re.M
    )
    assert sorted(name for name, _ in pinned) == ["scikit-learn", "torch"]
    assert f"TORCH := torch=={dict(pinned)['torch']}\n" in (ROOT / "Makefile").read_text()
    locks = "".join(path.read_text() for path in ROOT.glob("*.lock"))
    assert not re.search(r"^(torch|scikit-learn)==", locks, re.M)
