"""Draws what goes wrong around one payout, and lets it strike when its moment comes."""

import random
from collections import deque
from collections.abc import Callable
from typing import get_args

from tests.rig.lcdm_faults import Fault, Faults, Kind, LastStatusFate
from tests.rig.lcdm_words import Command
from tests.rig.soak.noise import BYTE_FAULTS, Noise, Strike
from tests.rig.soak.tally import Tally
from tests.rig.soak.truth import AT_THE_EXIT

KINDS: tuple[Kind, ...] = get_args(Kind)
FATES: tuple[LastStatusFate, ...] = get_args(LastStatusFate)
# What only a command that moves notes can suffer; the other kinds strike any exchange.
DISPENSE_ONLY = {"reject", "jam", "overdispense", "power_loss_mid", "busy"}
EXCHANGES = (Command.DISPENSE,) * 5 + (
    Command.LAST_STATUS,
    Command.LAST_STATUS,
    Command.STATUS,
    Command.PURGE,
    Command.TEST_DISPENSE,
)
BYTES_PER_PAYOUT = 150
SECONDS = (0.3, 0.7, 3.0, 11.0, 59.0, 75.0)
OUTAGE_SECONDS = (1.0, 10.0, 50.0, 100.0)
BEFORE_START = (0x0B, 0x0C, 0x20, 0x21, 0x24, 0x25, 0x26, 0x30, 0x31, 0x32)
ON_THE_WAY = (0x01, 0x02, 0x03, 0x09, 0x0D, 0x22, 0x23, 0x33, 0x34, 0x35, 0x36)


class Weather:
    """The faults at the dispenser's end, drawn ahead, and those of the cable."""

    def __init__(self, draw: random.Random, noise: Noise, tally: Tally) -> None:
        self._draw, self._noise, self._tally = draw, noise, tally
        self._coming: dict[int, deque[Faults]] = {}
        self._naks = 0
        # Told of each command that the device accepts, with its faults.
        self.on_accept: Callable[[int, Faults], Faults] = lambda command, faults: faults

    def calm(self) -> None:
        """Forget what has not struck yet. A note in the path stays there until a purge."""
        self._coming = {Command.PURGE: purges} if (purges := self._stranded()) else {}
        self._noise.calm()

    def brew(self, kind: str) -> None:
        """Let one fault come, of the device or of the cable."""
        if kind.startswith(("to_host_", "to_device_")):
            byte_kind = next(known for known in BYTE_FAULTS if kind.endswith(known))
            strike = Strike(byte_kind, self._draw.randrange(BYTES_PER_PAYOUT))
            self._noise.brew(kind.startswith("to_host_"), strike)
            return
        fault = self._fault(next(known for known in KINDS if known == kind))
        queue = self._coming.setdefault(fault.command, deque())
        behind = self._draw.choice((0, 0, 0, 1, 2))
        while len(queue) <= behind:
            queue.append({})
        queue[behind][fault.kind] = fault

    def striking(self, command: int, occurrence: int) -> Faults:
        """Return the faults of a command that has arrived whole."""
        queue = self._coming.get(command)
        faults: Faults = queue[0] if queue else {}
        if "nak_times" in faults and self._naks < faults["nak_times"].times:
            self._naks += 1
            self._tally.faults["nak_times"] += 1
            return faults
        self._naks = 0
        if queue:
            queue.popleft()
        faults = {**self.on_accept(command, faults)}
        faults.pop("nak_times", None)
        self._tally.faults.update(faults.keys())
        return faults

    def _stranded(self) -> deque[Faults]:
        waiting = self._coming.get(Command.PURGE, ())
        return deque([{"stranded": f["stranded"]} for f in waiting if "stranded" in f])

    def _fault(self, kind: Kind) -> Fault:
        draw = self._draw
        command = draw.choice(EXCHANGES)
        if kind in DISPENSE_ONLY:
            command = Command.DISPENSE
        elif kind == "stranded":
            command = Command.PURGE
        return Fault(
            command,
            kind,
            notes=draw.randrange(4),
            rejects=draw.choice((0, 1, 1, 2, 11)),
            times=draw.randint(1, 9 if kind == "nak_times" else 4),
            seconds=draw.choice(SECONDS),
            error=self._error(kind),
            sensors=draw.randint(1, 31),
            last_status=draw.choice(FATES),
        )

    def _error(self, kind: Kind) -> int:
        if kind == "jam":
            return self._draw.choice(ON_THE_WAY + AT_THE_EXIT)
        return self._draw.choice(BEFORE_START)
