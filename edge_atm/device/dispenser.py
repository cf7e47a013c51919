"""The cash dispenser on its serial port: asks as often as needed, tells at most once."""

import logging
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Literal, Self

from edge_atm.device import lcdm_reports
from edge_atm.device.lcdm import BadFrame, Command, Control, Response, frame
from edge_atm.device.lcdm_line import PORT_LOST, Line, Timing, Wire
from edge_atm.errors import LinkFault, LinkSilent
from edge_atm.money import Outcome, Quantities, Readiness

__all__ = ["LcdmDispenser", "Timing"]

NAKS_MAX = 3
STRAYS_MAX = 64
RECALLS_MAX = 8
DEFAULT_TIMING = Timing()
log = logging.getLogger(__name__)


def _nothing() -> None:
    pass


class LcdmDispenser:
    """An LCDM-4000 at the end of one wire, held alone. For one thread.

    LinkFault: the command certainly was not run. LinkSilent: nobody knows. Whatever the device
    says of itself, jams and surplus notes too, is returned, because its counts are money.
    """

    def __init__(
        self, wire: Wire, timing: Timing = DEFAULT_TIMING, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._timing, self._now = timing, now
        self._line = Line(wire, timing, now)
        self._line.open()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the port back. The next command would open it again."""
        self._line.close()

    def status(self) -> lcdm_reports.Status:
        """Ask for the device's state."""
        return lcdm_reports.status(self._ask(Command.STATUS, self._timing.status))

    def last(self) -> Outcome:
        """Ask what the last moving command did, until it is told twice alike.

        A LinkFault here says only that the question was not heard; what was paid stays open.
        """
        # The check byte is one XOR: two flips of the same bit make another sound reply.
        replies = (self._ask(Command.LAST_STATUS, self._timing.last) for _ in range(RECALLS_MAX))
        for before, now in pairwise(map(lcdm_reports.outcome, replies)):
            if now == before:
                return now
        raise LinkSilent("The dispenser does not say twice alike what it did last")

    def readiness(self) -> Readiness:
        """Ask for what stands against moving notes."""
        return self.status().readiness

    def dispense(
        self,
        quantities: Quantities,
        sending: Callable[[], None] = _nothing,
        accepted: Callable[[], None] = _nothing,
    ) -> Outcome:
        """Pay out notes per cassette, once: after silence nothing is sent again.

        `sending` is called before the first byte, `accepted` on the device's ACK.
        """
        request = frame(Command.DISPENSE, quantities)
        return self._move(Command.DISPENSE, request, sending, accepted)

    def test_dispense(self, quantities: Quantities) -> Outcome:
        """Move notes per cassette into the reject tray, once."""
        return self._move(Command.TEST_DISPENSE, frame(Command.TEST_DISPENSE, quantities))

    def purge(self) -> Outcome:
        """Clear the note path into the reject tray, once. Overwrites what `last` tells."""
        return self._move(Command.PURGE, frame(Command.PURGE))

    def _ask(self, command: Command, seconds: float) -> Response:
        deadline, patience, silent = self._now() + seconds, self._timing.ack, False
        with self._line.loss_is(LinkFault):
            while self._now() < deadline:
                self._drain(self._timing.quiet)
                self._line.say(frame(command))
                reply = self._await(command, patience, self._timing.answer)
                if isinstance(reply, Response):
                    return lcdm_reports.granted(reply)
                silent |= reply is not Control.NAK
                if reply is Control.NAK:
                    self._drain(patience)
                patience = min(2 * patience, self._timing.ack_max)
        if silent:
            raise LinkSilent(f"The dispenser did not answer {command.name} within {seconds} s")
        raise LinkFault(f"The dispenser refused every {command.name} with a NAK")

    def _move(
        self,
        command: Command,
        request: bytes,
        sending: Callable[[], None] = _nothing,
        accepted: Callable[[], None] = _nothing,
    ) -> Outcome:
        try:
            # The device works in order: its answer ends all responses to earlier commands.
            self._ask(Command.STATUS, self._timing.status)
        except LinkSilent as silent:
            raise LinkFault(f"{silent}; no {command.name} was sent") from silent
        with self._line.loss_is(LinkFault):
            self._drain(self._timing.quiet)
        sending()
        with self._line.loss_is(LinkSilent):
            heard_before = self._line.heard_bytes
            self._line.say(request)
            # Without an ACK the device may work all the same, so listen to the end.
            reply = self._await(command, self._timing.response, self._timing.response, accepted)
        if isinstance(reply, Response):
            return lcdm_reports.outcome(reply)
        heard = self._line.heard_bytes - heard_before
        if reply is Control.NAK:
            # One unchecked byte, perhaps a damaged ACK: not believed, and never a reason to send
            # again. What the device remembers decides.
            raise LinkSilent(f"{command.name} was answered with a NAK", accepted=heard > 1)
        # One byte, whatever it is, may have been the ACK.
        raise LinkSilent(f"No sound response to {command.name}", accepted=heard > 0)

    def _await(
        self,
        command: Command,
        ack_seconds: float,
        answer_seconds: float,
        accepted: Callable[[], None] = _nothing,
    ) -> Response | Literal[Control.NAK] | None:
        """Return the command's response, NAK when it was refused, or None after silence."""
        deadline, acked, naks = self._now() + ack_seconds, False, 0
        while (message := self._line.hear(deadline - self._now())) is not None:
            if isinstance(message, Response) and message.command is command:
                self._finish()
                return message
            if isinstance(message, BadFrame) and naks == NAKS_MAX:
                break
            if isinstance(message, BadFrame):
                naks += 1
                self._note(message, Control.NAK)
                if naks == NAKS_MAX:
                    # The device repeats at once or never again.
                    deadline = min(deadline, self._now() + self._timing.answer)
            elif isinstance(message, Response):
                self._note(message, Control.ACK)
            elif message is Control.NAK and not acked:
                return message
            elif message is Control.ACK and not acked:
                accepted()
                acked, deadline = True, self._now() + answer_seconds
            if self._now() >= deadline:
                break
        return None

    def _finish(self) -> None:
        try:
            self._line.say(Control.ACK.value)
            deadline = self._now() + self._timing.closing
            while self._now() < deadline:
                message = self._line.hear(deadline - self._now())
                if message is Control.EOT:
                    break
                if isinstance(message, Response | BadFrame):
                    self._note(message, Control.ACK)
        except PORT_LOST as lost:
            # The response is here and counts, whatever happens to the line.
            log.warning("dispenser port lost after a good response: %s", lost)
            self._line.close()

    def _drain(self, quiet_seconds: float) -> None:
        # An ACK makes the device stop repeating what nobody waits for any more.
        for _ in range(STRAYS_MAX):
            message = self._line.hear(quiet_seconds)
            if isinstance(message, Response | BadFrame):
                self._note(message, Control.ACK)
            elif message is None and not self._line.pending:
                return

    def _note(self, message: Response | BadFrame, answer: Control) -> None:
        log.warning("dispenser: %s answered with %s", message, answer.name)
        self._line.say(answer.value)
