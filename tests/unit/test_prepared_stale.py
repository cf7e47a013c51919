"""Prepared models that are missing or of another time: the released file runs instead."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from edge_atm.errors import ModelMismatch
from edge_atm.models import Models
from edge_atm.prepared import RECORD, Prepared
from tests.unit.test_prepared import KEY, RELEASED, content, file_of, made, make, once, parent

__all__ = ["made", "once"]


class PowerCut(BaseException):
    """The computer stopped here."""


def why(folder: Path, name: str = "pnet", released: str | None = None) -> str | None:
    """Return why the released file runs, after seeing that it does."""
    prepared = Prepared(folder, KEY)
    reason = prepared.missing(name, released or parent(name))
    assert (prepared.open(name, released or parent(name)) is None) == (reason is not None)
    if released is None:
        Models(prepared=prepared).open(name)
    return reason


def test_never_prepared(tmp_path: Path) -> None:
    assert why(tmp_path / "models") == "never prepared"
    assert Models().unprepared() == "never prepared"


def test_another_onnxruntime(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert why(made) is None
    version = onnxruntime.__version__
    monkeypatch.setattr(onnxruntime, "__version__", "99.0")
    assert why(made) == f"prepared for onnxruntime {version}, this is 99.0"


def test_another_processor(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A file laid out for wider vectors would give other numbers on a processor without them.
    monkeypatch.setattr(np, "show_config", lambda mode: {"SIMD Extensions": {"baseline": ["X"]}})
    assert (why(made) or "").startswith("prepared for processor ")


def test_another_release(made: Path) -> None:
    assert why(made, released="0" * 64) == "prepared from another release"
    assert why(made, name="onet") == "prepared from another release"


def test_a_removed_file(made: Path) -> None:
    path = file_of(made, "pnet")
    path.unlink()
    assert why(made) == f"{path.name} was removed"
    (made / RECORD).unlink()
    assert why(made) == "never prepared"


def test_without_a_prepared_file_the_release_is_checked_as_before(
    tmp_path: Path, made: Path
) -> None:
    released = tmp_path / "released"
    released.mkdir()
    for file in ("manifest.toml", "pnet.onnx"):
        (released / file).write_bytes((RELEASED / file).read_bytes())
    harmed = bytearray(content("pnet"))
    harmed[100] ^= 1
    (released / "pnet.onnx").write_bytes(harmed)
    Models(released, Prepared(made, KEY)).open("pnet")
    (made / RECORD).unlink()
    with pytest.raises(ModelMismatch, match=r"pnet\.onnx: released"):
        Models(released, Prepared(made, KEY)).open("pnet")


@pytest.mark.parametrize("step", [0, 1, 2])
def test_a_power_cut_leaves_the_files_before_in_use(
    made: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    replace, steps = Path.replace, []

    def cut_at(path: Path, target: Path) -> Path:
        steps.append(path.name)
        if len(steps) > step:
            raise PowerCut
        return replace(path, target)

    # An update came in between: what was pnet is made from another file.
    newer = {"pnet": content("onet"), "rnet": content("rnet")}
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", cut_at)
        with pytest.raises(PowerCut):
            list(Prepared(made, KEY).make(newer.items()))
    assert steps == ["pnet.new", "rnet.new", f"{RECORD}.new"][: step + 1]
    assert why(made) is None
    assert why(made, "rnet") is None
    make(made)
    assert sorted(path.suffix for path in made.iterdir()) == ["", ".ort", ".ort"]
    assert why(made) is None


def test_made_again_nobody_writes_it_and_the_older_one_is_gone(made: Path) -> None:
    (made / "pnet-0000000000000000.ort").touch()
    make(made)
    # `file_of` finds one.
    assert file_of(made, "pnet").stat().st_mode & 0o777 == 0o400
    assert why(made) is None
