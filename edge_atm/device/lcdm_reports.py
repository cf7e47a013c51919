"""What an LCDM-4000's responses mean: outcome, status, and the error codes in words."""

import enum
from dataclasses import dataclass

from edge_atm.device.lcdm import BIAS, CASSETTES, Command, Response
from edge_atm.errors import LinkFault
from edge_atm.money import NO_NOTES, Operation, Outcome, Quantities, Readiness

TYPE_REMOVED = 0x30
STAT_PRESENT, STAT_NEAR_END = 0x04, 0x08
PATH_BITS = 0x1F
PATH_BUSY = 0x0B

ERROR_TEXTS = {
    0x01: "notes could not be picked up",
    0x02: "jam between the check sensors and the diverter",
    0x03: "jam between the diverter and the eject sensor",
    0x04: "jam between the eject and the exit sensor",
    0x05: "a note stays in the exit",
    0x06: "a note that may have been rejected was ejected",
    0x07: "the count at the eject sensor does not match",
    0x08: "a note that should be rejected passed the eject sensor",
    0x09: "a note is too long at the eject sensor",
    0x0A: "a note is too long at the exit sensor",
    0x0B: "there are notes on the path before the start",
    0x0C: "too many notes in one transaction",
    0x0D: "too many rejected notes",
    0x0E: "the purge ended abnormally",
    0x20: "sensor trouble before the start",
    0x21: "sensor trouble before the start",
    0x22: "solenoid trouble",
    0x23: "motor or slit sensor trouble",
    0x24: "a requested cassette is missing",
    0x25: "a cassette is near its end",
    0x26: "the reject tray is missing",
    0x29: "more notes were dispensed than requested",
    0x30: "the device does not know this command",
    0x31: "the device refuses a parameter of this command",
    0x32: "the device does not allow VERIFY",
    0x33: "the device could not write its program",
    0x34: "the device could not verify its program",
    0x35: "the device could not write its EEPROM",
    0x36: "the device's EEPROM has a wrong checksum",
    0x40: "a note of cassette 1 was seen while another cassette was asked",
    0x41: "a note of cassette 2 was seen while another cassette was asked",
    0x42: "a note of cassette 3 was seen while another cassette was asked",
    0x43: "a note of cassette 4 was seen while another cassette was asked",
}

_OPERATIONS = {
    0x00: Operation.NONE,
    BIAS: Operation.NONE,
    Command.PURGE: Operation.PURGE,
    Command.DISPENSE: Operation.DISPENSE,
    Command.TEST_DISPENSE: Operation.TEST_DISPENSE,
}


class PathSensor(enum.Flag):
    """Sensors along the way of the notes. Those set are blocked."""

    DIVERTER_LEFT = 1
    DIVERTER_RIGHT = 2
    EJECT = 4
    EXIT = 8
    REJECT = 16


@dataclass(frozen=True, slots=True)
class Cassette:
    """One cassette. `kind` is 1..4 by its coding, 0 when removed; `present` needs both signs."""

    present: bool
    near_end: bool
    kind: int


@dataclass(frozen=True, slots=True)
class Status:
    """The device now: error code (0 is none), blocked sensors, cassettes from top to bottom."""

    error: int
    blocked: PathSensor
    cassettes: tuple[Cassette, Cassette, Cassette, Cassette]

    @property
    def readiness(self) -> Readiness:
        """What of it stands against moving notes. Positions begin with 1 at the top."""
        seen = enumerate(self.cassettes, start=1)
        missing = tuple(position for position, cassette in seen if not cassette.present)
        return Readiness(missing, bool(self.blocked) or self.error == PATH_BUSY)


def error_text(error: int) -> str:
    """Say an error code in words for the technician."""
    text = "no error" if error == 0 else ERROR_TEXTS.get(error, "unknown to this unit")
    return f"{error:02X}: {text}"


def granted(response: Response) -> Response:
    """Return the answer to a question. Raises LinkFault when the device refused the question."""
    if response.refused:
        error = error_text(response.data[0] - BIAS)
        raise LinkFault(f"The dispenser refused {response.command.name}, error {error}")
    return response


def outcome(response: Response) -> Outcome:
    """Read what a command moved, or what LAST STATUS says that the last one moved."""
    command, report = int(response.command), response.data
    if response.command is Command.LAST_STATUS:
        assert not response.refused, "a refused question has no answer"
        command, report = report[0], report[1:]
    error = report[0] - BIAS
    presented, rejected = (
        (NO_NOTES, NO_NOTES) if response.refused else (_counts(report, 2), _counts(report, 3))
    )
    return Outcome(_OPERATIONS.get(command, Operation.OTHER), error, presented, rejected)


def status(response: Response) -> Status:
    """Read a STATUS response."""
    assert response.command is Command.STATUS
    assert not response.refused
    data = response.data
    top, second, third, bottom = (_cassette(data[2 + 4 * i], data[3 + 4 * i]) for i in CASSETTES)
    # Firmware may bias the bit fields: nothing above the documented low bits is read.
    blocked = PathSensor(data[1] & PATH_BITS)
    return Status(data[0] - BIAS, blocked, (top, second, third, bottom))


def _counts(report: bytes, first: int) -> Quantities:
    top, second, third, bottom = (report[first + 3 * i] - BIAS for i in CASSETTES)
    return top, second, third, bottom


def _cassette(bits: int, kind: int) -> Cassette:
    coded = TYPE_REMOVED < kind <= TYPE_REMOVED + len(CASSETTES)
    return Cassette(
        present=coded and bool(bits & STAT_PRESENT),
        near_end=bool(bits & STAT_NEAR_END),
        kind=kind - TYPE_REMOVED if coded else 0,
    )
