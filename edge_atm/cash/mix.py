"""Which notes to pay an amount with, and in which commands."""

from collections.abc import Iterator, Sequence
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from edge_atm.money import NO_NOTES, Mix, Quantities, StorageUnit

# One payout is at most this many notes: what a customer can take from the exit at once.
NOTES_MAX = 100
# What the wish for small notes may grow to: one command at the dispenser's usual limit. More would
# not fit a purse, and each further command is one more that can fail between two notes.
SMALL_NOTES_MAX = 20
# Shares are compared as whole millionths: equal ones are equal on every machine.
FULL_SHARE = 1_000_000

Table = NDArray[np.int64]


def denominate(amount_cents: int, units: Sequence[StorageUnit], mix: Mix) -> Quantities | None:
    """Return the notes that make the amount as `mix` wants them; None for all mixes alike.

    Only notes that should be in a cassette count: one booked below zero holds none, and a
    manipulated one is left alone. Equal answers are told apart by fewer notes, then more large
    ones (fewer, when small ones are wished for), then the cassette's position: whatever the order
    of `units`, the answer is the same.
    """
    usable = [u for u in units if u.value_cents > 0 and u.present > 0 and not u.manipulated]
    if amount_cents <= 0 or not usable:
        return None
    usable.sort(key=lambda unit: (-unit.value_cents, unit.position))
    possible = _possible(amount_cents, usable)
    best = np.arange(possible.shape[1])
    if not len(best):
        return None
    for rank in _ranks(possible, usable, mix):
        best = best[rank[best] == rank[best].min()]
    quantities = list(NO_NOTES)
    for unit, count in zip(usable, possible[:, best[0]], strict=True):
        quantities[unit.position - 1] = int(count)
    return (quantities[0], quantities[1], quantities[2], quantities[3])


def split(
    quantities: Quantities, notes_per_command_max: int, before: Quantities | None = None
) -> list[Quantities]:
    """Return commands that add up to `quantities`, none above the limit.

    The dispenser's record names no command: one that asks for the same as the last one cannot be
    told from it. As few as possible do, the first of them compared with `before`, what the record
    says was presented last. One command more than needed is worth it, further ones are not.
    """
    assert notes_per_command_max > 0
    fewest = -(-sum(quantities) // notes_per_command_max)
    for alike_max in range(fewest + 1):
        for number in (fewest, fewest + 1):
            commands = _commands(quantities, notes_per_command_max, before, number, alike_max)
            if commands is not None:
                return commands
    raise AssertionError("the plain split has no more look-alikes than commands")


def _possible(amount_cents: int, usable: Sequence[StorageUnit]) -> Table:
    """Return all quantities that make the amount: a row each cassette, as in `usable`."""
    *others, last = usable
    counted: list[Table] = []
    left_cents = np.array([amount_cents])
    room = np.array([NOTES_MAX])
    for unit in others:
        counts = np.arange(min(unit.present, NOTES_MAX) + 1)
        fits = (counts <= room[:, None]) & (counts * unit.value_cents <= left_cents[:, None])
        before, taken = np.nonzero(fits)
        counted = [*(table[before] for table in counted), taken]
        left_cents, room = left_cents[before] - taken * unit.value_cents, room[before] - taken
    # The last cassette has no choice left; it has the smallest notes, the most to choose from.
    taken, odd_cents = np.divmod(left_cents, last.value_cents)
    fits = (odd_cents == 0) & (taken <= np.minimum(room, last.present))
    return np.stack([table[fits] for table in (*counted, taken)])


def _ranks(possible: Table, usable: Sequence[StorageUnit], mix: Mix) -> list[Table]:
    """Return what tells the columns apart, the most important first; the least is the best."""
    notes = possible.sum(axis=0)
    match mix:
        case Mix.MINIMUM_BILLS:
            return [notes, *-possible]
        case Mix.EQUAL_EMPTYING:
            return [_inequality(possible, usable), notes, *-possible]
        case Mix.MAX_CASH_UNITS:
            return [-(possible > 0).sum(axis=0), notes, *-possible]
        case Mix.SMALL_NOTES:
            # As many as the limit allows; where nothing keeps it, the fewest.
            return [np.where(notes <= SMALL_NOTES_MAX, -notes, notes), *possible]
        case _:
            assert_never(mix)


def _inequality(possible: Table, usable: Sequence[StorageUnit]) -> Table:
    """Return how far the cassettes' remaining shares would lie apart: their variance, scaled."""
    present, initial = np.array([[unit.present, unit.initial] for unit in usable]).T[:, :, None]
    shares = (present - possible) * FULL_SHARE // initial
    inequality: Table = len(usable) * (shares**2).sum(axis=0) - shares.sum(axis=0) ** 2
    return inequality


def _commands(
    left: Quantities, most: int, before: Quantities | None, number: int, alike_max: int
) -> list[Quantities] | None:
    """Return exactly `number` commands with at most `alike_max` look-alikes, if there are any."""
    if number == 0:
        return [] if not any(left) else None
    if _alike_min(left, most, before, number) > alike_max:
        return None
    for command in _next_commands(left, most, number):
        a, b, c, d = (n - taken for n, taken in zip(left, command, strict=True))
        alike_left = alike_max - (command == before)
        if alike_left < 0:
            continue
        rest = _commands((a, b, c, d), most, command, number - 1, alike_left)
        if rest is not None:
            return [command, *rest]
    return None


def _alike_min(left: Quantities, most: int, before: Quantities | None, number: int) -> int:
    """Return how many look-alikes there are at least: what makes the search short.

    A command that is not full of one cassette's notes has room left or a note of another one.
    """
    alike = [0]
    for position, count in enumerate(left):
        full = list(NO_NOTES)
        full[position] = most
        others = number * most - count
        alike.append(2 * (number - others) - number - (tuple(full) != before))
    return max(alike)


def _next_commands(left: Quantities, most: int, number: int) -> Iterator[Quantities]:
    """Give each command that leaves the other `number - 1` something to do, but not too much.

    The fullest first, then the upper cassettes.
    """
    others, total = number - 1, sum(left)
    upper, second, third, bottom = left
    for notes in range(min(most, total - others), max(0, total - others * most - 1), -1):
        for a in range(min(upper, notes), -1, -1):
            for b in range(min(second, notes - a), -1, -1):
                for c in range(min(third, notes - a - b), -1, -1):
                    if (d := notes - a - b - c) <= bottom:
                        yield (a, b, c, d)
