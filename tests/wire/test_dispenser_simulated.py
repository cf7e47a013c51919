"""The driver against the simulated device: it says what the device did, or that nobody knows."""

from dataclasses import replace
from pathlib import Path

import pytest

from edge_atm.device.dispenser import LcdmDispenser, Timing
from edge_atm.device.lcdm import Command
from edge_atm.device.serial_wire import SerialWire
from edge_atm.errors import LinkSilent
from edge_atm.money import NO_NOTES, Operation, Outcome, Quantities
from tests.rig.dispenser import SimulatedDispenser
from tests.rig.lcdm_faults import Fault, FaultPlan, Kind
from tests.rig.lcdm_mechanism import Settings

PATIENT = Timing(poll=0.005, quiet=0.02, stall=0.05, closing=0.05, ack=0.2, status=20, last=20)
HASTY = replace(PATIENT, answer=0.2, response=0.3)
ASKED: Quantities = (10, 3, 0, 0)
PAID = Outcome(Operation.DISPENSE, 0, ASKED, NO_NOTES)
STATUS, DISPENSE = Command.STATUS, Command.DISPENSE


def simulated(memory: Path, *faults: Fault) -> SimulatedDispenser:
    return SimulatedDispenser(memory, FaultPlan(faults), Settings(reply_wait_seconds=0.1))


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault(DISPENSE, "lose_ack"), PAID),
        (Fault(DISPENSE, "lose_first", times=2), PAID),
        (Fault(DISPENSE, "cut_response", times=2), PAID),
        (Fault(DISPENSE, "garble_response", times=3), PAID),
        (Fault(DISPENSE, "late_response", seconds=0.2), PAID),
        (Fault(DISPENSE, "double_response"), PAID),
        (Fault(DISPENSE, "noise"), PAID),
        (Fault(DISPENSE, "no_eot"), PAID),
        (Fault(STATUS, "garble_response", times=2), PAID),
        (Fault(STATUS, "lose_command"), PAID),
        (Fault(DISPENSE, "error", error=0x24), replace(PAID, error=0x24, presented=NO_NOTES)),
        (Fault(DISPENSE, "jam", notes=4), replace(PAID, error=3, presented=(4, 0, 0, 0))),
    ],
    ids=lambda value: getattr(value, "kind", None),
)
def test_the_simulated_device_pays_what_the_driver_says(
    tmp_path: Path, fault: Fault, expected: Outcome
) -> None:
    with simulated(tmp_path / "memory", fault) as far:
        with LcdmDispenser(SerialWire(Path(far.port)), timing=PATIENT) as unit:
            assert unit.dispense(ASKED) == expected
            assert unit.last() == expected
            assert unit.purge().error == 0
            assert unit.test_dispense((0, 0, 1, 0)).rejected == (0, 0, 1, 0)
            assert [cassette.kind for cassette in unit.status().cassettes] == [1, 2, 3, 4]
        assert far.presented == expected.presented
        assert far.commands.count(DISPENSE) == 1


@pytest.mark.parametrize("kind", ["lose_response", "garble_always", "late_response", "ack_as_nak"])
def test_the_simulated_device_tells_afterwards(tmp_path: Path, kind: Kind) -> None:
    fault = Fault(DISPENSE, kind, seconds=1.0)
    with simulated(tmp_path / "memory", fault) as far:
        with LcdmDispenser(SerialWire(Path(far.port)), timing=HASTY) as unit:
            with pytest.raises(LinkSilent):
                unit.dispense(ASKED)
            assert unit.last() == PAID
        assert (far.presented, far.commands.count(DISPENSE)) == (ASKED, 1)


def test_the_simulated_device_refuses_and_pays_nothing(tmp_path: Path) -> None:
    with simulated(tmp_path / "memory", Fault(DISPENSE, "nak_times", times=9)) as far:
        with LcdmDispenser(SerialWire(Path(far.port)), timing=PATIENT) as unit:
            with pytest.raises(LinkSilent) as silence:
                unit.dispense(ASKED)
            assert not silence.value.accepted
            assert unit.last().operation is Operation.NONE
        assert (far.presented, far.commands.count(DISPENSE)) == (NO_NOTES, 1)
