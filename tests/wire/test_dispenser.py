"""The driver against a scripted peer and against the simulator: at most once, whatever is lost."""

from dataclasses import replace
from pathlib import Path

import pytest

from edge_atm.device.dispenser import LcdmDispenser, Timing
from edge_atm.device.lcdm import Command
from edge_atm.errors import LinkFault, LinkSilent
from edge_atm.records import NO_NOTES, Operation, Outcome, Quantities
from tests.rig.dispenser import SimulatedDispenser
from tests.rig.lcdm_faults import Fault, FaultPlan, Kind
from tests.rig.lcdm_mechanism import Settings
from tests.wire.peer import ACK, DONE, EOT, LAST, NAK, STATE, Peer, Script, Turn, framed, moved

# What will come has all the time it needs; what will not is waited for shortly.
PATIENT = Timing(poll=0.005, quiet=0.02, stall=0.05, closing=0.05, ack=0.2, status=20, last=20)
HASTY = Timing(0.005, 1, 0.02, 0.2, 0.4, 0.2, 0.05, 0.3, 0.05, 2, 2)
ASKED: Quantities = (10, 3, 0, 0)
PAID = Outcome(Operation.DISPENSE, 0, ASKED, NO_NOTES)
STATUS, DISPENSE, LAST_STATUS = Command.STATUS, Command.DISPENSE, Command.LAST_STATUS
STALE = framed(DISPENSE, *moved(7, 0, 0, 0), *[0x20] * 9)
IMPOSSIBLE = framed(DISPENSE, *moved(-1, 0, 0, 0), *[0x20] * 9)
BAD = DONE[:8] + b"\x21" + DONE[9:]


@pytest.mark.parametrize(
    "turn",
    [
        pytest.param((ACK + DONE, EOT), id="normal"),
        pytest.param((DONE, EOT), id="ack lost"),
        pytest.param((b"\x26" + DONE, EOT), id="ack garbled"),
        pytest.param((b"\xff\xff" + ACK + b"\xff\x01\x30\xff" + DONE, b"\xff" + EOT), id="noise"),
        pytest.param((ACK + BAD, BAD, BAD, DONE, EOT), id="garbled, then good"),
        pytest.param((ACK + DONE[:9], DONE, EOT), id="cut, then good"),
        pytest.param((ACK + DONE[:9] + DONE, DONE, DONE, EOT), id="cut, then repeated"),
        pytest.param((ACK + DONE,), id="no closing EOT"),
        pytest.param((ACK + DONE + DONE, EOT), id="double"),
        pytest.param((ACK + STATE + LAST + DONE, b"", b"", EOT), id="behind late others"),
        pytest.param((ACK + NAK + DONE, EOT), id="NAK after ACK is noise"),
        pytest.param((ACK + DONE, None), id="hangs up after its response"),
    ],
)
def test_the_response_is_found(turn: Turn) -> None:
    with Peer({DISPENSE: [turn]}) as peer, LcdmDispenser(peer.port, timing=PATIENT) as unit:
        assert unit.dispense(ASKED) == PAID
    assert peer.frames == [STATUS, DISPENSE]


@pytest.mark.parametrize(
    "turn",
    [
        pytest.param((), id="frame lost"),
        pytest.param((ACK,), id="response lost"),
        pytest.param((ACK + BAD, BAD, BAD, BAD), id="garbled always"),
        pytest.param((ACK + IMPOSSIBLE, IMPOSSIBLE, IMPOSSIBLE), id="impossible count"),
        pytest.param((ACK + framed(DISPENSE, 0x23),), id="short, counts unknown"),
        pytest.param((ACK + LAST, EOT), id="another command's response"),
        pytest.param((ACK * 4000,), id="babble"),
        pytest.param((None,), id="hangs up at the frame"),
        pytest.param((ACK + DONE[:9], None), id="hangs up at our NAK"),
    ],
)
def test_silence_is_never_answered_by_a_second_dispense(turn: Turn) -> None:
    with Peer({DISPENSE: [turn]}) as peer, LcdmDispenser(peer.port, timing=HASTY) as unit:
        with pytest.raises(LinkSilent):
            unit.dispense(ASKED)
        assert peer.frames == [STATUS, DISPENSE]


@pytest.mark.parametrize(
    "script",
    [
        pytest.param({STATUS: [()] * 99}, id="dead"),
        pytest.param({STATUS: [(NAK,)] * 99}, id="refuses all"),
        pytest.param({STATUS: [(None,)]}, id="hangs up"),
        pytest.param({STATUS: [(ACK + framed(STATUS, 0x50),)]}, id="knows no STATUS"),
    ],
)
def test_a_device_that_does_not_answer_before_is_not_told(script: Script) -> None:
    with Peer(script) as peer, LcdmDispenser(peer.port, timing=HASTY) as unit:
        with pytest.raises(LinkFault):
            unit.dispense(ASKED)
        assert DISPENSE not in peer.frames


def test_a_refused_frame_is_sent_again_and_refused_thrice_is_a_fault() -> None:
    script: Script = {DISPENSE: [(NAK,), (NAK,)]}
    with Peer(script) as peer, LcdmDispenser(peer.port, timing=PATIENT) as unit:
        assert unit.dispense(ASKED) == PAID
        script[DISPENSE] = [(NAK,)] * 3
        with pytest.raises(LinkFault):
            unit.dispense(ASKED)
        assert peer.frames.count(DISPENSE) == 6


@pytest.mark.parametrize("late", [DONE, BAD, b""])
def test_a_damaged_ack_that_reads_as_nak_pays_once(late: bytes) -> None:
    states: list[Turn] = [(ACK + STATE, EOT), (late, ACK + STATE, EOT), *[()] * 99]
    script: Script = {DISPENSE: [(NAK,)], STATUS: states}
    with Peer(script) as peer, LcdmDispenser(peer.port, timing=HASTY) as unit:
        if late == DONE:
            assert unit.dispense(ASKED) == PAID
        else:
            with pytest.raises(LinkSilent):
                unit.dispense(ASKED)
        assert peer.frames.count(DISPENSE) == 1


def test_a_late_response_is_never_another_commands_or_another_dispenses() -> None:
    late: Turn = (STALE, ACK + LAST, EOT)
    script: Script = {DISPENSE: [()], LAST_STATUS: [(), late]}
    with Peer(script) as peer, LcdmDispenser(peer.port, timing=HASTY) as unit:
        with pytest.raises(LinkSilent):
            unit.dispense(ASKED)
        assert unit.last() == PAID
        script[STATUS] = [(STALE, ACK + STATE + STALE, EOT + STALE)]
        assert unit.dispense(ASKED) == PAID
        assert peer.frames.count(DISPENSE) == 2


def test_a_port_that_is_missing_wrong_or_busy_is_named(tmp_path: Path) -> None:
    plain_file = tmp_path / "port"
    plain_file.touch()
    for wrong in (tmp_path / "gone", plain_file, Path("/dev/null"), Path("loop://")):
        with pytest.raises(LinkFault, match=str(wrong.name)):
            LcdmDispenser(wrong)
    in_use = pytest.raises(LinkFault, match="in use by another program")
    with Peer() as peer, LcdmDispenser(peer.port), in_use:
        LcdmDispenser(peer.port)


def test_a_lost_port_is_opened_again_when_the_cable_is_back(tmp_path: Path) -> None:
    cable = tmp_path / "dispenser"
    with Peer() as first, Peer() as second:
        cable.symlink_to(first.port)
        with LcdmDispenser(cable, parity="even", timing=PATIENT) as unit:
            first.hang_up()
            with pytest.raises(LinkFault):
                unit.dispense(ASKED)
            cable.unlink()
            cable.symlink_to(second.port)
            assert unit.last() == PAID
        assert DISPENSE not in first.frames + second.frames


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
        with LcdmDispenser(Path(far.port), timing=PATIENT) as unit:
            assert unit.dispense(ASKED) == expected
            assert unit.last() == expected
            assert unit.purge().error == 0
            assert unit.test_dispense((0, 0, 1, 0)).rejected == (0, 0, 1, 0)
            assert [cassette.kind for cassette in unit.status().cassettes] == [1, 2, 3, 4]
        assert far.presented == expected.presented
        assert far.commands.count(DISPENSE) == 1


@pytest.mark.parametrize("kind", ["lose_response", "garble_always", "late_response"])
def test_the_simulated_device_tells_afterwards(tmp_path: Path, kind: Kind) -> None:
    fault = Fault(DISPENSE, kind, seconds=1.0)
    with simulated(tmp_path / "memory", fault) as far:
        with LcdmDispenser(Path(far.port), timing=replace(HASTY, last=20)) as unit:
            with pytest.raises(LinkSilent):
                unit.dispense(ASKED)
            assert unit.last() == PAID
        assert (far.presented, far.commands.count(DISPENSE)) == (ASKED, 1)


def test_the_simulated_device_refuses_and_pays_nothing(tmp_path: Path) -> None:
    with simulated(tmp_path / "memory", Fault(DISPENSE, "nak_times", times=9)) as far:
        with LcdmDispenser(Path(far.port), timing=PATIENT) as unit, pytest.raises(LinkFault):
            unit.dispense(ASKED)
        assert far.presented == NO_NOTES
