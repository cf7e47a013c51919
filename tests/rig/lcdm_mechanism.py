"""The moving part of a simulated LCDM-4000: runs one command, note by note, and says the result."""

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Literal

from tests.rig import lcdm_eeprom
from tests.rig.lcdm_faults import Fault, Faults
from tests.rig.lcdm_memory import CASSETTES, LastStatus, Memory
from tests.rig.lcdm_words import (
    BIAS,
    DIGIT,
    FIRST_CASSETTE,
    MISS,
    NOTES_MAX,
    REJECTS_MAX,
    Command,
    Error,
)

RESERVED = bytes([BIAS] * 9)


@dataclass(frozen=True, slots=True)
class Settings:
    """Speed, and the points on which the documents leave the device free."""

    note_seconds: float = 0.002
    byte_seconds: float = 0.0
    reset_seconds: float = 0.0
    reply_wait_seconds: float = 0.5
    frame_seconds: float = 0.2
    repeats_max: int = 3
    near_end_notes: int = 20
    reset_reply: Literal["silent", "ack"] = "silent"
    status_bias: int = 0
    short_refusals: bool = False
    records_refusals: bool = True
    forgets_at_power_up: bool = False
    forgets_at_reset: bool = False
    # Commands that must not follow a silent DISPENSE before LAST STATUS was read.
    guarded: frozenset[int] = frozenset({Command.DISPENSE})


QUICK = Settings()
REALISTIC = Settings(note_seconds=0.14, byte_seconds=10 / 9600, reset_seconds=2.0)

Work = Generator[float, None, bytes]


@dataclass(slots=True)
class _Tally:
    error: int = 0
    exits: list[int] = field(default_factory=lambda: [0] * len(CASSETTES))
    rejects: list[int] = field(default_factory=lambda: [0] * len(CASSETTES))
    diverted: int = 0

    def moved(self) -> int:
        return sum(self.exits) + sum(self.rejects)


class Mechanism:
    """Cassettes, path, tray. Yields the seconds each movement takes; owns no clock."""

    def __init__(self, memory: Memory, settings: Settings) -> None:
        self._memory = memory
        self._settings = settings

    def run(self, command: int, data: bytes, faults: Faults) -> Work:
        """Carry out one accepted command and return the response's data."""
        if busy := faults.get("busy"):
            self._memory.blocked_sensors |= busy.sensors
        forced = faults["error"].error if "error" in faults else 0
        match command:
            case Command.STATUS:
                return self._status(forced or self._path_error())
            case Command.PURGE:
                return self._purge(forced, faults)
            case Command.DISPENSE | Command.TEST_DISPENSE:
                return (yield from self._dispense(command, data, faults))
            case Command.LAST_STATUS:
                last = self._memory.last
                return bytes([last.command]) + self._counts(last.error, last.exits, last.rejects)
            case _:
                return lcdm_eeprom.answer(self._memory, command, data)

    def _status(self, error: int) -> bytes:
        memory, bias = self._memory, self._settings.status_bias
        reply = bytearray([error + BIAS, memory.blocked_sensors + bias])
        for i in CASSETTES:
            near_end = memory.present[i] and memory.cassettes[i] <= self._settings.near_end_notes
            sensors = memory.present[i] << 2 | near_end << 3
            reply += bytes([sensors + bias, self._type(i)])
            # One byte holds no more than 223 with its bias; above that nothing says what happens.
            reply += bytes((value[i] + BIAS) & 0xFF for value in (memory.opacities, memory.lengths))
        return bytes(reply)

    def _path_error(self) -> int:
        return Error.PATH_BUSY if self._memory.blocked_sensors else 0

    def _type(self, cassette: int) -> int:
        return FIRST_CASSETTE + cassette if self._memory.present[cassette] else DIGIT

    def _counts(self, error: int, exits: list[int], rejects: list[int]) -> bytes:
        reply = bytearray([error + BIAS, MISS])
        for i in CASSETTES:
            reply += bytes([exits[i] + BIAS, rejects[i] + BIAS, self._type(i)])
        return bytes(reply)

    def _purge(self, error: int, faults: Faults) -> bytes:
        if not error:
            self._memory.blocked_sensors = 0
        tally = _Tally(error)
        if stranded := faults.get("stranded"):
            for _ in range(min(stranded.notes, self._memory.cassettes[0])):
                self._move(0, True, tally)
            self._divert(0, stranded.rejects, tally)
        self._record(Command.PURGE, tally, None)
        return self._counts(error, tally.exits, tally.rejects)

    def _dispense(self, command: int, data: bytes, faults: Faults) -> Work:
        asked = [byte - BIAS for byte in data[: len(CASSETTES)]]
        refusal = faults["error"].error if "error" in faults else self._refusal(asked, data)
        if refusal:
            tally = _Tally(refusal)
        else:
            tally = yield from self._move_notes(asked, command == Command.DISPENSE, faults)
        if not refusal or self._settings.records_refusals:
            self._record(command, tally, faults.get("power_loss_mid", faults.get("die_after_pay")))
        if refusal and self._settings.short_refusals:
            return bytes([refusal + BIAS])
        return self._counts(tally.error, tally.exits, tally.rejects) + RESERVED

    def _refusal(self, asked: list[int], data: bytes) -> int:
        no_timeout = data[4:6] == bytes([BIAS, BIAS])
        if not (no_timeout or (data[4] == 0x1C and 0x30 <= data[5] <= 0x39)):
            return Error.BAD_PARAMETER
        if min(asked) < 0 or data[6:] != RESERVED:
            return Error.BAD_PARAMETER
        if sum(asked) > NOTES_MAX:
            return Error.TOO_MANY
        if any(asked[i] and not self._memory.present[i] for i in CASSETTES):
            return Error.CASSETTE_MISSING
        return self._path_error()

    def _move_notes(
        self, asked: list[int], to_exit: bool, faults: Faults
    ) -> Generator[float, None, _Tally]:
        tally = _Tally()
        picks = [i for i in self._memory.order for _ in range(asked[i])]
        stop = faults.get("jam") or faults.get("power_loss_mid")
        if picks and (reject := faults.get("reject")):
            self._divert(picks[0], reject.rejects, tally)
        for i in picks[: stop.notes] if stop else picks:
            yield self._settings.note_seconds
            # A cassette may be taken out while notes move: the next pick finds none.
            tally.error = self._obstacle(i, tally)
            if tally.error:
                return tally
            self._move(i, to_exit, tally)
        if picks and (jam := faults.get("jam")):
            self._divert(picks[min(jam.notes, len(picks) - 1)], jam.rejects, tally)
            tally.error = jam.error
        elif picks and "overdispense" in faults and self._held(picks[0]):
            self._move(picks[0], to_exit, tally)
            tally.error = Error.SURPLUS
        return tally

    def _obstacle(self, cassette: int, tally: _Tally) -> int:
        if tally.diverted > REJECTS_MAX:
            return Error.TOO_MANY_REJECTS
        if tally.moved() >= NOTES_MAX:
            return Error.TOO_MANY
        return 0 if self._held(cassette) else Error.PICK_UP

    def _held(self, cassette: int) -> int:
        return self._memory.cassettes[cassette] if self._memory.present[cassette] else 0

    def _move(self, cassette: int, to_exit: bool, tally: _Tally) -> None:
        if to_exit:
            self._memory.present_note(cassette)
            tally.exits[cassette] += 1
        else:
            self._memory.reject_note(cassette)
            tally.rejects[cassette] += 1

    def _divert(self, cassette: int, notes: int, tally: _Tally) -> None:
        for _ in range(min(notes, self._held(cassette))):
            self._move(cassette, False, tally)
            tally.diverted += 1

    def _record(self, command: int, tally: _Tally, outage: Fault | None) -> None:
        match outage.last_status if outage else "kept":
            case "kept":
                self._memory.last = LastStatus(command, tally.error, tally.exits, tally.rejects)
            case "cleared":
                self._memory.last = LastStatus()
            case "stale":
                pass
