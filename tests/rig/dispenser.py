"""A simulated LCDM-4000 on a pseudo terminal, as a thread here or as a process of its own.

`python -m tests.rig.dispenser --memory FILE` prints its port and lives until SIGTERM.
"""

import argparse
import os
import select
import signal
import sys
import termios
import tty
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.rig.lcdm_device import Device, Step
from tests.rig.lcdm_faults import NO_FAULTS, FaultPlan, fault_from, fault_help
from tests.rig.lcdm_mechanism import QUICK, REALISTIC, Settings
from tests.rig.lcdm_memory import LastStatus, Memory, write_whole

FULL = (100, 100, 100, 100)
LAST_BYTES_SECONDS = 0.05


class SimulatedDispenser:
    """The far end of the serial cable. Leaving the context raises if the host broke the rule."""

    port: str

    def __init__(
        self,
        memory_path: Path,
        plan: FaultPlan = NO_FAULTS,
        settings: Settings = QUICK,
        notes: Sequence[int | None] = FULL,
    ) -> None:
        """`notes` fills a new device; an existing memory file keeps the notes it has."""
        self._path = memory_path
        self._memory = Memory.load(memory_path) if memory_path.exists() else Memory.filled(notes)
        self._violations_before = len(self._memory.violations)
        self._settings = settings
        self._device = Device(self._memory, plan, settings)
        self._saved = ""

    def __enter__(self) -> Self:
        self._master, self._slave = os.openpty()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._master, False)
        tty.setraw(self._slave)
        line = termios.tcgetattr(self._slave)
        line[4] = line[5] = termios.B9600
        termios.tcsetattr(self._slave, termios.TCSANOW, line)
        self.port = os.ttyname(self._slave)
        self._save()
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="dispenser")
        self._life = self._pool.submit(self._live)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.write(self._wake_write, b"\0")
        self._pool.shutdown()
        for descriptor in (self._master, self._slave, self._wake_read, self._wake_write):
            os.close(descriptor)
        self._life.result()
        if self.violations:
            raise AssertionError("; ".join(self.violations))

    @property
    def cassettes(self) -> tuple[int, ...]:
        """Notes left in each cassette."""
        return tuple(self._memory.cassettes)

    @property
    def presented(self) -> tuple[int, ...]:
        """Notes that left the machine, by cassette, since it was filled."""
        return tuple(self._memory.presented)

    @property
    def rejected(self) -> tuple[int, ...]:
        """Notes in the reject tray, by the cassette they came from."""
        return tuple(self._memory.rejected)

    @property
    def last_status(self) -> LastStatus:
        """What the device would tell now if asked for LAST STATUS."""
        return self._memory.last

    @property
    def commands(self) -> tuple[int, ...]:
        """Every whole command frame the host has put on the wire, lost ones included."""
        return tuple(self._memory.commands)

    @property
    def violations(self) -> tuple[str, ...]:
        """Each time the host did what may pay twice, in this run."""
        return tuple(self._memory.violations[self._violations_before :])

    def conserved(self) -> bool:
        """True while every loaded note is in exactly one place."""
        return self._memory.conserved()

    def _live(self) -> None:
        while True:
            watched = [self._master, self._wake_read]
            ready = select.select(watched, [], [], self._device.patience_seconds)[0]
            if self._wake_read in ready:
                break
            self._act(self._device.feed(self._read()) if ready else self._device.silence())
        # What the host wrote just before the end counts too: a violation must not slip away.
        while select.select([self._master], [], [], LAST_BYTES_SECONDS)[0]:
            self._act(self._device.feed(self._read()))

    def _read(self) -> bytes:
        data = os.read(self._master, 4096)
        speed = termios.tcgetattr(self._slave)[4:6]
        # A pseudo terminal carries bytes at any speed; a real line would carry rubbish.
        return data if speed == [termios.B9600, termios.B9600] else b""

    def _act(self, steps: Iterable[Step]) -> None:
        for step in steps:
            # To memory first: no byte tells of a note that a restart would forget.
            self._save()
            if isinstance(step, bytes):
                self._pause(len(step) * self._settings.byte_seconds)
                self._send(step)
            else:
                self._pause(step)
        self._save()

    def _send(self, data: bytes) -> None:
        try:
            os.write(self._master, data)
        except BlockingIOError:
            # Nobody reads: a cable does not wait either.
            return

    def _pause(self, seconds: float) -> None:
        # The wake byte is never taken out, so once the end has come no pause lasts.
        select.select([self._wake_read], [], [], seconds)

    def _save(self) -> None:
        text = self._memory.text()
        if text != self._saved:
            write_whole(self._path, text)
            self._saved = text


def main(arguments: Sequence[str]) -> int:
    """Play the dispenser until SIGTERM or SIGINT; 1 means the host broke the rule."""
    parser = argparse.ArgumentParser(
        prog="tests.rig.dispenser", description=__doc__, epilog=fault_help()
    )
    parser.add_argument("--memory", type=Path, required=True)
    parser.add_argument("--notes", default="100,100,100,100", help="a dash is an empty slot")
    parser.add_argument("--fault", type=fault_from, action="append", default=[], help="see below")
    parser.add_argument("--realistic", action="store_true", help="at the speed of the real device")
    parser.add_argument("--reset-ack", action="store_true")
    parser.add_argument("--forget-last-status", action="store_true", help="lost while it was off")
    given = parser.parse_args(arguments)
    settings = replace(
        REALISTIC if given.realistic else QUICK,
        reset_reply="ack" if given.reset_ack else "silent",
        forgets_at_power_up=given.forget_last_status,
    )
    notes = [None if count == "-" else int(count) for count in given.notes.split(",")]
    ends = {signal.SIGTERM, signal.SIGINT}
    # Blocked before the thread starts, so that only sigwait below receives them.
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    try:
        with SimulatedDispenser(
            given.memory, FaultPlan(tuple(given.fault)), settings, notes
        ) as sim:
            print(sim.port, flush=True)
            signal.sigwait(ends)
    except AssertionError as broken:
        print(broken, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
