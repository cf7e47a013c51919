"""docs/wire.md is true: its bytes, lengths, limits and deadlines are the code's."""

import re
from dataclasses import asdict
from functools import reduce
from operator import xor
from pathlib import Path

import pytest

from edge_atm.device import dispenser, lcdm, lcdm_reports
from edge_atm.device.dispenser import Timing
from edge_atm.device.lcdm import BIAS, Command, Decoder, Response, frame
from edge_atm.money import BEFORE_START, NO_NOTES, Operation, Outcome, Quantities

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "wire.md").read_text(encoding="utf-8")
FRAMES = [
    bytes.fromhex(text) for text in re.findall(r"\b0[14] 30 02(?: [0-9A-F]{2}\b)+(?! \.)", PAGE)
]
COMMANDS = [spoken for spoken in FRAMES if spoken[0] == lcdm.COMMAND_HEADER[0]]
RESPONSES = [spoken for spoken in FRAMES if spoken[0] == lcdm.RESPONSE_HEADER[0]]
AMOUNTS: dict[Command, Quantities] = {
    Command.DISPENSE: (1, 0, 0, 0),
    Command.TEST_DISPENSE: (1, 0, 0, 0),
}


def table(head: str) -> list[list[str]]:
    """Return the cells of the table whose head begins so, row by row."""
    _, _, after = PAGE.partition(f"\n| {head} |")
    rows = re.match(r".*\n\|[-|]+\|\n((?:\|.*\n)+)", after)
    assert rows is not None, head
    return [[cell.strip("` ") for cell in row[1:-1].split("|")] for row in rows[1].splitlines()]


def responses_to(spoken: bytes) -> list[object]:
    decoder = Decoder()
    return [*decoder.feed(spoken), *decoder.give_up()]


def test_the_page_shows_every_command_and_its_response() -> None:
    assert {Command(spoken[3]) for spoken in COMMANDS} == set(Command)
    assert {Command(spoken[3]) for spoken in RESPONSES} == set(Command)


@pytest.mark.parametrize("spoken", FRAMES, ids=lambda spoken: spoken.hex(" "))
def test_every_frame_has_the_right_check_byte(spoken: bytes) -> None:
    assert reduce(xor, spoken) == 0


@pytest.mark.parametrize("spoken", COMMANDS, ids=lambda spoken: spoken.hex(" "))
def test_every_command_is_what_the_unit_sends(spoken: bytes) -> None:
    command = Command(spoken[3])
    if command not in AMOUNTS:
        assert spoken == frame(command)
        return
    top, second, third, bottom = (byte - BIAS for byte in spoken[4:8])
    assert spoken == frame(command, (top, second, third, bottom))


@pytest.mark.parametrize("spoken", RESPONSES, ids=lambda spoken: spoken.hex(" "))
def test_every_response_is_one_the_unit_believes(spoken: bytes) -> None:
    (response,) = responses_to(spoken)
    assert isinstance(response, Response)
    assert response.command == spoken[3]


def test_the_responses_mean_what_is_written_beside_them() -> None:
    believed = [message for spoken in RESPONSES for message in responses_to(spoken)]
    moves = [
        lcdm_reports.outcome(response)
        for response in believed
        if isinstance(response, Response) and response.command is not Command.STATUS
    ]
    dispense, paid = Operation.DISPENSE, (10, 3, 0, 0)
    assert moves == [
        Outcome(Operation.PURGE, 0, NO_NOTES, NO_NOTES),
        Outcome(dispense, 0, paid, NO_NOTES),
        Outcome(dispense, 0x03, (4, 0, 0, 0), (2, 0, 0, 0)),
        Outcome(dispense, 0x31, NO_NOTES, NO_NOTES),
        Outcome(Operation.TEST_DISPENSE, 0, NO_NOTES, (1, 0, 0, 0)),
        Outcome(dispense, 0, paid, NO_NOTES),
        Outcome(dispense, 0, (11, 2, 0, 0), NO_NOTES),
    ]
    state = next(r for r in believed if isinstance(r, Response) and r.command is Command.STATUS)
    cassettes = lcdm_reports.status(state).cassettes
    assert [cassette.near_end for cassette in cassettes] == [False, True, False, False]
    assert [cassette.present for cassette in cassettes] == [True, True, False, True]


def test_every_command_is_listed_with_its_lengths() -> None:
    listed = {
        (int(code, 16), name, int(sent), int(heard))
        for code, name, sent, heard, _ in table("CMD | Command")
    }
    answered = {spoken[3]: len(spoken) for spoken in RESPONSES if len(spoken) > 7}
    assert listed == {
        (int(command), command.name, len(frame(command, AMOUNTS.get(command))), answered[command])
        for command in Command
    }


def test_the_deadlines_are_the_defaults() -> None:
    assert {name: float(seconds) for name, seconds, _ in table("`Timing`")} == asdict(Timing())


def test_the_limits_are_the_code_s() -> None:
    limits = {name: int(value) for name, value, _ in table("Limit")}
    assert limits == {
        "NOTES_PER_COMMAND_MAX": lcdm.NOTES_PER_COMMAND_MAX,
        "COUNT_MAX": lcdm.COUNT_MAX,
        "NAKS_MAX": dispenser.NAKS_MAX,
        "STRAYS_MAX": dispenser.STRAYS_MAX,
    }


def test_all_that_it_points_to_exists() -> None:
    paths = re.findall(r"`((?:edge_atm|tests)/[\w/.]+)`", PAGE)
    assert len(paths) >= 7
    assert [path for path in paths if not (ROOT / path).exists()] == []
    assert "`ERROR_TEXTS`" in PAGE
    assert lcdm_reports.ERROR_TEXTS


def test_the_codes_of_a_short_refusal_are_all_of_them() -> None:
    told = re.search(r"only for the codes ([0-9A-F ]+),", PAGE)
    assert told is not None
    assert {int(code, 16) for code in told[1].split()} == BEFORE_START
