"""Everything around the product, made from one seed: time, cable, dispenser, disk, and luck."""

import random
import shutil
from collections import deque
from dataclasses import replace
from pathlib import Path

from tests.rig.disk.disk import Disk
from tests.rig.lcdm_device import Device
from tests.rig.lcdm_mechanism import QUICK, Settings
from tests.rig.lcdm_memory import LastStatus, Memory
from tests.rig.soak.clock import Clock
from tests.rig.soak.far_end import FarEnd
from tests.rig.soak.limits import Limits
from tests.rig.soak.noise import Noise
from tests.rig.soak.port import Host, VirtualWire
from tests.rig.soak.tally import Tally
from tests.rig.soak.truth import Truth
from tests.rig.soak.weather import Weather

VALUES_CENTS = [1000, 2000, 5000, 0]
NOTES = [400, 400, 400, None]
TRACE_LENGTH = 60
BYTE_SECONDS = 10 / 9600


class World:
    """One seed's world. The product sees only `clock`, `wire` and the files in `folder`."""

    def __init__(self, seed: int, folder: Path, tally: Tally) -> None:
        self.draw = draw = random.Random(seed)
        self.tally, self.clock, self.host = tally, Clock(), Host()
        self.memory = Memory.filled(NOTES)
        self.settings = drawn_settings(draw)
        self.truth = Truth(self.memory, draw)
        self.limits = Limits(self.truth, tally)
        noise = Noise(draw, self.limits, tally)
        self.weather = Weather(draw, noise, tally)
        # One life in five hears bytes a few at a time and late; the others hear frames, at once.
        byte_seconds = BYTE_SECONDS if draw.random() < 0.2 else 0.0
        self.far_end = FarEnd(self.clock, self._new_device, noise, draw, byte_seconds)
        self.host.has_power = lambda: not self.disk.failed
        self.wire = VirtualWire(self.far_end, self.host)
        self.trace: deque[tuple[object, ...]] = deque(maxlen=TRACE_LENGTH)
        self._root, self._folders = folder, 0
        self.folder = self._new_folder()
        self.disk = Disk(self.folder).__enter__()

    def note(self, *event: object) -> None:
        """Remember an event for the trace of a violation."""
        self.trace.append((round(self.clock.now, 3), *event))

    def crash(self) -> Path:
        """Power is gone: go on with what the disk has kept. Returns the folder left behind."""
        before, self.folder = self.folder, self._new_folder()
        self.disk.crash(self.folder, None, self.draw)
        self.disk.__exit__(None, None, None)
        self.disk = Disk(self.folder).__enter__()
        return before

    def forget_synced(self) -> None:
        """Let the disk's log begin anew, where all that is in it is safe."""
        if self.disk.synced and self.disk.acts["sync failed"] == 0:
            self.disk.forget()

    def end(self) -> None:
        """Leave nothing behind."""
        self.disk.__exit__(None, None, None)
        shutil.rmtree(self.folder)

    def forget_record(self) -> None:
        """Let the dispenser remember nothing of its last command."""
        self.memory.last = LastStatus()

    def _new_device(self) -> Device:
        return Device(self.memory, self.weather, self.settings)  # type: ignore[arg-type]

    def _new_folder(self) -> Path:
        self._folders += 1
        folder = self._root / str(self._folders)
        folder.mkdir()
        return folder


def drawn_settings(draw: random.Random) -> Settings:
    """Draw one of the devices that the documents allow."""
    return replace(
        QUICK,
        reply_wait_seconds=draw.choice((0.3, 0.5, 0.7)),
        near_end_notes=draw.choice((0, 20)),
        status_bias=draw.choice((0, 0x20, 0x40)),
        short_refusals=draw.random() < 0.3,
        records_refusals=draw.random() < 0.7,
        forgets_at_power_up=draw.random() < 0.3,
        # A host that heard the answer need not know whether its ACK was heard: the soak has its
        # own rule, no second frame for one batch.
        guarded=frozenset(),
    )
