"""`python -m export.touch`: train the touch networks from DIR's sets, one for each fold."""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.progress import track

from edge_atm.assurance.touch_folds import FOLDS
from export.faults import ExportError
from export.touch.built import Built, Entry, entries, keep

SEED = 7
_DESCRIPTION = (
    "Train the touch networks that `edge-atm trials touch --models FOLDER` measures, as ONNX files "
    "with a manifest. The sets allow no commercial use, so nothing of this is in a unit."
)

# From the data's folder, the fold whose users are never seen, and a seed: the model, or its parts.
Train = Callable[[Path, int, int], Built | list[Built]]


@dataclass(frozen=True, slots=True)
class Model:
    """What the manifest says of a model, and "module:function" of what trains it."""

    set: str
    licence: str
    train: str

    def trainer(self) -> Train:
        """Import what trains it; torch only where it is wanted."""
        module, function = self.train.split(":")
        found: Train = getattr(import_module(f"export.touch.{module}"), function)
        return found


_KAKAOBANK, _STROKEPIN = ("kakaobank", "CC BY-NC-SA 4.0"), ("strokepin", "CC BY-NC-SA 4.0")
MODELS = {
    "kakaobank-lstm": Model(*_KAKAOBANK, "kakaobank:lstm"),
    # Two controls: how much is said without time, and how much without places.
    "kakaobank-lstm-places": Model(*_KAKAOBANK, "kakaobank:places"),
    "kakaobank-lstm-times": Model(*_KAKAOBANK, "kakaobank:times"),
    "kakaobank-siamese": Model(*_KAKAOBANK, "kakaobank:own"),
    "age-dnn": Model(*_KAKAOBANK, "age:dnn"),
    "age-lstm": Model(*_KAKAOBANK, "age:lstm"),
    "age-trees": Model(*_KAKAOBANK, "trees:train"),
    "strokepin-lstm-place": Model(*_STROKEPIN, "strokepin:place"),
    "strokepin-lstm-place-hold": Model(*_STROKEPIN, "strokepin:place_hold"),
    "strokepin-lstm-contact": Model(*_STROKEPIN, "strokepin:contact"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Train what was asked for; 0 is success, 1 a fault that has been explained on stderr."""
    chosen = _parser().parse_args(arguments)
    console = Console(stderr=True)
    try:
        train(chosen.data, chosen.out, chosen.only, console)
    except ImportError as fault:
        console.print(
            f"{fault}. `make touch-train` has what training needs.", style="red", markup=False
        )
        return 1
    except (ExportError, OSError, ValueError) as fault:
        hint = getattr(fault, "hint", "Compare the folder with docs/trials.md.")
        console.print(f"{fault}\n{hint}", style="red", markup=False, soft_wrap=True)
        return 1
    return 0


def train(data: Path, out: Path, names: Sequence[str], console: Console) -> None:
    """Train `names` for every fold from the sets in `data`; write each model as it is ready."""
    out.mkdir(parents=True, exist_ok=True)
    work = [(name, MODELS[name].trainer(), fold) for name in names for fold in range(FOLDS)]
    for name, trainer, fold in track(work, "Training", console=console):
        built = trainer(data, fold, SEED)
        keep(built if isinstance(built, list) else [built], _entry(name, fold), out)
    console.print(
        f"{len(work)} models written to {out}, {len(entries(out))} files in its manifest."
    )


def _entry(name: str, fold: int) -> Entry:
    model = MODELS[name]
    file = f"{name.replace('-', '_')}_fold{fold}.onnx"
    kind = name.removeprefix(f"{model.set}-")
    return Entry(file, "", model.set, kind, fold, SEED, model.licence, False, 0.0)


def _names(text: str) -> list[str]:
    names = text.split(",")
    if not set(names) <= MODELS.keys():
        raise argparse.ArgumentTypeError(f"names are {', '.join(MODELS)}")
    return names


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m export.touch", description=_DESCRIPTION)
    parser.add_argument(
        "--data", type=Path, required=True, metavar="DIR", help="holds kakaobank/, strokepin/"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="for the models")
    parser.add_argument(
        "--only", type=_names, default=list(MODELS), metavar="NAME,...", help=", ".join(MODELS)
    )
    return parser


if __name__ == "__main__":
    if not __debug__:
        raise SystemExit("Refusing to run without assertions; leave out -O.")
    sys.exit(main())
