"""The architecture as a test: which room may import what."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "edge_atm"
ROOMS = {"vision", "vault", "policy", "cash", "device", "screen", "touch"}
SHARED = {"records", "taps", "money", "errors", "models", "store", "journal"}
ONLY_IN = {
    "sqlite3": {"store", "journal", "cash", "vault"},
    "onnxruntime": {"inference", "models", "prepared", "vision"},
    # A desk's camera is read with OpenCV too: the frame source sits with the hardware.
    "cv2": {"vision", "device"},
    "cryptography": {"vault"},
    "pyrage": {"vault"},
    "serial": {"device"},
    "picamera2": {"device"},
    "libcamera": {"device"},
    "pydantic": {"config", "sections"},
    "tomllib": {"config", "models"},
    "click": {"cli", "__main__"},
    "rich": {"cli"},
}
FREE = {"cli", "__main__", "assurance"}
FLOW = {"arriving", "asking", "atm", "enrolment", "looking", "machine"}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write full imports"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def faults(path: Path) -> Iterator[str]:
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    for name in imports(path):
        top, *rest = name.split(".")
        if top in ONLY_IN and room not in ONLY_IN[top] | FREE:
            yield f"{room} imports {name}"
        if top == "tests" or (top == "edge_atm" and rest[:1] == ["assurance"] and room not in FREE):
            yield f"{room} imports {name}"
        if top == "edge_atm" and rest and room in ROOMS and rest[0] not in {room, *SHARED}:
            yield f"{room} imports {name}"
        flow = top == "edge_atm" and rest and room in FLOW
        if flow and rest[0] not in {"policy", "records", "taps", "money", "errors", *FLOW}:
            yield f"{room} imports {name}"


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: p.stem)
def test_room_imports_only_what_its_danger_allows(path: Path) -> None:
    assert list(faults(path)) == []


def test_policy_cannot_touch_the_world() -> None:
    allowed = {"edge_atm", "math", "enum", "dataclasses", "collections", "typing", "numpy"}
    allowed |= {"hashlib", "itertools"}
    for path in (PACKAGE / "policy").glob("*.py"):
        assert {name.split(".")[0] for name in imports(path)} <= allowed, path
