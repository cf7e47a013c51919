"""Read the tensors of a legacy torch.save file without torch, and without running its pickle."""

import io
import pickle
from collections import OrderedDict
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import as_strided

from export.faults import ExportError

Array = npt.NDArray[np.float32]

# torch/serialization.py: the first two pickles of a legacy file.
MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001

_FLOAT_STORAGE = "float32 storage"
_HINT = "Fetch the wheel again; only legacy torch.save files of float32 tensors are read."
# What the unpickler and numpy raise when the bytes make no sense.
_GARBAGE = (
    pickle.UnpicklingError,
    EOFError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
    MemoryError,
)


class _Storage(NamedTuple):
    key: str
    length: int


class _View(NamedTuple):
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


def read(data: bytes) -> Mapping[str, Array]:
    """Return the state dictionary: name to float32 array, in the file's order.

    Layout: four pickles (magic, protocol, system, names to views), the sorted storage keys as a
    fifth, then for each key an int64 count and that many little-endian float32.
    """
    stream = io.BytesIO(data)
    try:
        views = _read_views(stream)
        storages = _read_storages(stream, _Restricted(stream).load())
        return {name: _array(view, storages[view.storage.key]) for name, view in views.items()}
    except _GARBAGE as fault:
        raise ExportError(f"This is not a readable .pt file: {fault}.", _HINT) from fault


class _Restricted(pickle.Unpickler):
    """An unpickler that knows three names; any other name in the file ends the reading."""

    def find_class(self, module: str, name: str, /) -> object:
        match module, name:
            case "collections", "OrderedDict":
                return OrderedDict
            case "torch._utils", "_rebuild_tensor_v2":
                return _view
            case "torch", "FloatStorage":
                return _FLOAT_STORAGE
        raise pickle.UnpicklingError(f"the name {module}.{name} is not allowed")

    def persistent_load(self, pid: object) -> _Storage:
        match pid:
            case ("storage", kind, str(key), _, int(length), None) if kind == _FLOAT_STORAGE:
                return _Storage(key, length)
        raise pickle.UnpicklingError(f"a storage of an unknown kind: {pid!r}")


def _view(
    storage: _Storage, offset: int, shape: tuple[int, ...], stride: tuple[int, ...], *_: object
) -> _View:
    # The rest of what torch passes is about gradients.
    return _View(storage, offset, shape, stride)


def _read_views(stream: io.BytesIO) -> dict[str, _View]:
    head = [_Restricted(stream).load() for _ in range(3)]
    if head[:2] != [MAGIC, PROTOCOL] or head[2]["little_endian"] is not True:
        raise ValueError("the head is not that of a little-endian legacy file")
    views = _Restricted(stream).load()
    if not isinstance(views, dict) or not all(isinstance(view, _View) for view in views.values()):
        raise ValueError("the file holds something other than named tensors")
    return views


def _read_storages(stream: io.BytesIO, keys: list[str]) -> dict[str, Array]:
    storages: dict[str, Array] = {}
    for key in keys:
        count = int.from_bytes(stream.read(8), "little")
        # A short read leaves fewer floats than `count`; frombuffer then raises.
        storages[key] = np.frombuffer(stream.read(4 * count), "<f4", count)
    if stream.read(1):
        raise ValueError("bytes are left over after the last storage")
    return storages


def _array(view: _View, storage: Array) -> Array:
    shape, stride = view.shape, view.stride
    last = view.offset + sum((size - 1) * step for size, step in zip(shape, stride, strict=True))
    # The published tensors lie column by column, so the strides count; as_strided checks nothing.
    if min(view.offset, *stride) < 0 or min(shape) < 1 or not last < storage.size:
        raise ValueError("a tensor does not lie inside its storage")
    steps = [storage.itemsize * step for step in stride]
    return np.ascontiguousarray(as_strided(storage[view.offset :], shape, steps))
