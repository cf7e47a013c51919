"""A trained model as an ONNX file, with what it was trained on beside it in manifest.json."""

import hashlib
import io
import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from export.faults import ExportError
from export.onnxgraph import OPSET

PARITY_MAX = 1e-4
MANIFEST = "manifest.json"

Inputs = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Built:
    """An ONNX model, and by how much it differs from what was trained.

    `users`: whom its input "user" counts, from 0; empty where it has none.
    """

    content: bytes
    parity_max_abs: float
    users: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One file in the manifest; `parity_max_abs`: largest difference from the trained network."""

    file: str
    sha256: str
    set: str
    model: str
    fold: int
    seed: int
    licence: str
    commercial: bool
    parity_max_abs: float
    users: list[str] = field(default_factory=list)


def from_torch(network: Any, inputs: Inputs, output: str, users: Sequence[str] = ()) -> Built:
    """Return `network` as ONNX, run on `inputs` by torch and by onnxruntime.

    `inputs`: named, all of N rows; N is free in the model. `output`: float32 [N, ...].
    Raises ExportError when the two differ by PARITY_MAX or more.
    """
    import torch

    network.eval()
    given = {name: torch.from_numpy(rows) for name, rows in inputs.items()}
    # Traced with one row: what depends on the number of rows would show in the comparison.
    first = tuple(rows[:1] for rows in given.values())
    held = io.BytesIO()
    with torch.no_grad(), warnings.catch_warnings():
        # Its successor wants one more package, and writes the same nodes.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network, first, held, dynamo=False, opset_version=OPSET,
            input_names=list(inputs), output_names=[output],
            dynamic_axes={name: {0: "N"} for name in (*inputs, output)},
        )  # fmt: skip
        wanted = network(*given.values()).numpy()
    return compared(held.getvalue(), inputs, wanted, users)


def compared(
    content: bytes, inputs: Inputs, wanted: npt.NDArray[Any], users: Sequence[str] = ()
) -> Built:
    """Return the model with the largest difference of its first output from `wanted`.

    Raises ExportError when that is PARITY_MAX or more, or NaN.
    """
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    given = session.run(None, dict(inputs))[0]
    difference = float(np.abs(given - wanted).max()) if given.shape == wanted.shape else np.nan
    if not difference < PARITY_MAX:
        raise ExportError(
            f"The ONNX model differs from the trained one by {difference:.1e}.",
            "Compare the versions of torch and onnxruntime with requirements-touch.txt.",
        )
    return Built(content, difference, users)


def keep(parts: Sequence[Built], entry: Entry, folder: Path) -> None:
    """Write a model's parts, most often one, and put them into the manifest.

    What was there of this set, model and fold goes. Of `entry` each part's digest, parity and
    users are filled in, and where there are several its number into the file's name. Raises
    OSError, ValueError.
    """
    others = []
    for other in entries(folder):
        if (other.set, other.model, other.fold) == (entry.set, entry.model, entry.fold):
            (folder / other.file).unlink(missing_ok=True)
        else:
            others.append(other)
    told = [
        _kept(part, entry, number if len(parts) > 1 else None, folder)
        for number, part in enumerate(parts)
    ]
    models = sorted([*others, *told], key=lambda model: model.file)
    text = json.dumps({"models": [asdict(model) for model in models]}, indent=1) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")


def _kept(part: Built, entry: Entry, number: int | None, folder: Path) -> Entry:
    path = folder / entry.file
    if number is not None:
        path = path.with_stem(f"{path.stem}_part{number}")
    path.write_bytes(part.content)
    return replace(
        entry,
        file=path.name,
        sha256=hashlib.sha256(part.content).hexdigest(),
        parity_max_abs=part.parity_max_abs,
        users=list(part.users),
    )


def entries(folder: Path) -> list[Entry]:
    """Return the manifest's entries; none where there is no manifest. Raises ValueError."""
    path = folder / MANIFEST
    if not path.exists():
        return []
    try:
        return [Entry(**model) for model in json.loads(path.read_text(encoding="utf-8"))["models"]]
    except (KeyError, TypeError) as fault:
        raise ValueError(f"{path} is not a manifest of touch models: {fault}") from fault
