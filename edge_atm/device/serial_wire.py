"""The serial port at the unit's end of the dispenser's cable."""

import errno
from dataclasses import dataclass
from pathlib import Path

import serial

from edge_atm.device.lcdm_line import Port, Timing

PARITIES = {"none": serial.PARITY_NONE, "even": serial.PARITY_EVEN}


@dataclass(frozen=True, slots=True)
class SerialWire:
    """Which port, and how it is spoken on. `parity` is "none" or "even"."""

    path: Path
    baud: int = 9600
    parity: str = "none"

    @property
    def name(self) -> str:
        """The port's path, for messages."""
        return str(self.path)

    def open(self, timing: Timing) -> Port:
        """Open the port and hold it alone. Raises OSError or termios.error."""
        if not self.path.is_char_device():
            raise FileNotFoundError(errno.ENOENT, "no such device")
        # pyserial would set the whole port anew on a change of timeout, and fail on some.
        port: Port = serial.Serial(
            str(self.path),
            self.baud,
            parity=PARITIES[self.parity],
            timeout=timing.poll,
            write_timeout=timing.write,
            exclusive=True,
        )
        return port
