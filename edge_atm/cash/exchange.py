"""Filling and counting the cassettes: what a person says of them becomes the books."""

import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from edge_atm.cash import outcomes, storage
from edge_atm.errors import StoreFault
from edge_atm.journal import Journal
from edge_atm.money import Quantities, StorageUnit
from edge_atm.store import Store

TRUSTED = ("accurate", "accurateSet")


@dataclass(frozen=True, slots=True)
class CashCount:
    """What a person counted against what the books expect, in notes by cassette.

    The reject tray is emptied whenever the cassettes are counted, so it should hold what was
    rejected or tested since then. `tray_counted` is None when nobody counted it.
    """

    expected: Quantities
    counted: Quantities
    tray_expected: Quantities
    tray_counted: Quantities | None
    over_short_cents: int


def doubt(unit: StorageUnit) -> str | None:
    """Return why only a person's count can say what is in this cassette, if so."""
    if unit.manipulated:
        return "was taken out since it was counted"
    if unit.unknown:
        return f"misses {unit.unknown} note(s) that nobody can place"
    if unit.accuracy not in TRUSTED:
        return "may have lost notes in a fault"
    return "gave more notes than it held" if unit.present < 0 else None


def compare(
    units: Sequence[StorageUnit], counted: Quantities, tray: Quantities | None
) -> CashCount:
    """Set a count against the books."""
    expected = outcomes.quantities([unit.present for unit in units])
    rejected = outcomes.quantities([unit.rejected for unit in units])
    values = [unit.value_cents for unit in units]
    cents = _cents(values, expected, counted) + _cents(values, rejected, tray or rejected)
    return CashCount(expected, counted, rejected, tray, cents)


def book_count(
    store: Store, journal: Journal, values_cents: Sequence[int], count: CashCount
) -> None:
    """Make the count the new beginning of every cassette, and keep on record what it replaces."""
    before = storage.units(store)
    with store.transaction() as connection:
        storage.replenish(connection, values_cents, count.counted)
        journal.append(
            connection,
            "cash_counted",
            notes=count.counted,
            expected=count.expected,
            tray=count.tray_counted,
            tray_expected=count.tray_expected,
            over_short_cents=count.over_short_cents,
            before=[asdict(unit) for unit in before],
        )


def replenish(
    store: Store, journal: Journal, values_cents: Sequence[int], notes: Quantities
) -> None:
    """Start every cassette anew with the notes that a person has put there."""
    before = storage.units(store)
    with store.transaction() as connection:
        storage.replenish(connection, values_cents, notes)
        _note(journal, connection, notes, before)


def add(store: Store, journal: Journal, added: Quantities) -> None:
    """Put notes on top of those that are there. Raises StoreFault when those are in doubt."""
    before = storage.units(store)
    check_trusted(before)
    notes = outcomes.quantities([u.present + n for u, n in zip(before, added, strict=True)])
    with store.transaction() as connection:
        storage.count(connection, "initial", added)
        _note(journal, connection, notes, before)


def check_trusted(units: Sequence[StorageUnit]) -> None:
    """Raise StoreFault for a cassette whose notes only a count can tell."""
    for unit in units:
        if (why := doubt(unit)) is not None:
            raise StoreFault(
                f"cassette {unit.position} {why}, so nothing can be added to it",
                "Count all cassettes first with `edge-atm cash-count`.",
            )


def _note(
    journal: Journal,
    connection: sqlite3.Connection,
    notes: Quantities,
    before: Sequence[StorageUnit],
) -> None:
    kept = [asdict(unit) for unit in before]
    journal.append(connection, "replenished", notes=notes, before=kept)


def _cents(values: Sequence[int], expected: Quantities, counted: Quantities) -> int:
    parts = zip(values, expected, counted, strict=True)
    return sum(value * (found - booked) for value, booked, found in parts)
