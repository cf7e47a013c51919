"""The host's end of the virtual cable, and the moments at which its power may fail."""

import errno
from collections.abc import Callable
from math import inf

from edge_atm.device.lcdm_line import Port, Timing
from tests.rig.dispenser_memory import Crash
from tests.rig.soak.far_end import FarEnd

# A driver that polls in small steps and hears nothing sees the same in large ones.
STEP_SECONDS_MAX = 5.0


class Host:
    """What the world may do to the host at one of its operations on the port."""

    def __init__(self) -> None:
        # After so many operations each; of a write that is cut, so many bytes are out.
        self.power_left = self.cable_left = self.stall_left = inf
        self.bytes_out = 0
        self.on_stall: Callable[[], None] = lambda: None
        self.on_unplugged: Callable[[], None] = lambda: None
        self.has_power: Callable[[], bool] = lambda: True
        self.on_write: Callable[[bytes], None] = lambda data: None

    def calm(self) -> None:
        """Let nothing happen."""
        self.power_left = self.cable_left = self.stall_left = inf

    def use(self) -> None:
        """One operation. Raises Crash without power, OSError without an adapter."""
        self.power_left -= 1
        self.cable_left -= 1
        self.stall_left -= 1
        if self.stall_left == 0:
            self.on_stall()
        if not self.has_power():
            self.bytes_out = 0
            raise Crash
        if self.power_left <= 0:
            raise Crash
        if self.cable_left <= 0:
            self.cable_left = inf
            self.on_unplugged()
            raise OSError(errno.EIO, "the adapter is gone")


class VirtualPort:
    """An open port; `read` moves the clock on instead of waiting."""

    def __init__(self, far_end: FarEnd, host: Host, poll_seconds: float) -> None:
        self._far_end, self._host = far_end, host
        self._poll_seconds = self._step_seconds = poll_seconds

    @property
    def in_waiting(self) -> int:
        return len(self._far_end.outbox[0][1]) if self._far_end.arrived else 0

    def read(self, size: int) -> bytes:
        self._host.use()
        far_end = self._far_end
        far_end.wait(self._step_seconds)
        if not far_end.arrived:
            self._step_seconds = min(2 * self._step_seconds, STEP_SECONDS_MAX)
            return b""
        self._step_seconds = self._poll_seconds
        return far_end.deliver(size)

    def write(self, data: bytes) -> int:
        try:
            self._host.use()
        except (Crash, OSError):
            self._leave(data, data[: self._host.bytes_out])
            raise
        self._step_seconds = self._poll_seconds
        self._leave(data, data)
        return len(data)

    def close(self) -> None:
        """Nothing is held."""

    def _leave(self, data: bytes, out: bytes) -> None:
        if out:
            self._host.on_write(data)
            self._far_end.receive(out)


class VirtualWire:
    """Leads to the far end. An adapter that was gone is there again when it is opened anew."""

    name = "the virtual cable"

    def __init__(self, far_end: FarEnd, host: Host) -> None:
        self._far_end, self._host = far_end, host

    def open(self, timing: Timing) -> Port:
        """Open the port with nothing in its buffer."""
        self._host.use()
        self._far_end.forget_arrived()
        return VirtualPort(self._far_end, self._host, timing.poll)
