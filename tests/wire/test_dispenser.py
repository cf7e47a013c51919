"""The driver against a scripted peer: told at most once, whatever is lost or damaged."""

from pathlib import Path

import pytest

from edge_atm.device.dispenser import LcdmDispenser, Timing
from edge_atm.device.lcdm import Command
from edge_atm.device.serial_wire import SerialWire
from edge_atm.errors import LinkFault, LinkSilent
from edge_atm.money import NO_NOTES, Operation, Outcome, Quantities
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
    with (
        Peer({DISPENSE: [turn]}) as peer,
        LcdmDispenser(SerialWire(peer.port), timing=PATIENT) as unit,
    ):
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
    with (
        Peer({DISPENSE: [turn]}) as peer,
        LcdmDispenser(SerialWire(peer.port), timing=HASTY) as unit,
    ):
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
    with Peer(script) as peer, LcdmDispenser(SerialWire(peer.port), timing=HASTY) as unit:
        with pytest.raises(LinkFault):
            unit.dispense(ASKED)
        assert DISPENSE not in peer.frames


@pytest.mark.parametrize(
    ("turn", "accepted"),
    [
        pytest.param((), False, id="not one byte"),
        pytest.param((NAK,), False, id="NAK"),
        pytest.param((ACK,), True, id="ACK"),
        pytest.param((b"\x07",), True, id="ACK with a flipped bit"),
        pytest.param((b"\xff",), True, id="noise"),
        pytest.param((b"\x01\x30",), True, id="the start of a response"),
        pytest.param((b"\x07" + NAK,), True, id="NAK behind another byte"),
        pytest.param((ACK + BAD, BAD, BAD, BAD), True, id="damaged response"),
        pytest.param((None,), True, id="hangs up at the frame"),
    ],
)
def test_only_a_lone_nak_or_nothing_at_all_is_no_sign_of_an_ack(turn: Turn, accepted: bool) -> None:
    with (
        Peer({DISPENSE: [turn]}) as peer,
        LcdmDispenser(SerialWire(peer.port), timing=HASTY) as unit,
    ):
        with pytest.raises(LinkSilent) as silence:
            unit.dispense(ASKED)
        assert silence.value.accepted is accepted
        assert peer.frames == [STATUS, DISPENSE]


def test_a_byte_of_an_earlier_command_is_no_sign_of_this_ones_ack() -> None:
    with (
        Peer({DISPENSE: [(), ()]}) as peer,
        LcdmDispenser(SerialWire(peer.port), timing=HASTY) as unit,
    ):
        for _ in range(2):
            with pytest.raises(LinkSilent) as silence:
                unit.dispense(ASKED)
            assert not silence.value.accepted
            assert unit.last() == PAID
        assert peer.frames.count(DISPENSE) == 2


@pytest.mark.parametrize("late", [DONE, BAD, b"", ACK + DONE])
def test_a_damaged_ack_that_reads_as_nak_is_asked_about(late: bytes) -> None:
    script: Script = {DISPENSE: [(NAK,)], LAST_STATUS: [(late, ACK + LAST, EOT)]}
    with Peer(script) as peer, LcdmDispenser(SerialWire(peer.port), timing=HASTY) as unit:
        with pytest.raises(LinkSilent):
            unit.dispense(ASKED)
        assert unit.last() == PAID
        assert peer.frames.count(DISPENSE) == 1


@pytest.mark.parametrize("command", [Command.PURGE, Command.TEST_DISPENSE])
@pytest.mark.parametrize("turn", [(NAK,), ()])
def test_every_moving_command_is_sent_once(command: Command, turn: Turn) -> None:
    with (
        Peer({command: [turn]}) as peer,
        LcdmDispenser(SerialWire(peer.port), timing=HASTY) as unit,
    ):
        with pytest.raises(LinkSilent):
            unit.purge() if command is Command.PURGE else unit.test_dispense(ASKED)
        assert peer.frames == [STATUS, command]


def test_a_late_response_is_never_another_commands_or_another_dispenses() -> None:
    late: Turn = (STALE, ACK + LAST, EOT)
    script: Script = {DISPENSE: [()], LAST_STATUS: [(), late]}
    with Peer(script) as peer, LcdmDispenser(SerialWire(peer.port), timing=HASTY) as unit:
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
            LcdmDispenser(SerialWire(wrong))
    in_use = pytest.raises(LinkFault, match="in use by another program")
    with Peer() as peer, LcdmDispenser(SerialWire(peer.port)), in_use:
        LcdmDispenser(SerialWire(peer.port))


def test_a_lost_port_is_opened_again_when_the_cable_is_back(tmp_path: Path) -> None:
    cable = tmp_path / "dispenser"
    with Peer() as first, Peer() as second:
        cable.symlink_to(first.port)
        with LcdmDispenser(SerialWire(cable, parity="even"), timing=PATIENT) as unit:
            first.hang_up()
            with pytest.raises(LinkFault):
                unit.dispense(ASKED)
            cable.unlink()
            cable.symlink_to(second.port)
            assert unit.last() == PAID
        assert DISPENSE not in first.frames + second.frames
