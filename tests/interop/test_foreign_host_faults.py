"""How somebody else's host ends when the line or the device fails: the mistakes not to make."""

from dataclasses import replace
from pathlib import Path

import pytest

from edge_atm.device.lcdm import Command, Control, frame
from edge_atm.money import NO_NOTES
from tests.interop.foreign import foreign_host
from tests.rig.dispenser import SimulatedDispenser
from tests.rig.lcdm_faults import Fault, FaultPlan, Kind
from tests.rig.lcdm_mechanism import Settings

pytestmark = pytest.mark.slow
ACK, NAK = Control.ACK.value, Control.NAK.value
STATUS, DISPENSE = Command.STATUS, Command.DISPENSE
ASKED = (10, 3, 0, 0)
FRAME = frame(DISPENSE, ASKED)
ACK_TIMEOUT, RESPONSE_TIMEOUT = 0xF1, 0xF2
# The device repeats when told to, not by itself: the host is slower on a busy machine.
NO_REFEREE = Settings(guarded=frozenset(), reply_wait_seconds=60)
# Where an answer never comes the host need not wait long for it.
SHORT_SECONDS = 1.0


def simulated(memory: Path, *faults: Fault, settings: Settings = NO_REFEREE) -> SimulatedDispenser:
    return SimulatedDispenser(memory / "lcdm.json", FaultPlan(faults), settings)


LOST_ACKS = {
    "the response meets the repeated question": (Fault(DISPENSE, "lose_ack"),),
    "everything is lost": (
        Fault(DISPENSE, "lose_ack", occurrence=0),
        Fault(DISPENSE, "lose_response", occurrence=0),
    ),
}


@pytest.mark.parametrize("faults", LOST_ACKS.values(), ids=LOST_ACKS)
def test_without_an_ack_it_pays_three_times_and_reports_a_failure(
    tmp_path: Path, faults: tuple[Fault, ...]
) -> None:
    with simulated(tmp_path, *faults) as sim, foreign_host(sim.port) as host:
        end = host.call("dispense", *ASKED)
    assert (end.ended, end.code, end.said) == ("PuloonException", ACK_TIMEOUT, FRAME * 3)
    assert sim.presented == (30, 9, 0, 0)
    assert sim.conserved()


def test_the_referee_tells_on_the_host_that_asks_again(tmp_path: Path) -> None:
    lost = Fault(DISPENSE, "lose_ack")
    with (
        pytest.raises(AssertionError, match="DISPENSE after silence without LAST STATUS"),
        simulated(tmp_path, lost, settings=Settings()) as sim,
        foreign_host(sim.port) as host,
    ):
        host.call("dispense", *ASKED)
    assert len(sim.violations) == 2
    assert sim.presented == ASKED


def test_a_command_lost_on_the_way_is_sent_three_times(tmp_path: Path) -> None:
    lost = Fault(DISPENSE, "lose_command", occurrence=0)
    with simulated(tmp_path, lost) as sim, foreign_host(sim.port) as host:
        end = host.call("dispense", *ASKED)
    assert (end.ended, end.code, end.said) == ("PuloonException", ACK_TIMEOUT, FRAME * 3)
    assert sim.presented == NO_NOTES


def test_after_a_nak_it_asks_again_and_is_paid_once(tmp_path: Path) -> None:
    refused = Fault(DISPENSE, "nak_times", times=2)
    with simulated(tmp_path, refused) as sim, foreign_host(sim.port) as host:
        end = host.call("dispense", *ASKED)
    assert (end.ended, end.said) == ("response", FRAME * 3 + ACK)
    assert end.per_cassette("exit") == sim.presented == ASKED


@pytest.mark.parametrize(
    ("kind", "answers"),
    [("lose_response", b""), ("die_after_pay", b""), ("no_eot", ACK + NAK)],
)
def test_it_crashes_though_the_notes_are_out(tmp_path: Path, kind: Kind, answers: bytes) -> None:
    # Its ValueError is no PuloonException: it cut fields out of an answer that never came.
    with simulated(tmp_path, Fault(DISPENSE, kind)) as sim:
        with foreign_host(sim.port, SHORT_SECONDS) as host:
            end = host.call("dispense", *ASKED)
        assert (end.ended, end.said) == ("ValueError", FRAME + answers)
        assert sim.presented == ASKED


def test_a_refusal_in_a_short_frame_is_no_answer_to_it(tmp_path: Path) -> None:
    refused, short = Fault(DISPENSE, "error", error=0x31), Settings(short_refusals=True)
    with simulated(tmp_path, refused, settings=short) as sim:
        with foreign_host(sim.port, SHORT_SECONDS) as host:
            assert host.call("dispense", *ASKED).ended == "ValueError"
        assert sim.presented == NO_NOTES


@pytest.mark.parametrize("times", [1, 2])
def test_it_asks_for_a_damaged_response_again(tmp_path: Path, times: int) -> None:
    garbled = Fault(DISPENSE, "garble_response", times=times)
    with simulated(tmp_path, garbled) as sim, foreign_host(sim.port) as host:
        end = host.call("dispense", *ASKED)
        assert (end.ended, end.said) == ("response", FRAME + NAK * times + ACK)
        assert end.per_cassette("exit") == sim.presented == ASKED


@pytest.mark.parametrize("kind", ["garble_always", "noise"])
def test_it_gives_up_a_damaged_response_though_the_notes_are_out(
    tmp_path: Path, kind: Kind
) -> None:
    damaged = Fault(DISPENSE, kind, occurrence=0, times=9)
    with simulated(tmp_path, damaged) as sim, foreign_host(sim.port) as host:
        end = host.call("dispense", *ASKED)
        assert (end.ended, end.code) == ("PuloonException", RESPONSE_TIMEOUT)
        assert end.said == FRAME + NAK * 3
        assert sim.presented == ASKED


def test_no_host_sees_two_flips_in_the_same_bit(tmp_path: Path) -> None:
    with simulated(tmp_path, Fault(DISPENSE, "garble_twice")) as sim:
        with foreign_host(sim.port) as host:
            end = host.call("dispense", *ASKED)
        assert end.per_cassette("exit") == (11, 2, 0, 0)
        assert sim.presented == ASKED


@pytest.mark.parametrize(
    ("fault", "exits", "rejects"),
    [
        (Fault(DISPENSE, "error", error=0x24), NO_NOTES, NO_NOTES),
        (Fault(DISPENSE, "jam", notes=4, rejects=2), (4, 0, 0, 0), (2, 0, 0, 0)),
        (Fault(DISPENSE, "overdispense", error=0x29), (11, 3, 0, 0), NO_NOTES),
    ],
    ids=lambda value: getattr(value, "kind", None),
)
def test_an_error_is_told_with_the_counts(
    tmp_path: Path, fault: Fault, exits: tuple[int, ...], rejects: tuple[int, ...]
) -> None:
    with simulated(tmp_path, fault) as sim, foreign_host(sim.port) as host:
        end = host.call("dispense", *ASKED)
        assert (end.ended, end.code, end.said) == ("PuloonException", fault.error, FRAME + ACK)
        assert end.per_cassette("exit") == sim.presented == exits
        assert end.per_cassette("reject") == sim.rejected == rejects


def test_a_silent_reset_leaves_the_line_in_step(tmp_path: Path) -> None:
    with simulated(tmp_path) as sim, foreign_host(sim.port) as host:
        assert host.call("reset").ended == "response"
        assert host.call("status").ended == "response"
        assert host.call("dispense", *ASKED).per_cassette("exit") == sim.presented == ASKED


def test_the_ack_to_a_reset_is_taken_for_the_next_one(tmp_path: Path) -> None:
    # From there on it reads everything one byte late, and the notes leave all the same.
    spoken = replace(NO_REFEREE, reset_reply="ack")
    with simulated(tmp_path, settings=spoken) as sim, foreign_host(sim.port) as host:
        host.call("reset")
        end = host.call("dispense", *ASKED)
        assert (end.ended, end.code) == ("PuloonException", RESPONSE_TIMEOUT)
        assert end.said == FRAME + NAK * 3
        assert sim.presented == ASKED
