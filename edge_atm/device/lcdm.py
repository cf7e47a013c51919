"""LCDM-4000 frames: commands to bytes, bytes to verified messages. No port, no clock."""

import enum
from dataclasses import dataclass
from functools import reduce
from operator import xor

from edge_atm.money import BEFORE_START, Quantities

COMMAND_HEADER = bytes([0x04, 0x30, 0x02])
RESPONSE_HEADER = bytes([0x01, 0x30, 0x02])
ETX = 0x03
BIAS = 0x20
CASSETTES = range(4)
NOTES_PER_COMMAND_MAX = 40
# The device stops at 100 notes and 10 rejects: a larger number is damage, not a count.
COUNT_MAX = 110
# TO1 and TO2 (no time-out), nine reserved.
QUANTITIES_TAIL = bytes([BIAS] * 11)


@enum.unique
class Command(enum.IntEnum):
    STATUS = 0x50
    PURGE = 0x51
    DISPENSE = 0x52
    TEST_DISPENSE = 0x53
    LAST_STATUS = 0x55


@enum.unique
class Control(enum.Enum):
    ACK = b"\x06"
    NAK = b"\x15"
    EOT = b"\x04"


@dataclass(frozen=True, slots=True)
class Response:
    """A verified response. `refused`: a short one, which only says why nothing was started."""

    command: Command
    data: bytes

    @property
    def refused(self) -> bool:
        return len(self.data) == 1


@dataclass(frozen=True, slots=True)
class BadFrame:
    """A response that came damaged or says impossible things. Its content is worth nothing."""

    reason: str


Message = Control | Response | BadFrame

_CONTROLS = {control.value[0]: control for control in Control}
_DATA_BYTES = {
    Command.STATUS: 18,
    Command.PURGE: 14,
    Command.DISPENSE: 23,
    Command.TEST_DISPENSE: 23,
    Command.LAST_STATUS: 15,
}
# Header, command, ETX, BCC.
_FRAMING_BYTES = 6


def frame(command: Command, quantities: Quantities | None = None) -> bytes:
    """Return one command frame. Quantities are notes; wrong ones are our own mistake (asserted)."""
    data = b""
    if command in (Command.DISPENSE, Command.TEST_DISPENSE):
        assert quantities is not None
        assert len(quantities) == len(CASSETTES)
        assert all(0 <= notes <= NOTES_PER_COMMAND_MAX for notes in quantities), quantities
        assert 1 <= sum(quantities) <= NOTES_PER_COMMAND_MAX, quantities
        data = bytes(BIAS + notes for notes in quantities) + QUANTITIES_TAIL
    else:
        assert quantities is None
    body = COMMAND_HEADER + bytes([command]) + data + bytes([ETX])
    return body + bytes([reduce(xor, body)])


class Decoder:
    """Bytes in, whole verified messages out; noise between frames is dropped byte by byte."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def pending(self) -> bool:
        """Whether the start of a response waits for its rest."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> list[Message]:
        """Return the messages that these bytes complete, in order."""
        self._buffer += data
        messages = []
        while (message := self._take()) is not None:
            messages.append(message)
        return messages

    def give_up(self) -> list[Message]:
        """Judge a response whose sender stopped in the middle, and what lies behind it.

        Only here a short refusal is believed: while bytes follow, it may be a damaged long one.
        """
        stopped = bytes(self._buffer)
        if len(stopped) < len(RESPONSE_HEADER):
            self._buffer.clear()
            return []
        if _is_refusal(stopped):
            self._buffer.clear()
            return [Response(Command(stopped[3]), stopped[4:5])]
        return [self._reject(len(stopped), "cut short"), *self.feed(b"")]

    def _take(self) -> Message | None:
        while self._buffer:
            if (control := _CONTROLS.get(self._buffer[0])) is not None:
                del self._buffer[0]
                return control
            if RESPONSE_HEADER.startswith(self._buffer[: len(RESPONSE_HEADER)]):
                return self._take_response()
            del self._buffer[0]
        return None

    def _take_response(self) -> Message | None:
        if len(self._buffer) <= len(RESPONSE_HEADER):
            return None
        code = self._buffer[len(RESPONSE_HEADER)]
        if code not in _DATA_BYTES:
            return self._reject(len(RESPONSE_HEADER) + 1, "unknown command")
        # By position and fixed length: the device's bit fields may look like an ETX.
        size = _DATA_BYTES[Command(code)] + _FRAMING_BYTES
        if len(self._buffer) < size:
            return None
        response = bytes(self._buffer[:size])
        if (reason := _damage(response)) is not None:
            return self._reject(size, reason)
        del self._buffer[:size]
        return Response(Command(code), response[4:-2])

    def _reject(self, size: int, reason: str) -> BadFrame:
        # A cut frame may hide the start of its repeat; a byte in it that looks like an ACK is none.
        starts = (i for i in range(1, size) if RESPONSE_HEADER.startswith(self._buffer[i:size][:3]))
        del self._buffer[: next(starts, size)]
        return BadFrame(reason)


def _damage(response: bytes) -> str | None:
    if response[-2] != ETX:
        return "no ETX"
    if reduce(xor, response) != 0:
        return "wrong BCC"
    command, report = response[3], response[4:-2]
    if command == Command.LAST_STATUS:
        report = report[1:]
    if report[0] < BIAS:
        return "impossible error code"
    counts = b"" if command == Command.STATUS else _notes(report)
    if not all(BIAS <= count <= BIAS + COUNT_MAX for count in counts):
        return "impossible count"
    return None


def _notes(report: bytes) -> bytes:
    # ERR MISS, then EXIT REJECT TYPE for each cassette.
    return report[2:14:3] + report[3:14:3]


def _is_refusal(stopped: bytes) -> bool:
    return (
        len(stopped) == _FRAMING_BYTES + 1
        and stopped[3] in _DATA_BYTES
        and stopped[5] == ETX
        and reduce(xor, stopped) == 0
        and stopped[4] - BIAS in BEFORE_START
    )
