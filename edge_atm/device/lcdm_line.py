"""One serial port held alone: bytes out, the decoder's messages in, deadlines on both."""

import errno
import termios
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import serial

from edge_atm.device.lcdm import Decoder, Message
from edge_atm.errors import LinkFault, LinkSilent

PARITIES = {"none": serial.PARITY_NONE, "even": serial.PARITY_EVEN}
PORT_LOST = (OSError, termios.error)
BUSY = {errno.EAGAIN, errno.EBUSY}


@dataclass(frozen=True, slots=True)
class Timing:
    """All deadlines in seconds: the device's by default, shorter ones in tests."""

    poll: float = 0.02
    write: float = 1.0
    # Before a command: this long nothing of an earlier one may have come.
    quiet: float = 0.05
    # From a question to its ACK, doubled each time it is asked again; from its ACK to the answer.
    ack: float = 0.55
    ack_max: float = 5.0
    answer: float = 2.0
    # Silence inside a response: its rest is lost. The device repeats by itself after 0.5.
    stall: float = 0.3
    # From a moving command to its response; from our ACK to the closing EOT.
    response: float = 60.0
    closing: float = 0.5
    # How long a question is asked in all.
    status: float = 8.0
    last: float = 60.0


@dataclass(frozen=True, slots=True)
class Settings:
    """Which port, and how it is spoken on. `parity` is "none" or "even"."""

    path: Path
    baud: int = 9600
    parity: str = "none"


class Line:
    """The port and what was heard on it. It opens when needed and closes when lost."""

    def __init__(
        self, settings: Settings, timing: Timing, now: Callable[[], float] = time.monotonic
    ) -> None:
        assert settings.parity in PARITIES, settings.parity
        self._settings, self._timing, self._now = settings, timing, now
        self._port: serial.Serial | None = None
        self._decoder, self._heard = Decoder(), deque[Message]()
        self._last_byte_at = 0.0
        self.heard_bytes = 0

    @property
    def pending(self) -> bool:
        """Whether the start of a response waits for its rest."""
        return self._decoder.pending

    def open(self) -> serial.Serial:
        """Return the port, opened and held alone, or raise LinkFault."""
        if self._port is None:
            path = self._settings.path
            try:
                self._port = self._opened()
            except PORT_LOST as fault:
                busy = isinstance(fault, OSError) and fault.errno in BUSY
                state = "in use by another program" if busy else f"not usable ({fault})"
                raise LinkFault(f"The dispenser's port {path} is {state}") from fault
            self._decoder, self._heard = Decoder(), deque[Message]()
        return self._port

    def close(self) -> None:
        """Give the port back."""
        if self._port is not None:
            self._port.close()
            self._port = None

    def say(self, data: bytes) -> None:
        """Write all bytes. OSError or termios.error: the port is lost, some may have gone."""
        self.open().write(data)

    def hear(self, seconds: float) -> Message | None:
        """Return the next message, or None when the seconds are over."""
        port, deadline = self.open(), self._now() + seconds
        while not self._heard:
            # One read at least: after a long sleep of this process the bytes are there.
            data = port.read(max(1, port.in_waiting))
            now = self._now()
            if data:
                self._last_byte_at = now
                self.heard_bytes += len(data)
                self._heard.extend(self._decoder.feed(data))
            elif self.pending and now - self._last_byte_at >= self._timing.stall:
                self._heard.extend(self._decoder.give_up())
            if now >= deadline:
                break
        return self._heard.popleft() if self._heard else None

    @contextmanager
    def loss_is(self, fault: type[LinkFault] | type[LinkSilent]) -> Iterator[None]:
        """Turn the loss of the port into this fault."""
        try:
            yield
        except PORT_LOST as lost:
            self.close()
            path = self._settings.path
            raise fault(f"The dispenser's port {path} was lost: {lost}") from lost

    def _opened(self) -> serial.Serial:
        path = self._settings.path
        if not path.is_char_device():
            raise FileNotFoundError(errno.ENOENT, "no such device")
        # pyserial would set the whole port anew on a change of timeout, and fail on some.
        return serial.Serial(
            str(path),
            self._settings.baud,
            parity=PARITIES[self._settings.parity],
            timeout=self._timing.poll,
            write_timeout=self._timing.write,
            exclusive=True,
        )
