"""What of the simulated dispenser's bytes arrives at the host: the cable's faults."""

from dataclasses import dataclass

from tests.rig.lcdm_faults import Faults
from tests.rig.lcdm_words import ACK, NAK, Command

# A lone SOH in the middle, so that a host which trusts the first SOH it meets is found out.
NOISE = bytes([0xFF, 0xFF, 0x00, 0x01, 0x41, 0xFF])


@dataclass(slots=True)
class Exchange:
    """One response of the device, and how often it has been sent."""

    command: int
    frame: bytes
    faults: Faults
    sent: int = 0
    sent_whole: bool = False


def acknowledgement(faults: Faults) -> bytes:
    """Return what of the ACK to an accepted frame arrives."""
    if "lose_ack" in faults:
        return b""
    if "ack_as_nak" in faults:
        return bytes([NAK])
    return bytes([ACK ^ 1 if "garble_ack" in faults else ACK])


def arriving(exchange: Exchange) -> bytes:
    """Return what of the response arrives, this time."""
    faults, frame = exchange.faults, exchange.frame
    early = {kind for kind, fault in faults.items() if exchange.sent <= fault.times}
    if "lose_response" in faults or "lose_first" in early:
        return b""
    # The first cassette's count where there is one: a host that skips the check books it.
    spot = min(6, len(frame) - 3)
    if "garble_always" in faults or "garble_response" in early:
        frame = _flipped(frame, spot)
    if "garble_twice" in early:
        # Two counts in the same bit: the check byte stays right.
        name = exchange.command == Command.LAST_STATUS
        frame = _flipped(_flipped(frame, spot + name), min(9 + name, len(frame) - 2))
    if "cut_response" in early:
        frame = frame[: len(frame) // 2]
    if "double_response" in faults:
        frame += frame
    return NOISE + frame if "noise" in early else frame


def _flipped(frame: bytes, spot: int) -> bytes:
    return frame[:spot] + bytes([frame[spot] ^ 1]) + frame[spot + 1 :]
