"""The stages of one frame and of one decision, each as a job."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from edge_atm.journal import Journal
from edge_atm.models import Models
from edge_atm.policy.challenge import ORDERS, draw_challenge
from edge_atm.policy.match import match, scores
from edge_atm.records import Embedding, Face, Floats, Frame, Pixels
from edge_atm.store import Store
from edge_atm.vault.faces import Faces, put_next
from edge_atm.vault.keys import Keys
from edge_atm.vault.ring import new_ring
from edge_atm.vault.templates import POLICY, Binding, open_template, seal_template
from edge_atm.vision.detector import Detector
from edge_atm.vision.embedder import Embedder, face_crop
from edge_atm.vision.pyramid import Pyramid
from edge_atm.vision.quality import quality_of
from edge_atm.vision.watch import TurnWatch
from tests.bench.ours import Ours
from tests.bench.times import Job
from tests.rig.bench import nonce_for
from tests.rig.camera import Clip, RecordedCamera
from tests.rig.customer import Customer

EVERY = 8
NETS = {"pnet": "P-Net, all levels", "rnet": "R-Net", "onet": "O-Net"}
FIRST, FOLLOWED, TURNING = "first frame", "followed frame", "frame of a whole turn"
INT8, FP32, KERNEL = "embedding int8", "embedding fp32", "1:N match, N = 10,000"
LOOK, SEARCH = "whole look, a frame", "1:N, opened, matched, wiped, N = 10,000"
KERNEL_N = 10_000
LOOK_FRAMES_MAX = 300
DAY = "2031-01-01T08:00:00Z"


class _Heard:
    """A session that remembers what it was asked."""

    def __init__(self, session: Any) -> None:
        self._run, self.get_inputs = session.run, session.get_inputs
        self.asked: list[tuple[Any, Any]] = []

    def run(self, outputs: Any, feeds: dict[str, Any]) -> Any:
        self.asked.append((outputs, {name: np.array(fed) for name, fed in feeds.items()}))
        return self._run(outputs, feeds)

    def again(self) -> None:
        for outputs, feeds in self.asked:
            self._run(outputs, feeds)


class _HeardModels(Models):
    """Models whose sessions remember."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: dict[str, _Heard] = {}

    def open(self, name: str) -> Any:
        self.opened[name] = _Heard(super().open(name))
        return self.opened[name]


class _HeardPyramid(Pyramid):
    """A pyramid that remembers, across pictures, what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self._asked: list[Callable[[], object]] = []

    def show(self, *words: Any) -> None:
        self._asked.append(partial(super().show, *words))
        super().show(*words)

    def whole(self, *words: Any) -> Pixels:
        self._asked.append(partial(super().whole, *words))
        return super().whole(*words)

    def crops(self, edges: Floats, side_px: int) -> Pixels:
        self._asked.append(partial(super().crops, edges.copy(), side_px))
        return super().crops(edges, side_px)

    def again(self) -> None:
        for ask in self._asked:
            ask()


def vision(ours: Ours) -> list[Job]:
    """Return the jobs on pictures, the nets of a first frame alone among them."""
    seen = ours.faces(EVERY)
    n, models = len(seen), _HeardModels()
    detector = Detector(models, ours.detector.min_face_px)
    detector._pyramid = pyramid = _HeardPyramid()
    for frame, _ in seen:
        detector.detect(frame.pixels)
    return [
        Job("pyramid and crops", pyramid.again, n),
        *(Job(NETS[name], models.opened[name].again, n) for name in NETS),
        Job(FIRST, lambda: [ours.detector.detect(f.pixels) for f, _ in seen], n),
        Job(FOLLOWED, lambda: ours.follow(ours.straight), len(ours.straight)),
        Job(TURNING, lambda: ours.follow(ours.frames), len(ours.frames)),
        Job("quality", lambda: [quality_of(f.pixels, face) for f, face in seen], n),
        *_embedding(ours, seen),
        _look(ours),
    ]


def _embedding(ours: Ours, seen: list[tuple[Frame, Face]]) -> list[Job]:
    crops = [face_crop(frame.pixels, face.box)[np.newaxis] for frame, face in seen]
    fp32, n = Embedder(Models(), "facenet_fp32"), len(seen)
    return [
        Job("crop for the embedding", lambda: [face_crop(f.pixels, s.box) for f, s in seen], n),
        Job(INT8, lambda: [ours.embedder.embed_crops(crop) for crop in crops], n),
        Job(FP32, lambda: [fp32.embed_crops(crop) for crop in crops], n),
    ]


def _look(ours: Ours) -> Job:
    # Recorded once, because the customer's movements follow the hints, and pictures cost decoding.
    customer = Customer(camera := RecordedCamera(Clip.load("a1")))
    frames: list[Frame] = []
    asks = draw_challenge(nonce_for(*ORDERS[-1]))

    def watched(source: Any, guide: Callable[..., object] = lambda *_: None) -> None:
        watch = TurnWatch(ours.detector, ours.embedder, asks)
        for frame in source:
            guide(watch.see(frame), frame, watch.face, watch.colour)
            if watch.done:
                break
            assert frame.number < LOOK_FRAMES_MAX, "the look does not end"
        assert watch.look().liveness.fault is None, watch.look().liveness.fault

    def kept() -> Any:
        for frame in camera.frames():
            frames.append(frame)
            yield frame

    watched(kept(), customer.guide)
    return Job(LOOK, partial(watched, frames), len(frames))


def deciding(ours: Ours, folder: Path) -> list[Job]:
    """Return the jobs after the last frame, and those on the unit's state in `folder`."""
    mean = Models().mean_embedding()
    probe = [ours.embedder.embed(frame.pixels, face) for frame, face in ours.faces(EVERY)]
    template, towards = Embedding(probe[0].vector, probe[0].embedding_id), probe[1].vector
    store = Store(folder / "bench.sqlite")
    journal = Journal(store, bytes(32), partial(datetime.now, UTC))
    keys, bound = Keys(bytes(32)), Binding("c", "t", 1, template.embedding_id, POLICY, DAY)
    faces = np.stack([template.vector, template.vector])
    sealed = seal_template(keys, faces, bound)
    crowd, sealed_crowd = templates(KERNEL_N), _sealed_crowd(folder)
    return [
        Job("agreement + match", partial(match, "c", template, probe, mean, 0.5)),
        Job(KERNEL, partial(scores, crowd, towards, mean)),
        Job(SEARCH, lambda: [scores(faces, towards, mean) for _, faces in sealed_crowd.batches()]),
        Job("template sealed", _often(partial(seal_template, keys, faces, bound)), 20),
        Job("template opened", _often(partial(open_template, keys, sealed, bound)), 20),
        Job("journal entry on disk", _often(partial(journal.record, "opened")), 20),
    ]


def _sealed_crowd(folder: Path) -> Faces:
    """Return the faces of 10,000 enrolled customers; their keys are random."""
    ring, store = new_ring(Keys.new()), Store(folder / "crowd.sqlite")
    ids = [f"{number:016x}" for number in range(KERNEL_N)]
    pairs = np.repeat(templates(KERNEL_N)[:, np.newaxis], 2, axis=1)
    bound = [Binding(who, "", 0, "bench", POLICY, DAY) for who in ids]
    with store.transaction() as connection:
        connection.executemany(
            "INSERT INTO customers (customer_id, card_hash, card_last4)"
            " VALUES (?1, CAST(?1 AS BLOB), '')",
            [(who,) for who in ids],
        )
        put_next(connection, ring.rows, pairs, bound)
    return Faces(store, ring, "bench")


def _often(run: Callable[[], object]) -> Callable[[], None]:
    def twenty() -> None:
        for _ in range(20):
            run()

    return twenty


def templates(count: int) -> Floats:
    """Return float32 [count, 512] of unit length; every row stands there often when there are many.

    How long a product takes does not depend on the numbers in it.
    """
    block = np.random.default_rng(4).standard_normal((min(count, KERNEL_N), 512), np.float32)
    block /= np.linalg.norm(block, axis=1, keepdims=True)
    return np.asarray(np.resize(block, (count, 512)), dtype=np.float32)
