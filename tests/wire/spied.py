"""A wire that writes down, byte by byte and in order, what was told and what was heard on it."""

from pathlib import Path

from edge_atm.device.lcdm_line import Port, Timing
from edge_atm.device.serial_wire import SerialWire


class SpiedWire:
    """A serial wire with a `log` of words and bytes: `>` was told, `<` was heard."""

    def __init__(self, port: Path) -> None:
        self._wire = SerialWire(port)
        self.log: list[tuple[str, bytes]] = []

    @property
    def name(self) -> str:
        return self._wire.name

    def open(self, timing: Timing) -> Port:
        return SpiedPort(self._wire.open(timing), self.log)

    def note(self, word: str) -> None:
        self.log.append((word, b""))

    def told(self) -> bytes:
        """Return all that was told, in order."""
        return b"".join(data for word, data in self.log if word == ">")


class SpiedPort:
    """Gives one byte at a time, so that none is heard before what it follows was dealt with."""

    in_waiting = 0

    def __init__(self, port: Port, log: list[tuple[str, bytes]]) -> None:
        self._port, self._log = port, log

    def read(self, size: int, /) -> bytes:
        data = self._port.read(min(size, 1))
        if data:
            self._log.append(("<", data))
        return data

    def write(self, data: bytes, /) -> int | None:
        self._log.append((">", data))
        return self._port.write(data)

    def close(self) -> None:
        self._port.close()
