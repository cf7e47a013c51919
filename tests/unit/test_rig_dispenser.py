"""The simulated dispenser on its pseudo terminal: each fault, as a tiny raw host hears it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import serial

from tests.rig.dispenser import SimulatedDispenser
from tests.rig.lcdm_faults import Fault, FaultPlan, Kind, fault_from, fault_text
from tests.rig.lcdm_mechanism import Settings
from tests.rig.lcdm_wire import NOISE
from tests.rig.lcdm_words import Command, dispense_request, request, response

ACK, NAK, EOT = b"\x06", b"\x15", b"\x04"
FIVE = dispense_request(5)
LAST = request(Command.LAST_STATUS)
PAID_FIVE = response(0x52, bytes.fromhex("20 30 25 20 31 20 20 32 20 20 33 20 20 34") + b" " * 9)
GARBLED = PAID_FIVE[:6] + b"\x24" + PAID_FIVE[7:]
FORGED = response(0x52, bytes.fromhex("20 30 24 20 31 21 20 32 20 20 33 20 20 34") + b" " * 9)
# A device that repeats only when asked, and one that does so at once: no test waits for a clock.
PATIENT = Settings(reply_wait_seconds=60)
HURRIED = Settings(reply_wait_seconds=0.02)


class Host:
    """Writes bytes and hears bytes; understands nothing."""

    def __init__(self, line: serial.Serial) -> None:
        self.line = line

    def say(self, data: bytes) -> None:
        self.line.write(data)

    def hears(self, expected: bytes) -> bool:
        return bool(self.line.read(len(expected)) == expected)

    def hears_nothing_more(self) -> bool:
        # A new command is the fence: had anything been on its way, it would stand before this.
        self.say(request(0x7A))
        return self.hears(ACK + response(0x7A, b"\x50"))


@contextmanager
def host_at(port: str) -> Iterator[Host]:
    with serial.Serial(port, 9600, timeout=10, exclusive=True) as line:
        yield Host(line)


@contextmanager
def bench(
    path: Path, *faults: Fault, settings: Settings = PATIENT
) -> Iterator[tuple[SimulatedDispenser, Host]]:
    with (
        SimulatedDispenser(path / "lcdm.json", FaultPlan(faults), settings) as sim,
        host_at(sim.port) as host,
    ):
        yield sim, host


def strike(kind: Kind, **details: int) -> Fault:
    return Fault(Command.DISPENSE, kind, **details)  # type: ignore[arg-type]


def held() -> tuple[int, int]:
    return threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))


def test_good_exchange_and_clean_end(tmp_path: Path) -> None:
    before = held()
    with bench(tmp_path) as (sim, host):
        host.say(FIVE)
        assert host.hears(ACK + PAID_FIVE)
        host.say(ACK)
        assert host.hears(EOT)
        assert sim.presented == (5, 0, 0, 0)
        assert sim.commands == (Command.DISPENSE,)
    assert held() == before


@pytest.mark.parametrize(
    ("fault", "heard"),
    [
        (strike("lose_ack"), PAID_FIVE),
        (strike("garble_ack"), b"\x07" + PAID_FIVE),
        (strike("ack_as_nak"), NAK + PAID_FIVE),
        (strike("garble_twice"), ACK + FORGED + PAID_FIVE),
        (strike("lose_first"), ACK + PAID_FIVE),
        (strike("garble_response", times=2), ACK + GARBLED * 2 + PAID_FIVE),
        (strike("cut_response"), ACK + PAID_FIVE[:14] + PAID_FIVE),
        (strike("double_response"), ACK + PAID_FIVE * 2),
        (strike("noise"), ACK + NOISE + PAID_FIVE),
        (Fault(0x52, "late_response", seconds=0.05), ACK + PAID_FIVE),
        (strike("reject", rejects=2), ACK + b"\x01\x30\x02\x52\x20\x30\x25\x22"),
        (strike("jam", notes=3, rejects=1), ACK + b"\x01\x30\x02\x52\x23\x30\x23\x21"),
        (strike("overdispense"), ACK + b"\x01\x30\x02\x52\x49\x30\x26\x20"),
        (strike("error", error=0x22), ACK + b"\x01\x30\x02\x52\x42\x30\x20\x20"),
        (strike("busy"), ACK + b"\x01\x30\x02\x52\x2b\x30\x20\x20"),
    ],
    ids=lambda value: value.kind if isinstance(value, Fault) else "",
)
def test_fault_is_heard_as_planned(tmp_path: Path, fault: Fault, heard: bytes) -> None:
    with bench(tmp_path, fault, settings=HURRIED) as (sim, host):
        host.say(FIVE)
        assert host.hears(heard)
        assert sim.conserved()
        assert sim.presented[0] == sim.last_status.exits[0]
        assert sim.rejected[0] == sim.last_status.rejects[0]


@pytest.mark.parametrize(
    ("fault", "heard", "paid"),
    [
        (strike("lose_command"), b"", 0),
        (strike("lose_response"), ACK, 5),
        (strike("power_loss_mid", notes=2), ACK, 2),
    ],
)
def test_fault_ends_in_silence(tmp_path: Path, fault: Fault, heard: bytes, paid: int) -> None:
    with bench(tmp_path, fault, settings=HURRIED) as (sim, host):
        host.say(FIVE)
        assert host.hears(heard)
        assert host.hears_nothing_more()
        assert sim.presented == (paid, 0, 0, 0)


def test_late_response_stands_before_the_answer_to_a_later_question(tmp_path: Path) -> None:
    with bench(tmp_path, Fault(0x52, "late_response", seconds=0.1)) as (_sim, host):
        host.say(FIVE)
        assert host.hears(ACK)
        host.say(LAST)
        assert host.hears(PAID_FIVE + ACK + b"\x01\x30\x02\x55\x52")


def test_nak_then_again_is_no_violation(tmp_path: Path) -> None:
    with bench(tmp_path, strike("nak_times", times=2)) as (sim, host):
        for answer in (NAK, NAK, ACK + PAID_FIVE):
            host.say(FIVE)
            assert host.hears(answer)
    assert sim.presented == (5, 0, 0, 0)


def test_no_eot_and_always_garbled(tmp_path: Path) -> None:
    with bench(tmp_path, strike("no_eot"), strike("garble_always", occurrence=2)) as (_sim, host):
        host.say(FIVE)
        assert host.hears(ACK + PAID_FIVE)
        host.say(ACK)
        assert host.hears_nothing_more()
        host.say(FIVE)
        assert host.hears(ACK + GARBLED)
        host.say(NAK)
        assert host.hears(GARBLED)


@pytest.mark.parametrize(("kind", "paid"), [("die_before_pay", 0), ("die_after_pay", 5)])
def test_dead_device_answers_again_only_after_restart(
    tmp_path: Path, kind: Kind, paid: int
) -> None:
    with bench(tmp_path, strike(kind)) as (sim, host):
        host.say(FIVE)
        assert host.hears(ACK)
        host.say(LAST)
    assert sim.commands == (Command.DISPENSE,)
    with bench(tmp_path) as (sim, host):
        host.say(LAST)
        assert host.hears(ACK + bytes([1, 0x30, 2, 0x55, 0x52 if paid else 0x20]))
    assert sim.cassettes == (100 - paid, 100, 100, 100)


def test_rule_survives_restart_and_the_context_fails(tmp_path: Path) -> None:
    with bench(tmp_path, strike("lose_response")) as (_sim, host):
        host.say(FIVE)
    with (
        pytest.raises(AssertionError, match="DISPENSE after silence without LAST STATUS"),
        bench(tmp_path) as (sim, host),
    ):
        host.say(FIVE)
    assert sim.presented == (5, 0, 0, 0)


@pytest.mark.parametrize(("fate", "told"), [("kept", 0x22), ("stale", 0x25), ("cleared", 0x20)])
def test_last_status_after_power_loss(tmp_path: Path, fate: str, told: int) -> None:
    outage = fault_from(f"command=0x52,kind=power_loss_mid,occurrence=2,notes=2,last_status={fate}")
    assert fault_from(fault_text(outage)) == outage
    with bench(tmp_path, outage) as (_sim, host):
        host.say(FIVE + ACK + FIVE)
        assert host.hears(ACK + PAID_FIVE + EOT + ACK)
        host.say(LAST)
        assert host.line.read(9)[8:] == bytes([told])


def test_wrong_speed_is_rubbish(tmp_path: Path) -> None:
    with (
        SimulatedDispenser(tmp_path / "lcdm.json") as sim,
        serial.Serial(sim.port, 19200) as line,
    ):
        line.write(FIVE)
    assert sim.commands == ()
