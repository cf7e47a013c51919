"""Somebody else's host at our simulated dispenser: it is told what the device did.

So the simulator, against which all the rest is tested, speaks a protocol that not only we know.
"""

from pathlib import Path

import pytest

from edge_atm.device.dispenser import LcdmDispenser
from edge_atm.device.lcdm import Command, Control, frame
from edge_atm.device.serial_wire import SerialWire
from edge_atm.money import NO_NOTES, Operation, Outcome, Quantities
from tests.interop.foreign import foreign_host
from tests.rig.dispenser import SimulatedDispenser
from tests.rig.lcdm_faults import Fault, FaultPlan

pytestmark = pytest.mark.slow
ACK = Control.ACK.value


def test_status_tells_what_is_fitted_and_what_runs_low(tmp_path: Path) -> None:
    device = SimulatedDispenser(tmp_path / "lcdm.json", notes=(100, 10, None, 0))
    with device as sim, foreign_host(sim.port) as host:
        end = host.call("status")
    assert (end.ended, end.said) == ("response", frame(Command.STATUS) + ACK)
    assert end.per_cassette("type") == (1, 2, 0, 4)
    # Bit 2 is the cassette, bit 3 its near end.
    assert end.per_cassette("stat") == (4, 12, 0, 12)
    assert (end.per_cassette("opac"), end.per_cassette("leng")) == ((40,) * 4, (178,) * 4)


def test_every_moving_command_tells_what_moved(tmp_path: Path) -> None:
    stranded = FaultPlan((Fault(Command.PURGE, "stranded", notes=1, rejects=2),))
    with SimulatedDispenser(tmp_path / "lcdm.json", stranded) as sim, foreign_host(sim.port) as far:
        paid = far.call("dispense", 10, 3)
        assert paid.per_cassette("exit") == sim.presented == (10, 3, 0, 0)
        assert paid.per_cassette("reject") == sim.rejected == NO_NOTES
        tested = far.call("test_dispense", 0, 0, 1, 2)
        assert tested.per_cassette("exit") == NO_NOTES
        assert tested.per_cassette("reject") == sim.rejected == (0, 0, 1, 2)
        purged = far.call("purge")
        assert purged.per_cassette("exit") == (1, 0, 0, 0)
        assert purged.per_cassette("reject") == (2, 0, 0, 0)
        assert sim.presented == (11, 3, 0, 0)
        assert sim.rejected == (2, 0, 1, 2)
        assert sim.conserved()


def test_last_status_repeats_the_last_moving_command(tmp_path: Path) -> None:
    with SimulatedDispenser(tmp_path / "lcdm.json") as sim, foreign_host(sim.port) as host:
        assert host.call("last_status").per_cassette("exit") == NO_NOTES
        for call in (("dispense", 10, 3), ("test_dispense", 0, 0, 1), ("purge",)):
            told = host.call(*call)
            last = host.call("last_status")
            assert last.counts == told.counts
            assert last.per_cassette("exit") == tuple(sim.last_status.exits)
            assert last.per_cassette("reject") == tuple(sim.last_status.rejects)
        assert last.said == frame(Command.LAST_STATUS) + ACK


@pytest.mark.parametrize(
    "quantities", [(1, 0, 0, 0), (0, 0, 0, 40), (10, 10, 10, 10), (7, 0, 13, 2)]
)
def test_both_hosts_say_the_same_bytes(tmp_path: Path, quantities: Quantities) -> None:
    said = {}
    with SimulatedDispenser(tmp_path / "lcdm.json") as sim, foreign_host(sim.port) as host:
        said[Command.STATUS] = host.call("status").said
        said[Command.PURGE] = host.call("purge").said
        said[Command.DISPENSE] = host.call("dispense", *quantities).said
        said[Command.TEST_DISPENSE] = host.call("test_dispense", *quantities).said
        said[Command.LAST_STATUS] = host.call("last_status").said
    amounts = {Command.DISPENSE: quantities, Command.TEST_DISPENSE: quantities}
    assert said == {command: frame(command, amounts.get(command)) + ACK for command in Command}


def test_our_driver_reads_what_the_other_host_had_paid(tmp_path: Path) -> None:
    jam = FaultPlan((Fault(Command.DISPENSE, "jam", notes=4, rejects=2),))
    with SimulatedDispenser(tmp_path / "lcdm.json", jam) as sim:
        with foreign_host(sim.port) as host:
            told = host.call("dispense", 10, 3)
        with LcdmDispenser(SerialWire(Path(sim.port))) as unit:
            assert unit.last() == Outcome(Operation.DISPENSE, 3, (4, 0, 0, 0), (2, 0, 0, 0))
    assert told.per_cassette("exit") == (4, 0, 0, 0)
    assert told.per_cassette("reject") == (2, 0, 0, 0)
