"""Where an error leaves the notes: in a cassette, inside the machine, or perhaps at the exit.

The codes are those of the LCDM-4000's interface specification; device/lcdm_reports.py has them in
words.
"""

from edge_atm.cash.outcomes import NOT_RUN
from edge_atm.money import BEFORE_START, NO_NOTES, Outcome, Quantities

# What was not presented is inside: notes that were not picked, or stopped short of the exit.
INSIDE = frozenset({0x01, 0x02, 0x03, 0x09, 0x0C, 0x0D, 0x29})
# All others, those too that nobody has documented, may leave a note where a hand can reach it.
PROVEN = BEFORE_START | INSIDE


def short_by(asked: Quantities, outcome: Outcome) -> Quantities:
    """Return the notes asked for that were not presented, per cassette."""
    top, second, third, bottom = (
        max(0, wanted - out) for wanted, out in zip(asked, outcome.presented, strict=True)
    )
    return top, second, third, bottom


def refused(outcome: Outcome) -> bool:
    """Whether the device says that it did not even begin."""
    moved = outcome.presented != NO_NOTES or outcome.rejected != NO_NOTES
    return outcome.error in BEFORE_START and not moved


def proves(asked: Quantities, outcome: Outcome) -> bool:
    """Whether the counts settle what the customer got: nothing he may still take is missing."""
    if outcome.error == 0:
        return outcome.presented == asked
    return outcome.error in PROVEN or short_by(asked, outcome) == NO_NOTES


def misplaced(asked: Quantities, outcome: Outcome) -> Quantities:
    """Return the notes that may have left their cassette and were counted nowhere."""
    began = outcome.error != 0 and not refused(outcome)
    # A rejected note is replaced by another pick, so it explains none of those that are short.
    return short_by(asked, outcome) if began else NO_NOTES


def missing_from_tray(asked: Quantities, outcome: Outcome) -> Quantities:
    """Return the notes of a test dispense that left their cassette and were counted nowhere."""
    if refused(outcome) or outcome == NOT_RUN:
        return NO_NOTES
    moved = zip(asked, outcome.rejected, outcome.presented, strict=True)
    top, second, third, bottom = (max(0, told - aside - out) for told, aside, out in moved)
    return top, second, third, bottom
