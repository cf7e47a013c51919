"""Turn the float FaceNet into 8 bits, from activation ranges that are committed with the code."""

import json
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)

from export.faults import ExportError
from export.rounding import feed_bytes, shape_rounding, widen_pixels

# Of what was measured, each activation keeps this much: the rarest values are cut off, all others
# get finer steps. Cosine of int8 and float embeddings, 200 crops of fit people: 1 gives .99928,
# .9 .99937, .85 .99941, .8 .99944; .7 was past the best.
_KEPT = 0.85
_PIXELS = "input"

# The normalisation at the end is of other types and so stays in float.
_QUANTISED = ["Conv", "Gemm", "Add", "Concat", "MaxPool", "AveragePool", "Relu"]


class _Crops(CalibrationDataReader):  # type: ignore[misc]
    """onnxruntime asks for one input at a time, and for None at the end."""

    def __init__(self, crops: Iterable[npt.NDArray[np.uint8]]) -> None:
        self._crops: Iterator[npt.NDArray[np.uint8]] = iter(crops)

    def get_next(self) -> dict[str, npt.NDArray[np.uint8]] | None:
        crop = next(self._crops, None)
        return None if crop is None else {"input": crop}


def measure(model: Path, crops: Iterable[npt.NDArray[np.uint8]], ranges: Path) -> None:
    """Write the smallest and largest value of every activation over `crops` to `ranges`."""
    with tempfile.TemporaryDirectory() as scratch:
        # An existing file would be read instead of written.
        fresh = Path(scratch, "ranges.json")
        _quantise(model, Path(scratch, "int8.onnx"), fresh, _Crops(crops))
        ranges.write_text(_tidied(fresh.read_text(encoding="utf-8")), encoding="utf-8")


def quantise(model: Path, ranges: Path) -> bytes:
    """Return the 8-bit model; it follows from the two files alone, to the byte.

    Its input is uint8 [N, 160, 160, 4]: RGB, and a byte that has no weight.
    """
    if not ranges.is_file():
        raise ExportError(
            f"{ranges.name} is missing.",
            "Restore it from the repository, or run `python -m export ranges --images DIR`.",
        )
    floats = onnx.load(model)
    shape_rounding(floats)
    with tempfile.TemporaryDirectory() as scratch:
        shaped, narrow = Path(scratch, "shaped.onnx"), Path(scratch, "ranges.json")
        output = Path(scratch, "int8.onnx")
        onnx.save(floats, shaped)
        narrow.write_text(_narrowed(ranges.read_text(encoding="utf-8")), encoding="utf-8")
        _quantise(shaped, output, narrow, None)
        quantised = onnx.load(output)
    feed_bytes(quantised)
    widen_pixels(quantised)
    onnx.checker.check_model(quantised, full_check=True)
    return bytes(quantised.SerializeToString(deterministic=True))


def _tidied(text: str) -> str:
    # onnxruntime writes a single line in the order of a set; sorted lines can be reviewed.
    whole = json.loads(text)
    ranges = sorted(whole.pop("data").items())
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in ranges)
    return f'{json.dumps(whole)[:-1]}, "data": {{\n{lines}\n}}}}\n'


def _narrowed(text: str) -> str:
    whole = json.loads(text)
    for name, entry in whole["data"].items():
        if not name.startswith(_PIXELS):
            for end in ("lowest", "highest"):
                entry[end]["data"] = [_KEPT * value for value in entry[end]["data"]]
    return json.dumps(whole)


def _quantise(model: Path, output: Path, ranges: Path, crops: _Crops | None) -> None:
    quantize_static(
        model,
        output,
        crops,
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=_QUANTISED,
        per_channel=True,
        # Seven bits: with eight, sums saturate on x86 processors that lack VNNI.
        reduce_range=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod.MinMax,
        calibration_cache_path=ranges,
        # The embedding itself is not rounded to eight bits: nothing after it would gain by that.
        extra_options={"OpTypesToExcludeOutputQuantization": ["Gemm"]},
    )
