"""`python -m export.touch.plda_release`: fit the shipped touch models anew, and say how good."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import track

from edge_atm.assurance.touch_data import Recorded, read_strokepin
from edge_atm.assurance.touch_design import ENROLLED
from edge_atm.touch.features import Level
from edge_atm.touch.habit import NAMES
from export.sources import sha256_of
from export.touch.plda import Typed, graph, joined, read, train
from export.touch.plda_figures import Figures, calibration, figures, of_set
from export.touch.plda_trials import cross_validated, same_pin

_DESCRIPTION = (
    "Fit touch_*.onnx on SapiPin and HoldAndTap, and write them with figures.json into a folder; "
    "StrokePIN, which is not for commercial use, judges them and fits nothing. "
    "What is released changes only if somebody copies them and writes the digests and the "
    "calibration into models_onnx/manifest.toml."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit, calibrate and judge all models; 0 is success, 1 data that cannot be read."""
    chosen = _parser().parse_args(arguments)
    console = Console(stderr=True)
    try:
        found = read(chosen.data)
        strokes = read_strokepin(chosen.data / "strokepin")
    except (OSError, ValueError) as fault:
        console.print(
            f"{fault}\nName the folder that holds sapipin, holdandtap and strokepin.", markup=False
        )
        return 1
    chosen.out.mkdir(parents=True, exist_ok=True)
    told = {}
    for (level, taps), name in track(list(NAMES.items()), "Fitting touch models", console=console):
        told[name] = release(found, strokes, taps, level, chosen.out / f"{name}.onnx")
    text = json.dumps({"enrolled": ENROLLED, "models": told}, indent=1)
    (chosen.out / "figures.json").write_text(text + "\n", encoding="utf-8")
    return 0


def release(found: Typed, strokes: Recorded, taps: int, level: Level, path: Path) -> Figures:
    """Write the model of all users to `path`; return digest, calibration and figures.

    StrokePIN, where everybody types the same PINs on one pad, judges only: it fits nothing.
    """
    trials = cross_validated(found, taps, level)
    fit, model = calibration(list(trials.values())), train(found, taps, level)
    content = graph(model, taps, level)
    path.write_bytes(content)
    strangers = same_pin(model, joined({"strokepin": strokes}), strokes.pins, taps, level)
    return {
        "sha256": sha256_of(content),
        "calibration": {"offset": fit.offset, "slope": fit.slope},
        "sets": {**figures(trials), "strokepin same pin": of_set([strangers], [fit])},
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m export.touch.plda_release", description=_DESCRIPTION
    )
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the sets")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="new files")
    return parser


if __name__ == "__main__":
    if not __debug__:
        raise SystemExit("Refusing to run without assertions; leave out -O.")
    sys.exit(main())
