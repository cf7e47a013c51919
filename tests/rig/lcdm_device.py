"""A simulated LCDM-4000 as a pure byte machine: no port, no clock, no thread.

`feed` and `silence` yield what the device does next: bytes to send, or seconds to spend.
"""

from collections import Counter
from collections.abc import Iterator

from tests.rig.lcdm_faults import FaultPlan, Faults
from tests.rig.lcdm_mechanism import Mechanism, Settings
from tests.rig.lcdm_memory import LastStatus, Memory
from tests.rig.lcdm_wire import Exchange, acknowledgement, arriving
from tests.rig.lcdm_words import (
    ACK,
    DATA_BYTES,
    DEVICE,
    EOT,
    ETX,
    NAK,
    STX,
    Command,
    check_byte,
    response,
)

HEAD = bytes([EOT, DEVICE, STX])

Step = bytes | float


class Device:
    """The controller board: frames, acknowledgements, repeats, and the referee's one rule."""

    def __init__(self, memory: Memory, plan: FaultPlan, settings: Settings) -> None:
        self._memory = memory
        self._plan = plan
        self._settings = settings
        self._mechanism = Mechanism(memory, settings)
        self._buffer = bytearray()
        self._arrivals: Counter[int] = Counter()
        self._naks: Counter[int] = Counter()
        self._exchange: Exchange | None = None
        self._dead = False
        if settings.forgets_at_power_up:
            memory.last = LastStatus()

    @property
    def patience_seconds(self) -> float | None:
        """How long the line may stay quiet before `silence` is due; None is for ever."""
        if self._buffer:
            return self._settings.frame_seconds
        return self._settings.reply_wait_seconds if self._exchange else None

    def feed(self, data: bytes) -> Iterator[Step]:
        """Take bytes from the host and do all they ask for."""
        self._buffer += data
        while self._buffer and not self._dead:
            if self._buffer[0] == EOT:
                frame = self._take_frame()
                if frame is None:
                    return
                yield from self._answer_frame(frame)
            else:
                yield from self._answer_byte(self._buffer.pop(0))
        self._buffer.clear()

    def silence(self) -> Iterator[Step]:
        """Do what the device does when the host has said nothing for `patience_seconds`."""
        if self._buffer:
            begun = len(self._buffer) > len(HEAD)
            self._buffer.clear()
            if begun:
                yield bytes([NAK])
        elif self._exchange:
            yield from self._transmit(self._exchange)

    def _take_frame(self) -> bytes | None:
        """Cut one command frame, b"" for a stray EOT, or None while bytes are missing."""
        if not HEAD.startswith(self._buffer[: len(HEAD)]):
            del self._buffer[0]
            return b""
        if len(self._buffer) <= len(HEAD):
            return None
        size = len(HEAD) + 1 + DATA_BYTES.get(self._buffer[len(HEAD)], 0) + 2
        if len(self._buffer) < size:
            return None
        frame = bytes(self._buffer[:size])
        del self._buffer[:size]
        return frame

    def _answer_byte(self, byte: int) -> Iterator[Step]:
        exchange = self._exchange
        if exchange and byte == NAK:
            yield from self._transmit(exchange)
        elif exchange and byte == ACK:
            self._exchange = None
            # An ACK proves nothing unless a whole response had left before it.
            if exchange.sent_whole and exchange.command in (Command.DISPENSE, Command.LAST_STATUS):
                self._memory.unsettled = False
            if "no_eot" not in exchange.faults:
                yield bytes([EOT])

    def _answer_frame(self, frame: bytes) -> Iterator[Step]:
        if not frame:
            return
        # Whoever sends the next command has stopped listening for the last response.
        self._exchange = None
        if frame[-2] != ETX or check_byte(frame) != 0:
            yield bytes([NAK])
            return
        command = frame[3]
        self._memory.commands.append(command)
        if self._breaks_the_rule(command):
            return
        faults = self._plan.striking(command, self._arrivals[command] + 1)
        if "nak_times" in faults and self._naks[command] < faults["nak_times"].times:
            self._naks[command] += 1
            yield bytes([NAK])
            return
        self._naks[command] = 0
        self._arrivals[command] += 1
        self._memory.unsettled |= command == Command.DISPENSE
        if "lose_command" not in faults:
            yield from self._work(command, frame[4:-2], faults)

    def _breaks_the_rule(self, command: int) -> bool:
        if command not in self._settings.guarded or not self._memory.unsettled:
            return False
        name = Command(command).name.replace("_", " ")
        self._memory.violations.append(f"{name} after silence without LAST STATUS")
        return True

    def _work(self, command: int, data: bytes, faults: Faults) -> Iterator[Step]:
        if command == Command.RESET:
            yield from self._reset()
            return
        if heard := acknowledgement(faults):
            yield heard
        if "die_before_pay" in faults:
            self._dead = True
            return
        reply = yield from self._mechanism.run(command, data, faults)
        if outage := faults.get("power_loss_mid"):
            self._buffer.clear()
            yield outage.seconds
        elif "die_after_pay" in faults:
            self._dead = True
        else:
            self._exchange = Exchange(command, response(command, reply), faults)
            yield from self._transmit(self._exchange)

    def _reset(self) -> Iterator[Step]:
        if self._settings.reset_reply == "ack":
            yield bytes([ACK])
        if self._settings.forgets_at_reset:
            self._memory.last = LastStatus()
        yield self._settings.reset_seconds

    def _transmit(self, exchange: Exchange) -> Iterator[Step]:
        if exchange.sent > self._settings.repeats_max:
            self._exchange = None
            return
        exchange.sent += 1
        late = exchange.faults.get("late_response")
        if late and exchange.sent == 1:
            yield late.seconds
        heard = arriving(exchange)
        exchange.sent_whole |= exchange.frame in heard
        if heard:
            yield heard
