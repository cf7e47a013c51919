"""The simulated dispenser as a process: it outlives a killed host and tells on it."""

import subprocess
import sys
from pathlib import Path

import pytest
import serial

from tests.rig.dispenser_process import dispenser_process
from tests.rig.lcdm_faults import Fault, FaultPlan
from tests.rig.lcdm_words import Command, dispense_request, request

FIVE = dispense_request(5)
LAST = request(Command.LAST_STATUS)
# A host that says its piece, reports the ACK, and then does nothing until it is killed.
DOOMED = """
import serial, sys, time
line = serial.Serial(sys.argv[1], 9600, timeout=10)
line.write(bytes.fromhex(sys.argv[2]))
print(line.read(1).hex(), flush=True)
time.sleep(600)
"""


def test_outlives_a_killed_host_and_remembers_what_it_paid(tmp_path: Path) -> None:
    with dispenser_process(tmp_path / "lcdm.json", notes=(7, None, 1, 1)) as device:
        command = [sys.executable, "-c", DOOMED, device.port, FIVE.hex()]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as host:
            assert host.stdout is not None
            assert host.stdout.readline().strip() == "06"
            host.kill()
        with serial.Serial(device.port, 9600, timeout=10) as line:
            line.write(LAST)
            # Repeats of the dead host's response may stand before the answer.
            line.read_until(bytes.fromhex("06 01 30 02 55"))
            assert line.read(6) == bytes.fromhex("52 20 30 25 20 31")
        assert device.truth().presented == [5, 0, 0, 0]
        assert device.truth().conserved()


def test_host_that_dispenses_after_silence_is_told_on(tmp_path: Path) -> None:
    plan = FaultPlan((Fault(Command.DISPENSE, "lose_command"),))
    with (
        pytest.raises(AssertionError, match="DISPENSE after silence without LAST STATUS"),
        dispenser_process(tmp_path / "lcdm.json", plan) as device,
        serial.Serial(device.port, 9600) as line,
    ):
        line.write(FIVE + FIVE)
