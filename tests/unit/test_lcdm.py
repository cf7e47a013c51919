"""The dispenser's frames: byte for byte, cut anywhere, damaged anywhere."""

from collections.abc import Iterable
from functools import reduce
from itertools import pairwise
from operator import xor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_atm.device import lcdm_reports
from edge_atm.device.lcdm import (
    NOTES_PER_COMMAND_MAX,
    BadFrame,
    Command,
    Control,
    Decoder,
    Message,
    Response,
    frame,
)
from edge_atm.device.lcdm_reports import Cassette, PathSensor
from edge_atm.money import NO_NOTES, Operation, Outcome, Quantities

RESERVED = "20 " * 9
PURGED = bytes.fromhex("01 30 02 51 20 30 20 20 31 20 20 32 20 20 33 20 20 34 03 75")
PAID = bytes.fromhex(f"01 30 02 52 20 30 2A 20 31 23 20 32 20 20 33 20 20 34 {RESERVED} 03 5F")
LAST = bytes.fromhex("01 30 02 55 52 20 30 2A 20 31 23 20 32 20 20 33 20 20 34 03 2A")


def framed(command: Command, *data: int) -> bytes:
    body = bytes([0x01, 0x30, 0x02, command, *data, 0x03])
    return body + bytes([reduce(xor, body)])


# The bit fields look like ETX, ACK and EOT: only a parser by position gets through.
STATUS = framed(Command.STATUS, 0x44, 0x03, *[0x06, 0x31, 0x48, 0x50] * 3, 0x0C, 0x30, 0x20, 0x20)
RESPONSES = st.sampled_from([PURGED, PAID, LAST, STATUS])


def decoded(chunks: Iterable[bytes]) -> list[Message]:
    decoder = Decoder()
    return [message for chunk in chunks for message in decoder.feed(chunk)]


def only_response(data: bytes) -> Response:
    (message,) = decoded([data])
    assert isinstance(message, Response)
    return message


@pytest.mark.parametrize(
    ("command", "quantities", "expected"),
    [
        (Command.STATUS, None, "04 30 02 50 03 65"),
        (Command.PURGE, None, "04 30 02 51 03 64"),
        (Command.LAST_STATUS, None, "04 30 02 55 03 60"),
        (Command.DISPENSE, (10, 3, 0, 0), f"04 30 02 52 2A 23 20 20 20 20 {RESERVED} 03 4E"),
        (Command.TEST_DISPENSE, (1, 0, 0, 0), f"04 30 02 53 21 20 20 20 20 20 {RESERVED} 03 47"),
    ],
)
def test_commands_are_the_verified_bytes(
    command: Command, quantities: Quantities | None, expected: str
) -> None:
    assert frame(command, quantities) == bytes.fromhex(expected)


@pytest.mark.parametrize("quantities", [NO_NOTES, (41, 0, 0, 0), (20, 20, 1, 0), (2, -1, 0, 0)])
def test_a_wrong_amount_is_our_own_mistake(quantities: Quantities) -> None:
    with pytest.raises(AssertionError):
        frame(Command.DISPENSE, quantities)
    assert frame(Command.DISPENSE, (0, 0, 0, NOTES_PER_COMMAND_MAX))


def test_verified_responses_are_read() -> None:
    paid = Outcome(Operation.DISPENSE, 0, (10, 3, 0, 0), NO_NOTES)
    purged = Outcome(Operation.PURGE, 0, NO_NOTES, NO_NOTES)
    assert lcdm_reports.outcome(only_response(PAID)) == paid
    assert lcdm_reports.outcome(only_response(LAST)) == paid
    assert lcdm_reports.outcome(only_response(PURGED)) == purged


def test_counts_survive_an_error() -> None:
    data = (0x29 + 0x20, 0x30, *(0x24, 0x21, 0x31), *[0x20, 0x20, 0x30] * 2, *(0x20, 0x22, 0x34))
    response = only_response(framed(Command.DISPENSE, *data, *[0x20] * 9))
    surplus = Outcome(Operation.DISPENSE, 0x29, (4, 0, 0, 0), (1, 0, 0, 2))
    assert lcdm_reports.outcome(response) == surplus


@pytest.mark.parametrize(
    ("code", "operation"),
    [(0x20, Operation.NONE), (0x53, Operation.TEST_DISPENSE), (0x58, Operation.OTHER)],
)
def test_last_status_names_its_operation(code: int, operation: Operation) -> None:
    response = only_response(framed(Command.LAST_STATUS, code, 0x20, 0x30, *[0x20, 0x20, 0x31] * 4))
    assert lcdm_reports.outcome(response).operation is operation


@pytest.mark.parametrize("bias", [0x00, 0x20, 0x40, 0x80])
def test_status_reads_only_the_documented_bits(bias: int) -> None:
    blocks = [0x04, 0x31, 0x48, 0x50, 0x0C, 0x32, 0x48, 0x50, 0x04, 0x30, 0x20, 0x20]
    blocks += [0x00, 0x34, 0x20, 0x20]
    blocks = [byte | bias if i % 4 == 0 else byte for i, byte in enumerate(blocks)]
    status = lcdm_reports.status(only_response(framed(Command.STATUS, 0x20, bias | 9, *blocks)))
    assert status.error == 0
    assert status.blocked == PathSensor.EXIT | PathSensor.DIVERTER_LEFT
    assert status.cassettes == (
        Cassette(present=True, near_end=False, kind=1),
        Cassette(present=True, near_end=True, kind=2),
        Cassette(present=False, near_end=False, kind=0),
        Cassette(present=False, near_end=False, kind=4),
    )


@pytest.mark.parametrize("position", [4, 6, 7, 9, 16])
@pytest.mark.parametrize("impossible", [0x00, 0x1F])
def test_impossible_values_are_damage_and_no_numbers(position: int, impossible: int) -> None:
    data = bytearray(PAID[4:-2])
    data[position - 4] = impossible
    assert decoded([framed(Command.DISPENSE, *data)]) == [BadFrame(_reason(position))]


def _reason(position: int) -> str:
    return "impossible error code" if position == 4 else "impossible count"


def test_a_huge_count_is_damage() -> None:
    data = bytearray(PAID[4:-2])
    data[2] |= 0x80
    assert decoded([framed(Command.DISPENSE, *data)]) == [BadFrame("impossible count")]


@given(st.lists(st.one_of(RESPONSES, st.binary(max_size=9)), max_size=5).map(b"".join), st.data())
def test_cutting_the_bytes_changes_no_message(stream: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=9)))
    edges = [0, *cuts, len(stream)]
    chunks = [stream[a:b] for a, b in pairwise(edges)]
    assert decoded(chunks) == decoded([stream]) == decoded(bytes([byte]) for byte in stream)


@given(RESPONSES, st.data(), st.integers(1, 255))
def test_one_damaged_byte_is_never_another_outcome(
    response: bytes, data: st.DataObject, flip: int
) -> None:
    damaged = bytearray(response)
    damaged[data.draw(st.integers(0, len(response) - 1))] ^= flip
    decoder = Decoder()
    messages = decoder.feed(bytes(damaged)) + decoder.give_up()
    assert not [message for message in messages if isinstance(message, Response)]


@given(RESPONSES, st.data())
def test_a_cut_response_is_reported_and_its_repeat_found(
    response: bytes, data: st.DataObject
) -> None:
    cut = response[: data.draw(st.integers(3, len(response) - 1))]
    decoder = Decoder()
    messages = decoder.feed(cut) + decoder.give_up() + decoder.feed(response)
    assert messages == [BadFrame("cut short"), only_response(response)]
    behind = decoded([cut + response + response])
    assert only_response(response) in behind


@given(st.lists(st.sampled_from([0xFF, 0x00, 0x01, 0x30, 0x02, 0x03]), max_size=6), RESPONSES)
def test_noise_before_a_response_costs_nothing(noise: list[int], response: bytes) -> None:
    if bytes([1, 48, 2]) not in bytes(noise) + response[:2]:
        assert decoded([bytes(noise) + response]) == [only_response(response)]


@given(st.binary(max_size=200))
def test_garbage_never_raises(garbage: bytes) -> None:
    decoder = Decoder()
    messages = decoder.feed(garbage) + decoder.give_up()
    assert not [message for message in messages if isinstance(message, Response)]


def test_control_bytes_between_responses_are_messages_and_inside_are_not() -> None:
    messages = decoded([b"\x06\xff" + STATUS + b"\x04\x15"])
    assert messages == [Control.ACK, only_response(STATUS), Control.EOT, Control.NAK]


def test_a_short_refusal_is_believed_only_after_silence_and_before_any_motion() -> None:
    decoder = Decoder()
    assert decoder.feed(framed(Command.DISPENSE, 0x51)) == []
    (refusal,) = decoder.give_up()
    assert isinstance(refusal, Response)
    expected = Outcome(Operation.DISPENSE, 0x31, NO_NOTES, NO_NOTES)
    assert lcdm_reports.outcome(refusal) == expected
    decoder.feed(framed(Command.DISPENSE, 0x23))
    assert decoder.give_up() == [BadFrame("cut short")]
    refused = framed(Command.DISPENSE, 0x51)
    decoder.feed(refused[:-1] + bytes([refused[-1] ^ 1]))
    assert decoder.give_up() == [BadFrame("cut short")]
