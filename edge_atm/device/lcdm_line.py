"""One line to the dispenser: bytes out, the decoder's messages in, deadlines on both."""

import errno
import termios
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from edge_atm.device.lcdm import Decoder, Message
from edge_atm.errors import LinkFault, LinkSilent

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


class Port(Protocol):
    """An open line. `read` waits a poll interval at most; both raise one of PORT_LOST."""

    @property
    def in_waiting(self) -> int: ...
    def read(self, size: int, /) -> bytes: ...
    def write(self, data: bytes, /) -> int | None: ...
    def close(self) -> None: ...


class Wire(Protocol):
    """Where a line leads, and how it is opened; `open` raises one of PORT_LOST."""

    @property
    def name(self) -> str: ...
    def open(self, timing: Timing) -> Port: ...


class Line:
    """The port and what was heard on it. It opens when needed and closes when lost."""

    def __init__(
        self, wire: Wire, timing: Timing, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._wire, self._timing, self._now = wire, timing, now
        self._port: Port | None = None
        self._decoder, self._heard = Decoder(), deque[Message]()
        self._last_byte_at = 0.0
        self.heard_bytes = 0

    @property
    def pending(self) -> bool:
        """Whether the start of a response waits for its rest."""
        return self._decoder.pending

    def open(self) -> Port:
        """Return the port, opened and held alone, or raise LinkFault."""
        if self._port is None:
            try:
                self._port = self._wire.open(self._timing)
            except PORT_LOST as fault:
                busy = isinstance(fault, OSError) and fault.errno in BUSY
                state = "in use by another program" if busy else f"not usable ({fault})"
                hint = "Stop the service or the other program, then try again." if busy else None
                raise LinkFault(
                    f"The dispenser's port {self._wire.name} is {state}", hint
                ) from fault
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
            raise fault(f"The dispenser's port {self._wire.name} was lost: {lost}") from lost
