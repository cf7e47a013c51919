"""The cache of embeddings: never stale, never half, nobody else's to read."""

import shutil
import stat
from importlib import resources
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_atm.assurance.cache import SOURCES, Cache, Sample, decided_by
from edge_atm.models import Models
from tests.unit.test_rooms import imports

VECTORS = np.random.default_rng(4).normal(size=(2, 512)).astype(np.float32)
FULL = Sample(VECTORS, 0.7, "Sharpness", None)
DIGEST = "ab" * 32


def same(one: Sample | None, other: Sample) -> bool:
    if one is None:
        return False
    words = [(s.weight, s.failing, s.failing_else, s.lost) for s in (one, other)]
    if one.vectors is None or other.vectors is None:
        return one.vectors is other.vectors and words[0] == words[1]
    return words[0] == words[1] and bool((one.vectors == other.vectors).all())


@pytest.mark.parametrize("sample", [FULL, Sample.lost_to("no_face")], ids=["face", "none"])
def test_what_was_put_is_got(tmp_path: Path, sample: Sample) -> None:
    cache = Cache(Models(), tmp_path / "c")
    assert cache.get("facenet_int8", DIGEST) is None
    cache.put("facenet_int8", DIGEST, sample)
    assert same(cache.get("facenet_int8", DIGEST), sample)
    assert same(Cache(Models(), tmp_path / "c").get("facenet_int8", DIGEST), sample)
    assert cache.get("facenet_fp32", DIGEST) is None
    assert cache.get("facenet_int8", DIGEST[::-1]) is None


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "c"
    folder.mkdir(mode=0o755)
    Cache(Models(), folder).put("facenet_int8", DIGEST, FULL)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*"))}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert [mode for path, mode in modes.items() if path.is_file()] == [0o600]


def test_a_damaged_entry_is_unknown() -> None:
    whole = FULL.to_bytes()
    assert same(Sample.from_bytes(whole), FULL)
    for length in (0, 1, 31, 32, 40, len(whole) - 1):
        assert Sample.from_bytes(whole[:length]) is None
    for place in range(0, len(whole), 61):
        changed = bytearray(whole)
        changed[place] ^= 1
        assert Sample.from_bytes(bytes(changed)) is None


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Cache(Models(), tmp_path)

    def fail(path: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="No space"):
        cache.put("facenet_int8", DIGEST, FULL)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_another_net_library_or_byte_of_code_is_another_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {decided_by(Models(), "facenet_int8"), decided_by(Models(), "facenet_fp32")}
    monkeypatch.setattr(cv2, "__version__", "99")
    found.add(decided_by(Models(), "facenet_int8"))
    monkeypatch.undo()
    monkeypatch.setattr(np, "show_config", lambda mode: {"SIMD Extensions": {"found": [mode]}})
    found.add(decided_by(Models(), "facenet_int8"))
    monkeypatch.undo()
    for net in ("pnet", "onet", "facenet_int8"):
        models = Models()
        models.manifest["models"][net]["sha256"] = "0" * 64
        found.add(decided_by(models, "facenet_int8"))
    package = str(resources.files("edge_atm"))
    for source in SOURCES:
        copy = tmp_path / source.replace("/", "_") / "edge_atm"
        shutil.copytree(package, copy, ignore=lambda *_: ["__pycache__"])
        with (copy / source).open("a") as file:
            file.write("\n")
        monkeypatch.setattr(resources, "files", lambda _, copy=copy: copy)
        found.add(decided_by(Models(), "facenet_int8"))
        monkeypatch.undo()
    assert len(found) == 2 + 2 + 3 + len(SOURCES)


def test_all_code_that_decides_a_sample_is_watched() -> None:
    package = Path(str(resources.files("edge_atm")))
    reached, ahead = set(), {"assurance/acquisition.py"}
    while ahead:
        source = ahead.pop()
        reached.add(source)
        for name in imports(package / source):
            path = name.removeprefix("edge_atm.").replace(".", "/") + ".py"
            if name.startswith("edge_atm.") and (package / path).is_file():
                ahead |= {path} - reached
    # Nouns, error texts and the database decide nothing.
    assert reached - {"records.py", "errors.py", "store.py"} == set(SOURCES)


def test_the_users_cache_folder_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert Cache(Models()).folder == tmp_path / "edge-atm" / "trials"
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for unusable in ("", "relative/path"):
        monkeypatch.setenv("XDG_CACHE_HOME", unusable)
        assert Cache(Models()).folder == tmp_path / "home" / ".cache" / "edge-atm" / "trials"
