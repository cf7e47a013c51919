"""Filling and counting the cassettes: what a person says of them becomes the books."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from edge_atm.cash import outcomes, storage
from edge_atm.errors import StoreFault
from edge_atm.journal import Journal
from edge_atm.money import NO_NOTES, Operation, Quantities, StorageUnit
from edge_atm.store import Store

TRUSTED = ("accurate", "accurateSet")
# A cassette holds fewer; a longer number is a slip of the pen.
NOTES_MAX = 9999


@dataclass(frozen=True, slots=True)
class CashCount:
    """What a person counted against what the books expect, in notes by cassette.

    The reject tray is emptied whenever the cassettes are counted or filled, so it should hold what
    was rejected or tested since then. `tray_counted` is None when nobody counted it. Over and short
    are sums over all eight places: what is over in one never hides what is short in another.
    """

    expected: Quantities
    counted: Quantities
    tray_expected: Quantities
    tray_counted: Quantities | None
    over_notes: int
    over_cents: int
    short_notes: int
    short_cents: int


@dataclass(frozen=True, slots=True)
class Uncounted:
    """A purge or a test dispense that was begun last, and whose answer nobody has booked."""

    move: int
    operation: Operation
    asked: Quantities


def uncounted(store: Store) -> Uncounted | None:
    """Return what was moved without a customer and is not counted yet, if anything."""
    rows = store.rows(
        "SELECT move, operation, asked FROM service_moves WHERE outcome IS NULL"
        " ORDER BY move DESC LIMIT 1"
    )
    for move, operation, asked in rows:
        return Uncounted(move, Operation(operation), outcomes.quantities(json.loads(asked)))
    return None


def doubt(unit: StorageUnit) -> str | None:
    """Return why only a person's count can say what is in this cassette, if so."""
    if unit.manipulated:
        return "was taken out since it was counted"
    if unit.unknown:
        return f"misses {unit.unknown} note(s) that nobody can place"
    if unit.accuracy not in TRUSTED:
        return "may have lost notes in a fault"
    return "gave more notes than it held" if unit.present < 0 else None


def tray_of(units: Sequence[StorageUnit]) -> Quantities:
    """Return what the books say that the reject tray holds."""
    return outcomes.quantities([unit.rejected for unit in units])


def compare(
    units: Sequence[StorageUnit], counted: Quantities, tray: Quantities | None
) -> CashCount:
    """Set a count against the books."""
    expected = outcomes.quantities([unit.present for unit in units])
    rejected = tray_of(units)
    booked, found = (*expected, *rejected), (*counted, *(tray or rejected))
    more = [there - known for known, there in zip(booked, found, strict=True)]
    values = [unit.value_cents for unit in units] * 2
    over, short = [max(0, notes) for notes in more], [max(0, -notes) for notes in more]
    cents = [sum(v * n for v, n in zip(values, notes, strict=True)) for notes in (over, short)]
    return CashCount(
        expected, counted, rejected, tray, sum(over), cents[0], sum(short), cents[1]
    )  # fmt: skip


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
            over_cents=count.over_cents,
            short_cents=count.short_cents,
            before=[asdict(unit) for unit in before],
        )


def replenish(
    store: Store,
    journal: Journal,
    values_cents: Sequence[int],
    notes: Quantities,
    tray: Quantities | None = None,
    swap: bool = False,
) -> None:
    """Start every cassette anew with the notes that a person has put there; the tray is emptied.

    `swap`: others took the cassettes' place, so what the books said left the unit. Raises
    StoreFault when a cassette would hold less than the books say, and nobody says where it went.
    """
    before = storage.units(store)
    removed = leaving(before) if swap else NO_NOTES
    check_filled(before, removed, notes)
    with store.transaction() as connection:
        storage.replenish(connection, values_cents, notes)
        journal.append(
            connection,
            "replenished",
            notes=notes,
            removed=removed,
            tray=tray,
            tray_expected=tray_of(before),
            before=[asdict(unit) for unit in before],
        )


def add(store: Store, journal: Journal, added: Quantities) -> None:
    """Put notes on top of those that are there. Raises StoreFault when those are in doubt."""
    before = storage.units(store)
    check_addition(before, added)
    notes = outcomes.quantities([u.present + n for u, n in zip(before, added, strict=True)])
    with store.transaction() as connection:
        storage.count(connection, "initial", added)
        journal.append(
            connection,
            "replenished",
            notes=notes,
            removed=NO_NOTES,
            tray=None,
            tray_expected=None,
            before=[asdict(unit) for unit in before],
        )


def leaving(units: Sequence[StorageUnit]) -> Quantities:
    """Return the notes that leave the unit with these cassettes, as the books say."""
    return outcomes.quantities([max(0, unit.present) for unit in units])


def check_filled(units: Sequence[StorageUnit], removed: Quantities, notes: Quantities) -> None:
    """Raise StoreFault when notes would vanish that neither a customer nor a person took out."""
    for unit, gone, now in zip(units, removed, notes, strict=True):
        missing = unit.present - gone - now
        if missing > 0:
            raise StoreFault(
                f"Cassette {unit.position} would hold {missing} fewer than the books say",
                "Run `edge-atm cash-count` first, or say --swap (make: SWAP=1) if the cassettes"
                " were exchanged.",
            )


def check_addition(units: Sequence[StorageUnit], added: Quantities) -> None:
    """Raise StoreFault for a cassette whose notes only a count can tell, or that is overfull."""
    for unit, more in zip(units, added, strict=True):
        if (why := doubt(unit)) is not None:
            raise StoreFault(
                f"cassette {unit.position} {why}, so nothing can be added to it",
                "Count all cassettes first with `edge-atm cash-count`.",
            )
        if unit.present + more > NOTES_MAX:
            raise StoreFault(
                f"cassette {unit.position} would hold {unit.present + more} notes,"
                f" more than {NOTES_MAX}",
                "Say with --notes only what was put on top.",
            )
