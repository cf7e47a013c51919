"""What no host could find out: damage and silence that are left out, and counted instead.

Each limit is named in SECURITY.md. A soak that let them happen would only measure how often.
"""

from collections.abc import Iterator, Sequence

from edge_atm.device.lcdm import Decoder, Response
from edge_atm.device.lcdm_reports import outcome
from edge_atm.money import NO_NOTES, Operation, Outcome
from tests.rig.lcdm_faults import Faults
from tests.rig.lcdm_words import ACK, DEVICE, EOT, NAK, SOH, STX, Command, check_byte
from tests.rig.soak.tally import Tally
from tests.rig.soak.truth import Truth

Chunks = Sequence[tuple[float, bytes]]

RESPONSE = bytes([SOH, DEVICE, STX])
COMMAND = bytes([EOT, DEVICE, STX])
# Of a whole frame, by its command.
RESPONSE_BYTES: dict[int, int] = {Command.DISPENSE: 29, Command.LAST_STATUS: 21}
COMMAND_BYTES: dict[int, int] = {Command.DISPENSE: 21, Command.TEST_DISPENSE: 21}
STALE_UNHEARD = "stale_record_and_ack_unheard"


class Limits:
    """Stands between what the world would do and what reaches either end."""

    def __init__(self, truth: Truth, tally: Tally) -> None:
        self._truth, self._tally = truth, tally
        # What the last LAST STATUS reply said that arrived, when it was not so.
        self._untrue: Outcome | None = None

    def to_host(self, sent: bytes, chunks: Chunks, ack_is_sure: bool) -> Chunks:
        """Return what arrives at the host, without what nobody could tell from the truth."""
        arrived = b"".join(chunk for _, chunk in chunks)
        if ack_is_sure and sent == bytes([ACK]) and arrived in (b"", bytes([NAK])):
            # The device is about to lose power and will keep an older record. With nothing but a
            # NAK heard, that is just what a command looks like that never arrived.
            return self._without(STALE_UNHEARD, sent)
        for told in _outcomes(arrived, Command.LAST_STATUS):
            if told == self._truth.record():
                self._untrue = None
            elif told == self._untrue:
                # The check byte is one XOR: two flips of one bit in two bytes leave it right. A
                # record is believed when it is told twice alike, and there is no third place.
                return self._without("blind_damage_of_last_status_twice_alike", b"")
            else:
                self._untrue = told
        if arrived == sent:
            return chunks
        as_asked = Outcome(Operation.DISPENSE, 0, self._truth.told.asked, NO_NOTES)
        said = (list(_outcomes(data, Command.DISPENSE)) for data in (arrived, sent))
        if [as_asked in outcomes for outcomes in said] == [True, False]:
            # The same, and what arrives is just what was asked for.
            return self._without("blind_damage_hides_an_error", sent)
        return chunks

    def to_device(self, sent: bytes, chunks: Chunks) -> Chunks:
        """Return what arrives at the device, without commands that nobody gave."""
        arrived = b"".join(chunk for _, chunk in chunks)
        for whole in _frames(arrived, COMMAND, COMMAND_BYTES):
            if whole[3] == Command.DISPENSE and sent[3:4] != whole[3:4]:
                # Two flips make a payout of a test: no payout is open that could be asked about.
                return self._without("blind_damage_pays", sent)
        return chunks

    def accepted(self, command: int, faults: Faults) -> Faults:
        """Return the faults of an accepted command, without those that nobody could find out."""
        left = dict(faults)
        outage = faults.get("power_loss_mid") or faults.get("die_after_pay")
        if outage is not None and outage.last_status == "stale":
            # As above: the dispenser's power fails, and of this command only a NAK is heard.
            for kind in faults.keys() & {"lose_ack", "ack_as_nak"}:
                del left[kind]
                self._tally.known_limits[STALE_UNHEARD] += 1
        ours = self._truth.written.command == command or self._truth.late(command)
        if command == Command.PURGE and not ours and "stranded" in faults:
            # Two flips made a purge of a question: the host cannot know that notes were moved.
            del left["stranded"]
            self._tally.known_limits["blind_damage_purges"] += 1
        return left

    def _without(self, limit: str, instead: bytes) -> Chunks:
        self._tally.known_limits[limit] += 1
        return ((0.0, instead),) if instead else ()


def _outcomes(data: bytes, command: Command) -> Iterator[Outcome]:
    """Yield what the host may take for a report of this command, whole and with a right check."""
    if command in data:
        for whole in _frames(data, RESPONSE, RESPONSE_BYTES):
            if whole[3] == command:
                found = Decoder().feed(whole)
                yield from (outcome(m) for m in found if isinstance(m, Response))


def _frames(data: bytes, header: bytes, sizes: dict[int, int]) -> Iterator[bytes]:
    """Yield what a receiver may take for a whole frame with a right check byte."""
    start = data.find(header)
    while 0 <= start < len(data) - len(header):
        whole = data[start : start + sizes.get(data[start + len(header)], 6)]
        if len(whole) >= 6 and check_byte(whole) == 0:
            yield whole
        start = data.find(header, start + 1)
