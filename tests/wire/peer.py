"""A device without a mind on a pty: it says what a script says, and notes what it was told."""

import os
import select
import tty
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from operator import xor
from pathlib import Path
from typing import Self

from edge_atm.device.lcdm import Command

ACK, NAK, EOT = b"\x06", b"\x15", b"\x04"

# What is said when a frame arrives, then to each ACK or NAK of the host; None hangs up.
Turn = tuple[bytes | None, ...]
# Turns of a command's first, second, ... arrival; after them the device is well.
Script = dict[Command, list[Turn]]


def framed(command: Command, *data: int) -> bytes:
    body = bytes([0x01, 0x30, 0x02, command, *data, 0x03])
    return body + bytes([reduce(xor, body)])


def moved(*counts: int, error: int = 0) -> list[int]:
    return [0x20 + error, 0x30] + [byte for n in counts for byte in (0x20 + n, 0x20, 0x31)]


DONE = framed(Command.DISPENSE, *moved(10, 3, 0, 0), *[0x20] * 9)
STATE = framed(Command.STATUS, 0x20, 0x00, *[0x04, 0x31, 0x20, 0x20] * 4)
LAST = framed(Command.LAST_STATUS, 0x52, *moved(10, 3, 0, 0))
PURGED = framed(Command.PURGE, *moved(0, 0, 0, 0))
WELL = {
    Command.STATUS: STATE,
    Command.DISPENSE: DONE,
    Command.LAST_STATUS: LAST,
    Command.PURGE: PURGED,
}


class Peer:
    """The scripted far end. `frames` holds the commands that reached it, in order."""

    def __init__(self, script: Script | None = None) -> None:
        self.frames: list[int] = []
        self._script, self._turn = script or {}, list[bytes | None]()
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.port = Path(os.ttyname(self._slave))
        self._wake_read, self._wake_write = os.pipe()
        self._pool = ThreadPoolExecutor(1)

    def __enter__(self) -> Self:
        self._life = self._pool.submit(self._live)
        return self

    def __exit__(self, *_: object) -> None:
        self.hang_up()
        os.close(self._slave)
        os.close(self._wake_read)

    def hang_up(self) -> None:
        """Pull the cable; the host's end sees the loss."""
        if self._wake_write >= 0:
            os.close(self._wake_write)
            self._wake_write = -1
            self._life.result()
            self._pool.shutdown()

    def _live(self) -> None:
        heard, alive = b"", True
        while alive:
            if self._wake_read in select.select([self._master, self._wake_read], [], [])[0]:
                break
            heard += os.read(self._master, 4096)
            while alive and (size := _size(heard)):
                if heard[0] == EOT[0]:
                    self._begin(Command(heard[3]))
                heard = heard[size:]
                said = self._turn.pop(0) if self._turn else b""
                alive = said is not None
                os.write(self._master, said or b"")
        os.close(self._master)

    def _begin(self, command: Command) -> None:
        self.frames.append(command)
        turns = self._script.get(command, [])
        self._turn = list(turns.pop(0) if turns else (ACK + WELL[command], EOT))


def _size(heard: bytes) -> int:
    if heard[:1] in (ACK, NAK):
        return 1
    size = 21 if heard[3:4] in (b"\x52", b"\x53") else 6
    return size if len(heard) >= size else 0
