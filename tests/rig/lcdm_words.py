"""The LCDM-4000's vocabulary, as its byte tables give it: control bytes, commands, error codes."""

import enum
from functools import reduce
from operator import xor

SOH, STX, ETX, EOT, ACK, NAK = 0x01, 0x02, 0x03, 0x04, 0x06, 0x15
DEVICE = 0x30
BIAS = 0x20
MISS = 0x30
DIGIT = 0x30
FIRST_CASSETTE = 0x31
NOTES_MAX = 100
REJECTS_MAX = 10


@enum.unique
class Command(enum.IntEnum):
    """Commands this simulator knows."""

    RESET = 0x44
    STATUS = 0x50
    PURGE = 0x51
    DISPENSE = 0x52
    TEST_DISPENSE = 0x53
    LAST_STATUS = 0x55
    SET_OPACITIES = 0x5A
    GET_OPACITIES = 0x5B
    SET_ORDER = 0x5C
    GET_ORDER = 0x5D
    SET_LENGTHS = 0x5E
    GET_LENGTHS = 0x5F


@enum.unique
class Error(enum.IntEnum):
    """Error codes this simulator reports by itself; a fault plan may force any other."""

    PICK_UP = 0x01
    PATH_BUSY = 0x0B
    TOO_MANY = 0x0C
    TOO_MANY_REJECTS = 0x0D
    CASSETTE_MISSING = 0x24
    SURPLUS = 0x29
    BAD_COMMAND = 0x30
    BAD_PARAMETER = 0x31


# There is no length byte: the command alone says how many data bytes follow it.
DATA_BYTES: dict[int, int] = {
    Command.DISPENSE: 15,
    Command.TEST_DISPENSE: 15,
    Command.SET_OPACITIES: 8,
    Command.SET_ORDER: 4,
    Command.SET_LENGTHS: 8,
}


def check_byte(body: bytes) -> int:
    """XOR of all bytes; over a whole frame, check byte included, it is zero."""
    return reduce(xor, body, 0)


def response(command: int, data: bytes) -> bytes:
    """Frame the device's answer to one command."""
    body = bytes([SOH, DEVICE, STX, command]) + data + bytes([ETX])
    return body + bytes([check_byte(body)])


def request(command: int, data: bytes = b"") -> bytes:
    """Frame a host's command, for tests that play the host."""
    body = bytes([EOT, DEVICE, STX, command]) + data + bytes([ETX])
    return body + bytes([check_byte(body)])


def dispense_request(*notes: int, command: int = Command.DISPENSE) -> bytes:
    """Frame a DISPENSE of these notes, cassette 1 first, without a time-out."""
    return request(command, bytes(n + BIAS for n in notes).ljust(15, bytes([BIAS])))
