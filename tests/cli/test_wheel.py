"""What is installed on a machine: the product, its models, and nothing that can pretend."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FAKE = re.compile(r"(^|[/_.-])(sim|fake|mock|replay|record(ed|ing)?|script(ed)?|rig|tests?)", re.I)


@pytest.mark.slow
def test_the_wheel_holds_the_product_and_nothing_fake(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path / "installed")
    allowed = {f"edge_atm/{part}.py" for part in ("records", "cli/records", "vision/recorder")}
    product = [name for name in names if ".dist-info/" not in name and name not in allowed]
    assert all(name.startswith("edge_atm/") for name in product)
    assert [name for name in product if FAKE.search(name)] == []
    for needed in ("schema.sql", "models_onnx/manifest.toml", "models_onnx/facenet_int8.onnx"):
        assert f"edge_atm/{needed}" in names
    # It runs from where it was unpacked, on its own models.
    verified = subprocess.run(
        [sys.executable, "-P", "-m", "edge_atm", "models", "verify"],
        cwd=tmp_path, env={"PYTHONPATH": str(tmp_path / "installed")},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert "4 models verified" in verified.stdout
