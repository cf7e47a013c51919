"""The simulated LCDM-4000 as a byte machine: verified frames, conservation, and the one rule."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rig.lcdm_device import Device
from tests.rig.lcdm_faults import NO_FAULTS, Fault, FaultPlan, Kind
from tests.rig.lcdm_mechanism import QUICK, Settings
from tests.rig.lcdm_memory import Memory
from tests.rig.lcdm_words import Command, Error, dispense_request, request, response

ACK, NAK, EOT = b"\x06", b"\x15", b"\x04"
STATUS = bytes.fromhex("04 30 02 50 03 65")
PURGE = bytes.fromhex("04 30 02 51 03 64")
PURGED = bytes.fromhex("01 30 02 51 20 30 20 20 31 20 20 32 20 20 33 20 20 34 03 75")
DISPENSE = bytes.fromhex("04 30 02 52 2A 23 20 20 20 20 20 20 20 20 20 20 20 20 20 03 4E")
DISPENSED = bytes.fromhex(
    "01 30 02 52 20 30 2A 20 31 23 20 32 20 20 33 20 20 34 20 20 20 20 20 20 20 20 20 03 5F"
)
LAST = bytes.fromhex("04 30 02 55 03 60")
LAST_DISPENSED = bytes.fromhex("01 30 02 55 52 20 30 2A 20 31 23 20 32 20 20 33 20 20 34 03 2A")
TEST_ONE = bytes.fromhex("04 30 02 53 21 20 20 20 20 20 20 20 20 20 20 20 20 20 20 03 47")
RULE = "DISPENSE after silence without LAST STATUS"


class Bench:
    """A device and a host with no cable between them."""

    def __init__(self, *faults: Fault, settings: Settings = QUICK, notes: int = 100) -> None:
        self.memory = Memory.filled([notes] * 4)
        self.device = Device(self.memory, FaultPlan(faults), settings)

    def say(self, data: bytes) -> bytes:
        return b"".join(step for step in self.device.feed(data) if isinstance(step, bytes))

    def wait(self) -> bytes:
        return b"".join(step for step in self.device.silence() if isinstance(step, bytes))


def test_verified_frames_byte_for_byte() -> None:
    bench = Bench()
    assert bench.say(PURGE) == ACK + PURGED
    assert bench.say(ACK) == EOT
    assert bench.say(DISPENSE) == ACK + DISPENSED
    assert bench.say(ACK) == EOT
    assert bench.say(LAST) == ACK + LAST_DISPENSED
    assert bench.say(ACK) == EOT
    assert bench.say(TEST_ONE)[:6] == ACK + DISPENSED[:3] + b"\x53\x20"
    assert bench.memory.presented == [10, 3, 0, 0]
    assert bench.memory.rejected == [1, 0, 0, 0]
    assert (dispense_request(10, 3), request(Command.STATUS)) == (DISPENSE, STATUS)


def test_status_shows_near_end_and_missing_cassette() -> None:
    memory = Memory.filled([21, 20, None, 100])
    reply = b"".join(
        step for step in Device(memory, NO_FAULTS, QUICK).feed(STATUS) if isinstance(step, bytes)
    )[1:]
    assert len(reply) == 24
    assert [(reply[i], reply[i + 1]) for i in (6, 10, 14, 18)] == [
        (0x04, 0x31),
        (0x0C, 0x32),
        (0x00, 0x30),
        (0x04, 0x34),
    ]


def test_last_status_of_a_new_device_knows_no_command() -> None:
    assert Bench().say(LAST)[1:8] == bytes.fromhex("01 30 02 55 20 20 30")


def test_unknown_command_and_reset() -> None:
    assert Bench().say(request(0x7A)) == ACK + bytes.fromhex("01 30 02 7A 50 03 1A")
    assert Bench().say(request(Command.RESET)) == b""
    assert Bench(settings=Settings(reset_reply="ack")).say(request(Command.RESET)) == ACK


def test_stored_settings_are_read_back() -> None:
    bench = Bench()
    assert bench.say(request(Command.SET_ORDER, b"4321")) == ACK + response(0x5C, b"\x20")
    assert bench.say(request(Command.GET_ORDER)) == ACK + response(0x5D, b"\x204321")
    assert bench.say(request(Command.SET_ORDER, b"4421")) == ACK + response(0x5C, b"\x51")
    assert bench.say(request(Command.SET_LENGTHS, b"\x3a\x3b000000")) == ACK + response(0x5E, b" ")
    assert bench.say(request(Command.GET_LENGTHS))[1:8] == bytes.fromhex("01 30 02 5F 20 3A 3B")


@pytest.mark.parametrize(
    ("notes", "error", "exits"),
    [
        ((5, 1), Error.PICK_UP, (3, 0)),
        ((51, 50), Error.TOO_MANY, (0, 0)),
        ((2, 1), 0, (2, 1)),
    ],
)
def test_dispense_pays_what_it_can(
    notes: tuple[int, int], error: int, exits: tuple[int, int]
) -> None:
    bench = Bench(notes=3)
    reply = bench.say(dispense_request(*notes))[1:]
    assert (reply[4], reply[6], reply[9]) == (error + 0x20, exits[0] + 0x20, exits[1] + 0x20)
    assert bench.memory.presented[:2] == list(exits)


def test_damaged_frames_are_refused_and_may_be_sent_again() -> None:
    bench = Bench()
    assert bench.say(DISPENSE[:-1] + b"\x00") == NAK
    assert bench.say(DISPENSE[:9]) == b""
    assert bench.wait() == NAK
    assert bench.say(b"\xff\x00" + DISPENSE) == ACK + DISPENSED
    assert bench.memory.violations == []


def test_frames_may_arrive_byte_by_byte() -> None:
    bench = Bench()
    assert b"".join(bench.say(bytes([byte])) for byte in DISPENSE) == ACK + DISPENSED


def test_response_is_repeated_at_most_three_times() -> None:
    bench = Bench()
    bench.say(PURGE)
    assert [bench.say(NAK), bench.wait(), bench.wait()] == [PURGED] * 3
    assert [bench.wait(), bench.say(NAK), bench.say(ACK)] == [b""] * 3


SILENCES: list[Kind] = ["lose_command", "lose_response", "garble_always", "power_loss_mid"]


@pytest.mark.parametrize("kind", SILENCES)
def test_dispense_after_silence_moves_nothing_and_is_recorded(kind: Kind) -> None:
    bench = Bench(Fault(Command.DISPENSE, kind, notes=4))
    bench.say(DISPENSE)
    # An ACK to a response that was never whole is a lie and settles nothing.
    bench.say(ACK)
    before = list(bench.memory.presented)
    assert bench.say(DISPENSE) == b""
    assert bench.memory.presented == before
    assert bench.memory.violations == [RULE]


@pytest.mark.parametrize("kind", SILENCES)
def test_last_status_in_between_makes_the_next_dispense_lawful(kind: Kind) -> None:
    bench = Bench(Fault(Command.DISPENSE, kind, notes=4))
    bench.say(DISPENSE)
    bench.say(LAST)
    bench.say(ACK)
    assert bench.say(dispense_request(1))[:1] == ACK
    assert bench.memory.violations == []


def test_last_status_that_never_came_back_does_not_settle() -> None:
    bench = Bench(
        Fault(Command.DISPENSE, "lose_response"), Fault(Command.LAST_STATUS, "lose_response")
    )
    for frame in (DISPENSE, LAST, DISPENSE):
        bench.say(frame)
    assert bench.memory.violations == [RULE]


def test_evidence_may_be_guarded_too() -> None:
    strict = Settings(guarded=frozenset({Command.DISPENSE, Command.PURGE, Command.TEST_DISPENSE}))
    bench = Bench(Fault(Command.DISPENSE, "lose_response"), settings=strict)
    bench.say(DISPENSE)
    assert bench.say(PURGE) == b""
    assert bench.memory.violations == ["PURGE after silence without LAST STATUS"]


def faults() -> st.SearchStrategy[Fault]:
    few = st.integers(0, 12)
    return st.builds(
        Fault, st.sampled_from(Command), st.sampled_from(get_args(Kind)), few, few, few, few
    )


WORDS = st.one_of(
    st.builds(dispense_request, *[st.integers(0, 40)] * 4),
    st.builds(dispense_request, st.integers(0, 5), command=st.just(Command.TEST_DISPENSE)),
    st.sampled_from([STATUS, PURGE, LAST, LAST + ACK, ACK, NAK, b"", DISPENSE[:7], b"\xff"]),
)


@given(st.lists(faults(), max_size=6), st.lists(WORDS, max_size=30))
def test_no_note_is_lost_or_made(plan: list[Fault], words: list[bytes]) -> None:
    bench = Bench(*plan, notes=30)
    for word in words:
        for _step in bench.device.feed(word) if word else bench.device.silence():
            assert bench.memory.conserved()
    assert bench.memory.conserved()
    assert sum(bench.memory.loaded) == 120
