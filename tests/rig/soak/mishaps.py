"""Lets things go wrong in the world around one payout, and notes which of them did."""

import sys
from math import inf

from tests.rig.lcdm_faults import Faults
from tests.rig.lcdm_words import Command
from tests.rig.soak.limits import STALE_UNHEARD
from tests.rig.soak.noise import BYTE_FAULTS
from tests.rig.soak.weather import KINDS, OUTAGE_SECONDS, SECONDS
from tests.rig.soak.world import World

NEVER = sys.maxsize
HOST_KINDS = (
    "host_power",  # at an operation on the port
    "disk_power",  # at an operation on the disk
    "both_power",
    "unplugged",  # the serial adapter is gone for a moment
    "stall",  # the process does not run for a while
    "clock_jump",
    "disk_full",
    "sync_fails",
)
DISPENSER_KINDS = ("dispenser_power", "dispenser_reset", "cassette_pulled")
ALL_KINDS: tuple[str, ...] = (
    *KINDS,
    *(f"to_{end}_{kind}" for end in ("host", "device") for kind in BYTE_FAULTS),
    *HOST_KINDS,
    *DISPENSER_KINDS,
)
# Of a payout to have a fault, and of each fault to have another one beside it.
FAULTY_CHANCE, ANOTHER_CHANCE = 0.13, 0.35
MOVING = (Command.DISPENSE, Command.TEST_DISPENSE, Command.PURGE)
JUMP_SECONDS = (-3e8, -3600.0, -1.0, 1.0, 3600.0, 3e8)
CLEARED_CHANCE = 0.3
PORT_OPERATIONS, DISK_OPERATIONS, DEVICE_STEPS = 60, 60, 30


class Mishaps:
    """What may happen next, beside what the weather brings."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._armed: set[str] = set()
        world.host.on_stall = self._stall
        world.host.on_unplugged = lambda: self.struck("unplugged")
        world.far_end.on_cut = self._cut_dispenser
        world.weather.on_accept = self._accept

    def draw(self) -> None:
        """Forget what has not struck, and draw what will."""
        self.calm()
        chance = FAULTY_CHANCE
        while self._world.draw.random() < chance:
            self._brew(self._world.draw.choice(ALL_KINDS))
            chance = ANOTHER_CHANCE

    def draw_another(self) -> None:
        """Let a recovery be no safer than a payout."""
        if self._world.draw.random() < ANOTHER_CHANCE:
            self._brew(self._world.draw.choice(ALL_KINDS))

    def calm(self) -> None:
        """Let nothing happen any more."""
        world = self._world
        world.weather.calm()
        world.host.calm()
        world.far_end.steps_left = inf
        self.repair_disk()
        self._armed.clear()

    def repair_disk(self) -> None:
        """Make room, and let no sync fail and no power."""
        disk = self._world.disk
        disk.power_fails_at(None)
        disk.full_after(None)
        disk.sync_fails_at(NEVER)

    def power_gone(self) -> None:
        """The host has lost its power; the dispenser too, when both hang on one plug."""
        at_disk = self._world.disk.failed
        kind = "both_power" if "both_power" in self._armed else "host_power"
        self.struck("disk_power" if at_disk else kind)
        self._world.tally.crashes["disk" if at_disk else "line"] += 1
        if kind == "both_power":
            self._lose_power(self._world.draw.choice(OUTAGE_SECONDS))
        self._world.host.calm()
        self._armed -= {"host_power", "both_power", "disk_power"}

    def struck(self, kind: str) -> None:
        """Count a fault that has happened."""
        self._world.tally.faults[kind] += 1
        self._world.note("fault", kind)

    def disk_faulted(self) -> None:
        """The product has said that it cannot write."""
        for kind in ("disk_full", "sync_fails"):
            if kind in self._armed:
                self.struck(kind)
                self._armed.discard(kind)

    def _compare(self, command: int) -> None:
        """Count how a command that would leave the record already there was made another one."""
        last, written = self._world.memory.last, self._world.truth.written
        counts = self._world.tally.equal_commands
        if last.command != Command.DISPENSE or last.error:
            return
        counts["purged"] += command == written.command == Command.PURGE
        counts["suspect"] += command == Command.DISPENSE and list(written.asked) == last.exits

    def _brew(self, kind: str) -> None:
        world, draw = self._world, self._world.draw
        self._armed.add(kind)
        ahead = world.disk.operations() + draw.randrange(DISK_OPERATIONS)
        match kind:
            case "host_power" | "both_power":
                world.host.power_left = draw.randint(1, PORT_OPERATIONS)
                world.host.bytes_out = draw.randrange(22)
            case "disk_power":
                world.disk.power_fails_at(ahead)
            case "disk_full":
                world.disk.full_after(ahead)
            case "sync_fails":
                world.disk.sync_fails_at(ahead, draw.choice((1, 1, 2, 3)))
            case "unplugged":
                world.host.cable_left = draw.randint(1, PORT_OPERATIONS)
                world.host.bytes_out = draw.randrange(22)
            case "stall":
                world.host.stall_left = draw.randint(1, PORT_OPERATIONS)
            case "clock_jump":
                world.clock.jump(draw.choice(JUMP_SECONDS))
                self.struck(kind)
            case "dispenser_power" | "dispenser_reset":
                world.far_end.steps_left = draw.randint(1, DEVICE_STEPS)
            case "cassette_pulled":
                # The rig strands notes of the first one only, and they must come from somewhere.
                world.memory.present[draw.randint(1, 2)] = False
                self.struck(kind)
            case _:
                world.weather.brew(kind)

    def _stall(self) -> None:
        self._world.clock.now += self._world.draw.choice(SECONDS)
        self.struck("stall")

    def _cut_dispenser(self) -> None:
        reset = "dispenser_reset" in self._armed
        self.struck("dispenser_reset" if reset else "dispenser_power")
        if self._world.far_end.unheard and self._world.truth.forgotten:
            # With nothing but a NAK heard and the older record kept, this is just what a command
            # looks like that never arrived.
            self._world.tally.known_limits[STALE_UNHEARD] += 1
            self._world.forget_record()
        elif self._world.draw.random() < CLEARED_CHANCE:
            self._world.forget_record()
        self._lose_power(0.0 if reset else self._world.draw.choice(OUTAGE_SECONDS))

    def _lose_power(self, seconds: float) -> None:
        self._world.tally.dispenser_crashes += 1
        self._world.far_end.steps_left = inf
        self._world.far_end.restart(seconds)

    def _accept(self, command: int, faults: Faults) -> Faults:
        world = self._world
        world.note("accepts", f"{command:02x}", *faults)
        if "lose_command" in faults:
            return faults
        faults = world.limits.accepted(command, faults)
        if command in MOVING:
            self._compare(command)
            world.truth.begins(command)
        outage = faults.get("power_loss_mid") or faults.get("die_after_pay")
        world.far_end.ack_is_sure = outage is not None and outage.last_status == "stale"
        if faults.keys() & {"die_before_pay", "die_after_pay"}:
            seconds = world.draw.choice(OUTAGE_SECONDS)
            world.far_end.restarts_at = world.clock.now + seconds
            world.tally.dispenser_crashes += 1
        return faults
