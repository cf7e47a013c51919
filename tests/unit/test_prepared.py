"""Models prepared on this computer: only what was made here from the release ever runs."""

import json
import resource
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from edge_atm import prepared
from edge_atm.errors import ModelMismatch, StoreFault
from edge_atm.models import FOLDERS, Models
from edge_atm.prepared import RECORD, Prepared
from tests.unit.harm import HARM, dangle, folder, link, pipe

RELEASED = FOLDERS[1]
KEY, OTHER_KEY = bytes(32), bytes(31) + b"1"
SMALL = ("pnet", "rnet")


def content(name: str) -> bytes:
    return (RELEASED / f"{name}.onnx").read_bytes()


def parent(name: str) -> str:
    return str(Models().manifest["models"][name]["sha256"])


def make(folder: Path, key: bytes = KEY, names: tuple[str, ...] = SMALL) -> None:
    assert [name for name, _ in Prepared(folder, key).make((n, content(n)) for n in names)] == [
        *names
    ]


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "models"
    make(folder)
    return folder


@pytest.fixture
def made(once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(once, tmp_path / "models"))


def open_pnet(folder: Path, key: bytes = KEY) -> onnxruntime.InferenceSession | None:
    return Prepared(folder, key).open("pnet", parent("pnet"))


def file_of(folder: Path, name: str) -> Path:
    (path,) = folder.glob(f"{name}-*.ort")
    return path


@pytest.mark.parametrize("name", ["pnet", "rnet", "onet"])
def test_prepared_and_released_give_the_same_bits(tmp_path: Path, name: str) -> None:
    make(tmp_path / "models", names=(name,))
    models = Models(prepared=Prepared(tmp_path / "models", KEY))
    quick, plain = models.open(name), Models().open(name)
    shape = [side if isinstance(side, int) else 31 for side in plain.get_inputs()[0].shape]
    pixels = np.random.default_rng(7).integers(0, 256, shape, dtype=np.uint8)
    for one, other in zip(
        quick.run(None, {"input": pixels}), plain.run(None, {"input": pixels}), strict=True
    ):
        assert np.array_equal(one, other)
    # Else it was the released file twice.
    assert Prepared(tmp_path / "models", KEY).missing(name, parent(name)) is None


def test_another_byte_in_the_record_closes_the_unit(made: Path) -> None:
    record = (made / RECORD).read_bytes()
    # Some in every field and in the MAC.
    for place in {*range(0, len(record), 7), len(record) - 1}:
        (made / RECORD).write_bytes(
            record[:place] + bytes([record[place] ^ 1]) + record[place + 1 :]
        )
        with pytest.raises(ModelMismatch, match="was not written by this unit") as refused:
            open_pnet(made)
        assert "edge-atm models prepare" in refused.value.hint
    for size in (0, 1, len(record) - 65, len(record) - 1):
        (made / RECORD).write_bytes(record[:size])
        with pytest.raises(ModelMismatch):
            open_pnet(made)
    (made / RECORD).write_bytes(record + record)
    with pytest.raises(ModelMismatch):
        open_pnet(made)


@pytest.mark.parametrize("field", ["format", "onnxruntime", "processor", "sha256", "parent"])
def test_a_field_that_says_otherwise_closes_the_unit(made: Path, field: str) -> None:
    # Even one that would only make the files stale: nobody but the unit writes the record.
    body, mac = (made / RECORD).read_text().splitlines()
    record = json.loads(body)
    place = record["files"]["pnet"] if field in ("sha256", "parent") else record
    place[field] = "0" * len(place[field])
    (made / RECORD).write_text(f"{json.dumps(record, sort_keys=True)}\n{mac}\n")
    with pytest.raises(ModelMismatch):
        open_pnet(made)


def test_another_units_record_closes_this_one(made: Path) -> None:
    assert open_pnet(made) is not None
    with pytest.raises(ModelMismatch):
        open_pnet(made, OTHER_KEY)


@pytest.mark.parametrize("harm", HARM)
def test_a_harmed_file_never_runs(made: Path, harm: Callable[[Path], None]) -> None:
    harm(file_of(made, "pnet"))
    with pytest.raises(ModelMismatch) as refused:
        Models(prepared=Prepared(made, KEY)).open("pnet")
    assert "edge-atm models prepare" in refused.value.hint


@pytest.mark.parametrize("harm", [link, dangle, pipe, folder])
def test_a_record_that_is_no_plain_file_closes_the_unit(
    made: Path, harm: Callable[[Path], None]
) -> None:
    harm(made / RECORD)
    with pytest.raises(ModelMismatch):
        open_pnet(made)


def test_what_is_mapped_is_what_was_checked(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, other = file_of(made, "pnet"), file_of(made, "rnet")
    digest = prepared._sha256

    def then_swap(handle: int) -> str:
        found = digest(handle)
        other.replace(path)
        return found

    monkeypatch.setattr(prepared, "_sha256", then_swap)
    session = open_pnet(made)
    assert session is not None
    assert session.get_inputs()[0].shape == Models().open("pnet").get_inputs()[0].shape
    assert not other.exists()


def test_a_planted_link_is_replaced_not_written_through(tmp_path: Path) -> None:
    folder, victim = tmp_path / "models", tmp_path / "victim"
    folder.mkdir()
    victim.write_text("mine")
    for name in ("pnet.new", f"{RECORD}.new"):
        (folder / name).symlink_to(victim)
    make(folder)
    assert victim.read_text() == "mine"
    assert open_pnet(folder) is not None


@pytest.fixture
def small_disk() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("small_disk")
def test_a_full_disk_is_a_sentence_and_nothing_comes_into_use(tmp_path: Path) -> None:
    with pytest.raises(StoreFault, match="cannot take the prepared models") as refused:
        make(tmp_path / "models")
    assert "room" in refused.value.hint
    assert open_pnet(tmp_path / "models") is None
    # The journal needs the room.
    assert list((tmp_path / "models").iterdir()) == []
