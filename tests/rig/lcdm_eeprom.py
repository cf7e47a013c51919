"""The LCDM-4000's stored settings: opacity and length of the notes, and the dispense order."""

from tests.rig.lcdm_memory import CASSETTES, Memory
from tests.rig.lcdm_words import BIAS, DIGIT, FIRST_CASSETTE, Command, Error

GOOD = bytes([BIAS])
REFUSED = bytes([Error.BAD_PARAMETER + BIAS])


def answer(memory: Memory, command: int, data: bytes) -> bytes:
    """Read or change one stored setting and return the response's data."""
    opacity = command in (Command.SET_OPACITIES, Command.GET_OPACITIES)
    stored = memory.opacities if opacity else memory.lengths
    match command:
        case Command.SET_OPACITIES | Command.SET_LENGTHS:
            return _store(stored, data)
        case Command.GET_OPACITIES | Command.GET_LENGTHS:
            return GOOD + _nibbles(stored)
        case Command.SET_ORDER:
            return _store_order(memory, data)
        case Command.GET_ORDER:
            return GOOD + bytes(FIRST_CASSETTE + i for i in memory.order)
        case _:
            return bytes([Error.BAD_COMMAND + BIAS])


def _nibbles(values: list[int]) -> bytes:
    return bytes(DIGIT + part for value in values for part in (value >> 4, value & 15))


def _store(values: list[int], data: bytes) -> bytes:
    digits = [byte - DIGIT for byte in data]
    if not all(0 <= digit <= 15 for digit in digits):
        return REFUSED
    for i in CASSETTES:
        # Zero means keep, so a host can change one cassette without knowing the others.
        values[i] = digits[2 * i] << 4 | digits[2 * i + 1] or values[i]
    return GOOD


def _store_order(memory: Memory, data: bytes) -> bytes:
    order = [byte - FIRST_CASSETTE for byte in data]
    if sorted(order) != list(CASSETTES):
        return REFUSED
    memory.order = order
    return GOOD
