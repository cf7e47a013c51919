import os
import subprocess
import sys
from pathlib import Path

from edge_atm.models import Models

OPEN = "from edge_atm.models import Models; Models().open('pnet')"
PLACES = ("HOME", "TMPDIR", *(f"XDG_{of}_HOME" for of in ("CACHE", "CONFIG", "DATA", "STATE")))


def test_running_a_net_leaves_no_trace_of_this_machine(tmp_path: Path) -> None:
    # onnxruntime's own builds keep a device's number, and a database of what to tell its maker.
    told = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    places = dict.fromkeys(PLACES, str(tmp_path))
    checkout = Models().folder.parent
    command = [sys.executable, "-B", "-c", OPEN]
    subprocess.run(command, env={**told, **places}, cwd=checkout, check=True)
    assert list(tmp_path.rglob("*")) == []
