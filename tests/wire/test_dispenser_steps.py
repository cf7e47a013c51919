"""When the driver says that it is about to tell, and that it was heard, against the bytes."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from edge_atm.device.dispenser import LcdmDispenser
from edge_atm.device.lcdm import Command, frame
from edge_atm.errors import LinkFault, LinkSilent, StoreFault
from edge_atm.money import Quantities
from tests.wire.peer import ACK, DONE, EOT, NAK, Peer, Script, Turn
from tests.wire.spied import SpiedWire
from tests.wire.test_dispenser import BAD, HASTY, PAID, PATIENT

ASKED: Quantities = (10, 3, 0, 0)
DISPENSE, STATUS = Command.DISPENSE, Command.STATUS
TOLD = frame(DISPENSE, ASKED)
SENDING, ACCEPTED, HEARD_ACK = ("sending", b""), ("accepted", b""), ("<", ACK)


def steps(wire: SpiedWire) -> tuple[Callable[[], None], Callable[[], None]]:
    return lambda: wire.note("sending"), lambda: wire.note("accepted")


def full_disk() -> None:
    raise StoreFault("no room on the disk")


def test_each_step_is_called_once_in_its_place() -> None:
    with Peer() as peer:
        wire = SpiedWire(peer.port)
        with LcdmDispenser(wire, PATIENT) as unit:
            assert unit.dispense(ASKED, *steps(wire)) == PAID
        log = wire.log
        assert (log.count(SENDING), log.count(ACCEPTED)) == (1, 1)
        sending, told, accepted = (log.index(e) for e in (SENDING, (">", TOLD), ACCEPTED))
        # Up to then not one byte of the command: only the question before it, and its end.
        before = b"".join(data for word, data in log[:sending] if word == ">")
        assert before == frame(STATUS) + ACK
        assert told == sending + 1
        # Nothing but the ACK was heard, and nothing of the response.
        assert log[told + 1 : accepted] == [HEARD_ACK]
        assert b"".join(data for word, data in log[accepted:] if word == "<") == DONE + EOT


def test_the_far_end_has_seen_nothing_when_sending_is_called() -> None:
    with Peer() as peer:
        seen: list[list[int]] = []
        wire = SpiedWire(peer.port)
        with LcdmDispenser(wire, PATIENT) as unit:
            unit.dispense(ASKED, sending=lambda: seen.append(list(peer.frames)))
        assert seen == [[STATUS]]
        assert peer.frames == [STATUS, DISPENSE]


def test_what_cannot_be_written_down_is_not_told() -> None:
    with Peer() as peer:
        wire = SpiedWire(peer.port)
        with LcdmDispenser(wire, PATIENT) as unit:
            with pytest.raises(StoreFault):
                unit.dispense(ASKED, sending=full_disk)
            assert wire.told() == frame(STATUS) + ACK
            # The line is as usable as before.
            assert unit.dispense(ASKED, *steps(wire)) == PAID
        assert peer.frames == [STATUS, STATUS, DISPENSE]


def test_an_ack_that_cannot_be_written_down_is_no_reason_to_tell_again() -> None:
    with Peer() as peer:
        wire = SpiedWire(peer.port)
        with LcdmDispenser(wire, PATIENT) as unit:
            with pytest.raises(StoreFault):
                unit.dispense(ASKED, accepted=full_disk)
            assert unit.last() == PAID
        assert peer.frames.count(DISPENSE) == 1


@pytest.mark.parametrize(
    "turn",
    [
        pytest.param((DONE, EOT), id="no ACK"),
        pytest.param((b"\x07" + DONE, EOT), id="an ACK with a flipped bit"),
        pytest.param((BAD + BAD + DONE, DONE, EOT), id="damaged first"),
    ],
)
def test_a_response_without_an_ack_is_enough(turn: Turn) -> None:
    with Peer({DISPENSE: [turn]}) as peer:
        wire = SpiedWire(peer.port)
        with LcdmDispenser(wire, PATIENT) as unit:
            assert unit.dispense(ASKED, *steps(wire)) == PAID
        assert (wire.log.count(SENDING), wire.log.count(ACCEPTED)) == (1, 0)


@pytest.mark.parametrize(
    ("turn", "accepted"),
    [
        pytest.param((), 0, id="silence"),
        pytest.param((NAK,), 0, id="NAK"),
        pytest.param((None,), 0, id="hangs up"),
        pytest.param((ACK,), 1, id="ACK, then silence"),
        pytest.param((ACK * 40,), 1, id="babble"),
        pytest.param((ACK + NAK + ACK,), 1, id="NAK behind the ACK"),
        pytest.param((ACK + BAD, BAD, BAD, BAD), 1, id="damaged for ever"),
    ],
)
def test_only_an_ack_is_called_one_and_only_once(turn: Turn, accepted: int) -> None:
    with Peer({DISPENSE: [turn]}) as peer:
        wire = SpiedWire(peer.port)
        with LcdmDispenser(wire, HASTY) as unit, pytest.raises(LinkSilent):
            unit.dispense(ASKED, *steps(wire))
        assert (wire.log.count(SENDING), wire.log.count(ACCEPTED)) == (1, accepted)
        assert wire.told().count(TOLD) == 1


@pytest.mark.parametrize(
    "script", [{STATUS: [()] * 99}, {STATUS: [(NAK,)] * 99}, {STATUS: [(None,)]}]
)
def test_nothing_is_about_to_be_told_to_a_device_that_does_not_answer(script: Script) -> None:
    with Peer(script) as peer:
        wire = SpiedWire(peer.port)
        with LcdmDispenser(wire, HASTY) as unit, pytest.raises(LinkFault):
            unit.dispense(ASKED, *steps(wire))
        assert SENDING not in wire.log
        assert TOLD not in wire.told()


def test_the_acks_of_questions_are_not_the_commands() -> None:
    with Peer({DISPENSE: [()]}) as peer:
        wire = SpiedWire(peer.port)
        with LcdmDispenser(wire, HASTY) as unit:
            with suppress(LinkSilent):
                unit.dispense(ASKED, *steps(wire))
            assert unit.last() == PAID
        assert ACCEPTED not in wire.log
