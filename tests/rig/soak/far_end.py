"""The simulated dispenser in virtual time: what it is sent, does meanwhile, and sends back."""

import random
from collections import deque
from collections.abc import Callable, Iterator
from math import inf

from tests.rig.lcdm_device import Device, Step
from tests.rig.lcdm_words import NAK
from tests.rig.soak.clock import Clock
from tests.rig.soak.noise import Noise

PIECE_BYTES_MAX = 12


class FarEnd:
    """Cable and controller board. Its events happen in order, each at its own time."""

    def __init__(
        self,
        clock: Clock,
        new_device: Callable[[], Device],
        noise: Noise,
        draw: random.Random,
        byte_seconds: float,
    ) -> None:
        self._clock, self._new_device, self._noise = clock, new_device, noise
        self._draw, self._byte_seconds = draw, byte_seconds
        self.device = new_device()
        self._inbox: deque[tuple[float, bytes]] = deque()
        self.outbox: deque[tuple[float, bytes]] = deque()
        self._steps: Iterator[Step] | None = None
        self._wakes_at = self._quiet_since = self._last_out_at = self._last_in_at = 0.0
        self._on_at = 0.0
        self.restarts_at = inf
        # After so many of its steps the device loses its power.
        self.steps_left = inf
        self.on_cut: Callable[[], None] = lambda: self.restart(0.0)
        # While set, the next byte to the host is one that the host must hear.
        self.ack_is_sure = False
        # Whether the host has heard more than a NAK since it last wrote.
        self.heard = False

    @property
    def arrived(self) -> bool:
        """Whether bytes for the host are due."""
        return bool(self.outbox) and self.outbox[0][0] <= self._clock.now

    @property
    def unheard(self) -> bool:
        """Whether nothing but a NAK came, or is on its way, since the host last wrote."""
        coming = b"".join(chunk for _, chunk in self.outbox)
        return not self.heard and coming in (b"", bytes([NAK]))

    def receive(self, data: bytes) -> None:
        """Take what the host writes now; the cable may change it."""
        self.heard = False
        at = max(self._clock.now, self._last_in_at)
        for delay, chunk in self._noise.to_device(data):
            at += delay + self._byte_seconds * len(chunk)
            self._inbox.append((at, chunk))
        self._last_in_at = at

    def deliver(self, size: int) -> bytes:
        """Give the host at most so many of the bytes that are due."""
        at, chunk = self.outbox.popleft()
        if len(chunk) > size:
            self.outbox.appendleft((at, chunk[size:]))
        self.heard |= chunk[:size] != bytes([NAK])
        return chunk[:size]

    def wait(self, seconds: float) -> None:
        """Let time pass until bytes for the host are due, but no longer than this."""
        end = self._clock.now + seconds
        while not self.arrived:
            at = self._next_at()
            if self.outbox and self.outbox[0][0] <= min(at, end):
                self._clock.now = max(self._clock.now, self.outbox[0][0])
                return
            if at > end:
                self._clock.now = end
                return
            self._clock.now = max(self._clock.now, at)
            self._happen(at)

    def pass_time(self, seconds: float) -> None:
        """Let time pass while nobody listens to the port."""
        end = self._clock.now + seconds
        while (at := self._next_at()) <= end:
            self._clock.now = max(self._clock.now, at)
            self._happen(at)
        self._clock.now = end
        self.forget_arrived()

    def forget_arrived(self) -> None:
        """Drop the bytes that came to a host which did not listen."""
        while self.arrived:
            self.outbox.popleft()

    def restart(self, seconds: float) -> None:
        """Take the device's power for a while: buffers are empty, memory is what it was."""
        # A device that is not asked for its next step moves no further note.
        self._steps = None
        self._inbox.clear()
        self.device = self._new_device()
        self._on_at = self._clock.now + seconds
        self.restarts_at = inf
        self._quiet_since = self._on_at

    def _next_at(self) -> float:
        if self._steps is not None:
            return min(self._wakes_at, self.restarts_at)
        at = self.restarts_at
        if self._inbox:
            at = min(at, max(self._inbox[0][0], self._wakes_at))
        patience = self.device.patience_seconds
        if patience is not None:
            at = min(at, self._quiet_since + patience)
        return at

    def _happen(self, at: float) -> None:
        if at >= self.restarts_at:
            self.restart(0.0)
        elif self._steps is not None:
            self._go_on()
        elif self._inbox and max(self._inbox[0][0], self._wakes_at) <= at:
            self._begin(at, self.device.feed(self._take(at)))
        else:
            self._begin(at, self.device.silence())

    def _take(self, at: float) -> bytes:
        data = b""
        while self._inbox and self._inbox[0][0] <= at:
            came_at, chunk = self._inbox.popleft()
            # A device without power hears nothing.
            data += chunk if came_at >= self._on_at else b""
        return data

    def _begin(self, at: float, steps: Iterator[Step]) -> None:
        self._steps, self._wakes_at = steps, at
        self._go_on()

    def _go_on(self) -> None:
        while self._steps is not None and self._wakes_at <= self._clock.now:
            step = next(self._steps, None)
            if step is None:
                self._steps, self._quiet_since = None, self._wakes_at
                return
            self.steps_left -= 1
            if self.steps_left == 0:
                self.on_cut()
            elif isinstance(step, bytes):
                self._send(step)
            else:
                self._wakes_at += step

    def _send(self, data: bytes) -> None:
        at = max(self._wakes_at, self._last_out_at)
        sure, self.ack_is_sure = self.ack_is_sure, False
        for delay, chunk in self._noise.to_host(data, sure):
            at += delay
            for part in (chunk,) if not self._byte_seconds else self._pieces(chunk):
                at += self._byte_seconds * len(part)
                self.outbox.append((at, part))
        self._wakes_at = max(self._wakes_at, at) if self._byte_seconds else self._wakes_at
        self._last_out_at = at

    def _pieces(self, chunk: bytes) -> Iterator[bytes]:
        # A receiver's buffer gives bytes away a few at a time, and ends a piece anywhere.
        while chunk:
            size = self._draw.randint(1, PIECE_BYTES_MAX)
            yield chunk[:size]
            chunk = chunk[size:]
