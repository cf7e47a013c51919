"""A USB camera from the system calls up: OpenCV, identity, frame clock, over a preloaded kernel."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.sysfs import Sysfs

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("cc") is None, reason="the camera's kernel side is C"),
]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("v4l2") / "v4l2.so"
    words = ["cc", "-shared", "-fPIC", "-O1", "-o", str(made), str(ROOT / "tests/rig/v4l2.c")]
    subprocess.run([*words, "-ldl"], check=True, timeout=60)
    return made


def look(library: Path, folder: Path, mode: str) -> dict[str, object]:
    """Look through a camera of this mode, in a process of its own; return what came of it."""
    sysfs = Sysfs(folder / "sys")
    sysfs.usb_camera()
    environment = {**os.environ, "CAMERA": mode, "LD_PRELOAD": str(library)}
    words = [sys.executable, "-m", "tests.rig.usb_camera", str(sysfs.root)]
    done = subprocess.run(
        words, cwd=ROOT, env=environment, capture_output=True, timeout=60, check=True
    )
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_a_camera_gives_pictures_at_the_drivers_times(library: Path, tmp_path: Path) -> None:
    assert look(library, tmp_path, "") == {
        "fault": None,
        "broken": None,
        "serial": "A1B2C3D0",
        "shapes": [[480, 640, 3]],
        "timed": 12,
        "growing": True,
    }


@pytest.mark.parametrize(("mode", "word"), [("frozen", "doubled"), ("backwards", "backwards")])
def test_what_is_fed_in_loses_its_time(library: Path, tmp_path: Path, mode: str, word: str) -> None:
    found = look(library, tmp_path, mode)
    assert (found["fault"], found["broken"], found["growing"]) == (None, word, True)
    assert found["timed"] in range(12)


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("realtime", "the camera's frame times are not of this computer's monotonic clock"),
        ("loopback", "the camera's driver is 'v4l2 loopback', which this unit does not trust"),
        ("metadata", "the configured device gives no pictures"),
    ],
)
def test_what_is_no_camera_of_ours_gives_none(
    library: Path, tmp_path: Path, mode: str, said: str
) -> None:
    found = look(library, tmp_path, mode)
    assert (found["fault"], found["timed"]) == (said, 0)
