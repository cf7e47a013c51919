"""What a bad cable does to single bytes, in both directions."""

import random
from dataclasses import dataclass
from typing import Literal, get_args

from tests.rig.lcdm_words import Command
from tests.rig.soak.limits import Chunks, Limits
from tests.rig.soak.tally import Tally

ByteFault = Literal["lost", "late", "doubled", "garbled", "burst", "twin_flip"]
BYTE_FAULTS: tuple[ByteFault, ...] = get_args(ByteFault)
# Below and above each deadline of driver and device.
LATE_SECONDS = (0.01, 0.15, 0.31, 0.6, 3.0, 20.0)


@dataclass(slots=True)
class Strike:
    """One thing that will happen to the byte behind `after` others."""

    kind: ByteFault
    after: int


class Noise:
    """The cable's strikes that are still to come. Without any it passes bytes on untouched."""

    def __init__(self, draw: random.Random, limits: Limits, tally: Tally) -> None:
        self._draw, self._limits, self._tally = draw, limits, tally
        self._to_host: list[Strike] = []
        self._to_device: list[Strike] = []

    def calm(self) -> None:
        """Forget what has not struck yet."""
        self._to_host.clear()
        self._to_device.clear()

    def brew(self, to_host: bool, strike: Strike) -> None:
        """Let one strike come."""
        (self._to_host if to_host else self._to_device).append(strike)

    def to_device(self, data: bytes) -> Chunks:
        """Return what arrives at the device, and after which pauses."""
        if not self._to_device:
            return ((0.0, data),)
        chunks = self._through(self._to_device, "to_device", data)
        return self._limits.to_device(data, chunks)

    def to_host(self, data: bytes, ack_is_sure: bool) -> Chunks:
        """Return what arrives at the host, and after which pauses."""
        chunks: Chunks = ((0.0, data),)
        if self._to_host:
            chunks = self._through(self._to_host, "to_host", data)
        elif Command.LAST_STATUS not in data:
            # The device's own faults damage the record too, so it is looked at in any case.
            return chunks
        return self._limits.to_host(data, chunks, ack_is_sure)

    def _through(self, strikes: list[Strike], way: str, data: bytes) -> Chunks:
        left, chunks = bytearray(data), [(0.0, bytearray())]
        for index in range(len(left)):
            kind = _due(strikes)
            piece = chunks[-1][1]
            if kind is not None:
                self._tally.faults[f"{way}_{kind}"] += 1
            match kind:
                case "lost":
                    continue
                case "doubled":
                    piece.append(left[index])
                case "garbled":
                    left[index] ^= self._draw.randint(1, 255)
                case "burst":
                    piece += self._draw.randbytes(self._draw.randint(1, 9))
                case "late":
                    piece = bytearray()
                    chunks.append((self._draw.choice(LATE_SECONDS), piece))
                case "twin_flip":
                    self._flip_twice(left, index)
            piece.append(left[index])
        return [(delay, bytes(piece)) for delay, piece in chunks]

    def _flip_twice(self, data: bytearray, index: int) -> None:
        # The same bit in two bytes: the check byte, one XOR, cannot see it.
        bit = 1 << self._draw.randrange(8)
        for spot in {index, self._draw.randrange(index, len(data))}:
            data[spot] ^= bit


def _due(strikes: list[Strike]) -> ByteFault | None:
    for strike in strikes:
        strike.after -= 1
        if strike.after < 0:
            strikes.remove(strike)
            return strike.kind
    return None
