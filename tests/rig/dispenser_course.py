"""What a DISPENSE does under each planned fault: what leaves, and what stays on the way."""

from collections.abc import Sequence
from typing import Literal

from edge_atm.money import NO_NOTES, Operation, Outcome, Quantities

Kind = Literal[
    "well",
    "refuse",  # not one byte was sent
    "nak",  # nothing moves; a NAK, or no byte at all
    "idle",  # taken with an ACK, but nothing moves and nothing is remembered
    "silent_after",  # moves and remembers; the answer is lost
    "nak_but_paid",  # moves and remembers; the ACK was damaged and the answer lost
    "refused_unsaid",  # error 0x24 before the start, and the record before stays
    "short",  # one note each leaves, error 1
    "jam",  # of what was asked one each leaves, one goes to the tray, one stays inside, error 3
    "silent_jam",
    "over",  # one note too many from the first cassette asked, error 0x29
    "over_unsaid",  # the same without an error
    "lie",  # pays and remembers; the answer says less, without an error
    "power_kept",  # one note each leaves, one stays inside; remembered without an error
    "power_stale",  # the same, and the record before stays
    "power_cleared",
    "dead",  # moves, remembers, and answers nothing until `mute` is set back
    "crash_before",
    "crash_after",
]
# An error code: all notes leave but the first, which stays where the code says, or did not start.
Fault = Kind | int
SILENT: set[Fault] = {
    "idle", "silent_after", "nak_but_paid", "silent_jam", "power_kept", "power_stale",
    "power_cleared", "dead",
}  # fmt: skip
# Of these the memory cannot tell what became of the command.
FORGETFUL: set[Fault] = {"power_stale", "power_cleared"}
DEAF: set[Fault] = {"nak", "idle", "crash_before"}
UNACKNOWLEDGED: set[Fault] = {"nak", "nak_but_paid", "crash_before"}
# By the interface specification; all others may leave a note where a hand can reach it.
BEFORE_START = {0x0B, 0x20, 0x21, 0x24, 0x25, 0x26, 0x30, 0x31, 0x32}
INSIDE = {*range(0x01, 0x04), 0x09, 0x0C, 0x0D, 0x29}


def course(asked: Quantities, fault: Fault) -> tuple[Outcome, Quantities, Quantities]:
    """Return what a DISPENSE that runs counts, and what it leaves in the path and in the exit."""
    one = counts([min(n, 1) for n in asked])
    two = counts([min(n, 1) for n in less(asked, one)])
    three = counts([min(n, 1) for n in less(less(asked, one), two)])
    note, none = first(asked), NO_NOTES
    presented, rejected, path, at_exit, error = asked, none, none, none, 0
    match fault:
        case "short":
            presented, error = one, 0x01
        case "jam" | "silent_jam":
            presented, rejected, path, error = one, two, three, 0x03
        case "power_kept" | "power_stale" | "power_cleared":
            presented, path = one, two
        case "over" | "over_unsaid":
            presented, error = more(asked, note), 0x29 if fault == "over" else 0
        case "refused_unsaid":
            presented, error = none, 0x24
        case int():
            started = fault not in BEFORE_START
            presented, error = (less(asked, note) if started else none), fault
            path = note if fault in INSIDE else none
            at_exit = note if started and fault not in INSIDE else none
    return Outcome(Operation.DISPENSE, error, presented, rejected), path, at_exit


def first(notes: Quantities) -> Quantities:
    """Return one note of the first cassette that was asked."""
    spot = next(i for i, n in enumerate(notes) if n)
    return counts([int(i == spot) for i in range(4)])


def less(notes: Sequence[int], other: Sequence[int]) -> Quantities:
    """Return the difference."""
    return counts([n - m for n, m in zip(notes, other, strict=True)])


def more(notes: Sequence[int], other: Sequence[int]) -> Quantities:
    """Return the sum."""
    return counts([n + m for n, m in zip(notes, other, strict=True)])


def counts(notes: Sequence[int]) -> Quantities:
    """Return exactly four counts."""
    top, second, third, bottom = notes
    return (top, second, third, bottom)
