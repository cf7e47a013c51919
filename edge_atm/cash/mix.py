"""Which notes to pay an amount with, and in which commands."""

from collections.abc import Sequence

from edge_atm.money import NO_NOTES, Quantities, StorageUnit

# One payout is at most this many notes: what a customer can take from the exit at once.
NOTES_MAX = 100


def minimum_bills(amount_cents: int, units: Sequence[StorageUnit]) -> Quantities | None:
    """Return the fewest notes (XFS4IoT `minimumBills`) that make the amount, or None.

    Only notes that should be in the cassettes count; of equal mixes the one with more large
    notes is taken, then the upper cassette, so that the answer is always the same.
    """
    order = sorted(units, key=lambda unit: (-unit.value_cents, unit.position))
    order = [unit for unit in order if unit.value_cents > 0 and unit.present > 0]
    best: list[int] | None = None

    def search(index: int, left_cents: int, taken: list[int]) -> None:
        nonlocal best
        most = NOTES_MAX if best is None else sum(best) - 1
        if left_cents == 0:
            best = taken if sum(taken) <= most else best
            return
        if index == len(order) or sum(taken) >= most:
            return
        unit = order[index]
        # No later note is larger, so the rest needs at least this many.
        if sum(taken) - (-left_cents // unit.value_cents) > most:
            return
        for count in range(min(unit.present, left_cents // unit.value_cents), -1, -1):
            search(index + 1, left_cents - count * unit.value_cents, [*taken, count])

    if amount_cents > 0:
        search(0, amount_cents, [])
    if best is None:
        return None
    quantities = list(NO_NOTES)
    for unit, count in zip(order, best, strict=False):
        quantities[unit.position - 1] = count
    return (quantities[0], quantities[1], quantities[2], quantities[3])


def split(quantities: Quantities, notes_per_command_max: int) -> list[Quantities]:
    """Return commands that add up to `quantities`, none above the limit, top cassette first."""
    assert notes_per_command_max > 0
    batches: list[Quantities] = []
    left = list(quantities)
    while any(left):
        room, batch = notes_per_command_max, list(NO_NOTES)
        for position, count in enumerate(left):
            batch[position] = min(count, room)
            room -= batch[position]
            left[position] -= batch[position]
        batches.append((batch[0], batch[1], batch[2], batch[3]))
    return batches
