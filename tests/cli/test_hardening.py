"""A running unit, looked at by another process of its own user: no core, no memory, no trace."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.cli.conftest import CARD, Cli
from tests.cli.test_stopping import read_until
from tests.rig.dispenser import SimulatedDispenser

pytestmark = pytest.mark.slow

NOBODY = 65534
ROOT = os.getuid() == 0
# Root may look at everything, so the unit and its neighbour run as somebody else; they keep the
# right to read files, as this interpreter may lie in root's own folder.
AS_NOBODY = [
    "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
    "--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search",
    "--bounding-set=-all,+dac_read_search",
]  # fmt: skip
PREFIX = AS_NOBODY if ROOT else []
DUMPING = ["sh", "-c", 'ulimit -S -c "$(ulimit -H -c)"; exec "$@"', "sh"]
PTRACE_SEIZE, PTRACE_DETACH = 0x4206, 17
NEIGHBOUR = f"""
import ctypes, json, sys
pid, can = int(sys.argv[1]), {{}}
for name in ("environ", "mem"):
    try:
        file = open(f"/proc/{{pid}}/{{name}}", "rb", buffering=0)
        can[name] = True if name == "mem" else bool(file.read(1))
    except OSError:
        can[name] = False
libc = ctypes.CDLL(None)
can["ptrace"] = libc.ptrace({PTRACE_SEIZE}, pid, None, None) == 0
can["rss"] = "VmRSS" in open(f"/proc/{{pid}}/status").read()
print(json.dumps(can))
"""
# Opens the unit as every command does, says its roots masked, and waits while open and closed.
OPENER = """
import sys
from pathlib import Path
from edge_atm.cli.opening import open_unit
with open_unit(Path(sys.argv[1]), development=True) as unit:
    unit.journal.record("opened")
    unit.customers.check_pin(unit.customers.claim(sys.argv[2]).customer_id, "0000")
    for keys in (unit.ring.master, unit.ring.lasting, unit.ring.rows):
        print(bytes(byte ^ 90 for byte in keys._root).hex(), flush=True)
    sys.stdin.readline()
print("closed", flush=True)
sys.stdin.readline()
"""

needs_setpriv = pytest.mark.skipif(
    ROOT and shutil.which("setpriv") is None, reason="setpriv is needed to be another user"
)
needs_root = pytest.mark.skipif(not ROOT, reason="only root may look into the unit's memory")


@pytest.fixture
def owned(sim: SimulatedDispenser) -> Iterator[Cli]:
    """A unit of that user; pytest's own folders are root's alone."""
    with TemporaryDirectory() as folder:
        unit = Cli(Path(folder), sim.port).provisioned()
        for path in [*unit.folder.rglob("*"), unit.folder, Path(sim.port)] if ROOT else []:
            os.chown(path, NOBODY, NOBODY)
        yield unit


@contextmanager
def started(*command: str, folder: Path | None = None) -> Iterator["subprocess.Popen[str]"]:
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def open_to_all(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """Start the control: a process of the same user that keeps nothing to itself."""
    with started(*DUMPING, *PREFIX, "cat", folder=folder) as control:
        assert control.stdin is not None
        assert control.stdout is not None
        control.stdin.write("\n")
        control.stdin.flush()
        # Its answer comes from the last program of the chain.
        control.stdout.readline()
        yield control


@contextmanager
def serving(cli: Cli) -> Iterator["subprocess.Popen[str]"]:
    """Start `run` as an ordinary user who may dump core; it waits for a card's number."""
    with started(*DUMPING, *PREFIX, *cli.command("run"), folder=cli.folder) as unit:
        assert unit.stderr is not None
        read_until(unit.stderr, "Card number")
        yield unit


def what_a_neighbour_can(pid: int) -> dict[str, bool]:
    command = [*PREFIX, sys.executable, "-c", NEIGHBOUR, str(pid)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    can: dict[str, bool] = json.loads(done.stdout)
    return can


@needs_setpriv
def test_another_process_of_its_user_sees_only_figures(owned: Cli) -> None:
    with open_to_all(owned.folder) as control:
        can = what_a_neighbour_can(control.pid)
    assert can["environ"]
    assert can["rss"]
    with serving(owned) as unit:
        limits = Path(f"/proc/{unit.pid}/limits").read_text()
        can = what_a_neighbour_can(unit.pid)
    assert can == {"environ": False, "mem": False, "ptrace": False, "rss": True}
    (core,) = [line for line in limits.splitlines() if line.startswith("Max core file size")]
    assert core.split()[4] == "0"


@needs_setpriv
def test_a_crash_leaves_no_core(owned: Cli) -> None:
    with open_to_all(owned.folder) as control:
        if not dumps_core(control):
            pytest.skip("this computer writes no core of any process")
    with serving(owned) as unit:
        assert not dumps_core(unit)


def dumps_core(process: "subprocess.Popen[str]") -> bool:
    os.kill(process.pid, signal.SIGSEGV)
    _, status = os.waitpid(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == -signal.SIGSEGV
    return os.WCOREDUMP(status)


@needs_setpriv
def test_prepared_models_open_without_any_privilege(owned: Cli) -> None:
    done = subprocess.run(
        [*PREFIX, *owned.command("models", "verify", "--json")],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["prepared"] is True


@needs_root
def test_no_root_is_left_in_memory_or_environment_when_a_unit_was_closed(cli: Cli) -> None:
    cli.provisioned()
    with started(sys.executable, "-c", OPENER, str(cli.config), CARD) as unit:
        assert unit.stdin is not None
        assert unit.stdout is not None
        masked = [bytes.fromhex(unit.stdout.readline()) for _ in range(3)]
        roots = [bytes(byte ^ 90 for byte in one) for one in masked]
        # The control: while it is open each is there, and this test can see it.
        assert all(copies(unit.pid, roots))
        unit.stdin.write("\n")
        unit.stdin.flush()
        assert unit.stdout.readline() == "closed\n"
        assert copies(unit.pid, roots) == [0, 0, 0]
        environ = Path(f"/proc/{unit.pid}/environ").read_bytes()
        assert b"PATH=" in environ
        assert not any(root in environ or root.hex().encode() in environ for root in roots)


def copies(pid: int, wanted: list[bytes]) -> list[int]:
    """Return how often each of `wanted` stands in what the process can read of its memory."""
    found = [0] * len(wanted)
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            area, rights, *_ = line.split()
            if "w" not in rights:
                continue
            start, end = (int(address, 16) for address in area.split("-"))
            memory.seek(start)
            content = memory.read(end - start) or b""
            found = [count + content.count(one) for count, one in zip(found, wanted, strict=True)]
    return found
