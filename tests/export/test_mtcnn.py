"""The three ONNX networks against a second forward pass, written here in plain numpy."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from export import manifest, mtcnn, sources, torchfile
from tests.export.conftest import one_thread

pytestmark = pytest.mark.slow

Floats = npt.NDArray[np.float64]
TOLERANCE = 1e-5


class Plain:
    """The networks as their authors describe them: float64, windows cut out one by one."""

    def __init__(self, weights: Mapping[str, torchfile.Array]) -> None:
        self.weights = {name: array.astype(np.float64) for name, array in weights.items()}

    def conv(self, x: Floats, name: str) -> Floats:
        kernel = self.weights[f"{name}.weight"]
        windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[2:], (2, 3))
        y = np.einsum("nchwij,ocij->nohw", windows, kernel, optimize=True)
        return np.asarray(y + self.weights[f"{name}.bias"][:, None, None])

    def dense(self, x: Floats, name: str) -> Floats:
        return x @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]

    def prelu(self, x: Floats, name: str) -> Floats:
        slope = self.weights[f"{name}.weight"].reshape(1, -1, *[1] * (x.ndim - 2))
        return np.where(x > 0, x, slope * x)

    def block(self, x: Floats, number: int) -> Floats:
        return self.prelu(self.conv(x, f"conv{number}"), f"prelu{number}")

    def dense_block(self, x: Floats, number: int) -> Floats:
        return self.prelu(self.dense(x, f"dense{number}"), f"prelu{number}")


def pool(x: Floats, size: int) -> Floats:
    """Take the maximum of size x size windows, two apart; the last may hang over the edge."""
    height, width = (-((size - side) // 2) + 1 for side in x.shape[2:])
    y = np.empty((*x.shape[:2], height, width))
    for row in range(height):
        for column in range(width):
            window = x[:, :, 2 * row : 2 * row + size, 2 * column : 2 * column + size]
            y[:, :, row, column] = window.max((2, 3))
    return y


def flat(x: Floats) -> Floats:
    turned = x.transpose(0, 3, 2, 1)
    return turned.reshape(len(x), -1)


def softmax(x: Floats) -> Floats:
    powers = np.exp(x - x.max(1, keepdims=True))
    return np.asarray(powers / powers.sum(1, keepdims=True))


def pnet(net: Plain, x: Floats) -> dict[str, Floats]:
    x = net.block(net.block(pool(net.block(x, 1), 2), 2), 3)
    return {"reg": net.conv(x, "conv4_2"), "prob": softmax(net.conv(x, "conv4_1"))}


def rnet(net: Plain, x: Floats) -> dict[str, Floats]:
    x = pool(net.block(pool(net.block(x, 1), 3), 2), 3)
    x = net.dense_block(flat(net.block(x, 3)), 4)
    return {"reg": net.dense(x, "dense5_2"), "prob": softmax(net.dense(x, "dense5_1"))}


def onet(net: Plain, x: Floats) -> dict[str, Floats]:
    x = pool(net.block(pool(net.block(x, 1), 3), 2), 3)
    x = net.block(pool(net.block(x, 3), 2), 4)
    x = net.dense_block(flat(x), 5)
    prob = softmax(net.dense(x, "dense6_1"))
    return {
        "reg": net.dense(x, "dense6_2"),
        "prob": prob,
        "landmarks": net.dense(x, "dense6_3"),
    }


NETWORKS = {"pnet": pnet, "rnet": rnet, "onet": onet}
CASES = [
    *[("pnet", shape) for shape in [(1, 12, 12), (3, 13, 12), (2, 37, 50), (1, 61, 96)]],
    *[("rnet", (count, 24, 24)) for count in (1, 2, 33)],
    *[("onet", (count, 48, 48)) for count in (1, 2, 9)],
]


@pytest.mark.parametrize(("name", "shape"), CASES)
@pytest.mark.parametrize("kind", ["noise", "smooth"])
def test_outputs_agree(wheels: Path, name: str, shape: tuple[int, int, int], kind: str) -> None:
    count, height, width = shape
    member = sources.read_member(mtcnn.DISTRIBUTION, mtcnn.MEMBERS[name], wheels)
    random = np.random.default_rng([height, width, count])
    pixels = random.integers(0, 256, (count, 3, height, width)).astype(np.float64)
    if kind == "smooth":
        pixels = np.sort(pixels, axis=3)
    expected = NETWORKS[name](Plain(torchfile.read(member)), (pixels - 127.5) / 128)
    session = one_thread(manifest.RELEASED / f"{name}.onnx")
    found = session.run(list(expected), {"input": pixels.astype(np.uint8).transpose(0, 2, 3, 1)})
    for output, value in zip(expected, found, strict=True):
        assert value.shape == expected[output].shape
        assert np.abs(value - expected[output]).max() <= TOLERANCE, output


def test_a_face_is_the_second_column() -> None:
    # A blank picture holds no face; if the columns were swapped, this would be near one.
    session = one_thread(manifest.RELEASED / "onet.onnx")
    (prob,) = session.run(["prob"], {"input": np.zeros((1, 48, 48, 3), np.uint8)})
    assert prob.sum() == pytest.approx(1.0)
    assert prob[0, 1] < 0.1
