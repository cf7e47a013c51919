"""What the dispenser remembers is believed when it is told twice alike."""

import pytest

from edge_atm.device.dispenser import RECALLS_MAX, LcdmDispenser, Timing
from edge_atm.device.lcdm import Command
from edge_atm.device.serial_wire import SerialWire
from edge_atm.errors import LinkSilent
from edge_atm.money import NO_NOTES, Operation, Outcome
from tests.wire.peer import ACK, EOT, LAST, Peer, Turn, framed, moved

PATIENT = Timing(poll=0.005, quiet=0.02, stall=0.05, closing=0.05, ack=0.2, status=20, last=20)
REMEMBERED = Outcome(Operation.DISPENSE, 0, (10, 3, 0, 0), NO_NOTES)
# A flipped bit in each of two counts: the check byte stays right.
FLIPPED = framed(Command.LAST_STATUS, 0x52, *moved(11, 2, 0, 0))


def said(*replies: bytes) -> dict[Command, list[Turn]]:
    return {Command.LAST_STATUS: [(ACK + reply, EOT) for reply in replies]}


@pytest.mark.parametrize(
    ("replies", "questions"),
    [((LAST, LAST), 2), ((FLIPPED, LAST, LAST), 3), ((LAST, FLIPPED, LAST, LAST), 4)],
)
def test_a_reply_that_nothing_confirms_is_not_believed(
    replies: tuple[bytes, ...], questions: int
) -> None:
    assert FLIPPED[-1] == LAST[-1]
    with Peer(said(*replies)) as peer, LcdmDispenser(SerialWire(peer.port), PATIENT) as unit:
        assert unit.last() == REMEMBERED
        assert peer.frames == [Command.LAST_STATUS] * questions


def test_a_dispenser_that_never_says_the_same_is_as_silent_as_a_dead_one() -> None:
    script = said(*[LAST, FLIPPED] * (RECALLS_MAX // 2))
    with Peer(script) as peer, LcdmDispenser(SerialWire(peer.port), PATIENT) as unit:
        with pytest.raises(LinkSilent, match="twice alike"):
            unit.last()
        assert peer.frames == [Command.LAST_STATUS] * RECALLS_MAX
