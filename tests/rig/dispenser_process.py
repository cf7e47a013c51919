"""The simulated dispenser as a separate process, so that the product may be killed beside it."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.rig.dispenser import FULL
from tests.rig.lcdm_faults import NO_FAULTS, FaultPlan, fault_text
from tests.rig.lcdm_memory import Memory

CHECKOUT = Path(__file__).resolve().parents[2]
END_SECONDS = 10


@dataclass(frozen=True, slots=True)
class DispenserProcess:
    """Where the product finds the dispenser, and where the truth about its notes is kept."""

    port: str
    memory_path: Path

    def truth(self) -> Memory:
        """Return the device's memory as it is now, whole."""
        return Memory.load(self.memory_path)


@contextmanager
def dispenser_process(
    memory_path: Path,
    plan: FaultPlan = NO_FAULTS,
    notes: Sequence[int | None] = FULL,
    options: Sequence[str] = (),
) -> Iterator[DispenserProcess]:
    """Run the dispenser; on leaving, raise AssertionError if the host broke the rule."""
    filling = ",".join("-" if count is None else str(count) for count in notes)
    command = [sys.executable, "-m", "tests.rig.dispenser", "--memory", str(memory_path)]
    command += ["--notes", filling, *options]
    for fault in plan.faults:
        command += ["--fault", fault_text(fault)]
    with subprocess.Popen(
        command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            assert port.startswith("/dev/"), "the dispenser did not start"
            yield DispenserProcess(port, memory_path)
        finally:
            process.terminate()
            complaints = process.communicate(timeout=END_SECONDS)[1]
            # Here, so that a broken rule is told even when the test is failing already.
            assert process.returncode == 0, complaints
