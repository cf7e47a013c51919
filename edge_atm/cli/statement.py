"""The tables of a filling, a count and a close: notes by cassette, and their sum in money."""

from collections.abc import Callable, Sequence

from edge_atm.cash.day import Balance, Day, Tray
from edge_atm.cash.exchange import CashCount
from edge_atm.cli.visit import Visit
from edge_atm.cli.wording import moment_text, new_table, value_text
from edge_atm.money import Quantities

Line = tuple[str, Sequence[int]]
BALANCE = (
    ("opening", "opening"), ("+ added", "added"), ("- removed", "removed"), ("+ over", "over"),
    ("- short", "short"), ("- presented", "presented"), ("- rejected", "rejected"),
    ("- unknown", "unknown"), ("= should hold", "should_hold"),
)  # fmt: skip
TRAY = (
    ("opening", "opening"), ("+ rejected", "rejected"), ("- expected when emptied", "expected"),
    ("= should hold", "should_hold"), ("counted when emptied", "counted"), ("over", "over"),
    ("short", "short"),
)  # fmt: skip
UNBALANCED = (
    "NOT BALANCED: the books differ from the journal. Copy the database away untouched, run "
    "`edge-atm doctor`, and tell the bank."
)


def show_filling(
    visit: Visit, booked: Quantities, removed: Quantities, will_hold: Quantities
) -> None:
    """Print what the cassettes will hold, before anybody is asked."""
    added = [new + gone - old for old, gone, new in zip(booked, removed, will_hold, strict=True)]
    _table(
        visit,
        "It will be",
        [("books", booked), ("- removed", removed), ("+ added", added), ("= will hold", will_hold)],
    )


def show_count(visit: Visit, count: CashCount) -> None:
    """Print a count beside the books, and in words what is short and what is over."""
    _table(visit, "Cassettes", _against(count.expected, count.counted))
    if count.tray_counted is not None:
        show_tray(visit, count.tray_expected, count.tray_counted)
    if count.over_notes or count.short_notes:
        visit.print(
            f"Short {count.short_notes} note(s), {visit.money(count.short_cents)}; "
            f"over {count.over_notes} note(s), {visit.money(count.over_cents)}."
        )
    else:
        visit.print("Matches note for note.")


def show_tray(visit: Visit, expected: Quantities, counted: Quantities) -> None:
    """Print what was in the reject tray beside the books."""
    _table(visit, "Reject tray", _against(expected, counted))


def show_day(visit: Visit, day: Day, until: str) -> None:
    """Print a close: cassettes, tray, payouts, and whether the journal explains the books."""
    begun = moment_text(day.since) if day.since else "the beginning"
    visit.print(f"From {begun} to {moment_text(until)}.")
    _places(visit, "Cassettes", BALANCE, day.cassettes)
    _places(visit, "Reject tray", TRAY, day.tray)
    payouts = ", ".join(f"{count} {state}" for state, count in day.payouts.items()) or "none"
    visit.print(
        f"Payouts: {payouts}; {day.suspects} became SUSPECT. "
        f"Debited: {visit.money(day.debited_cents)}."
    )
    for word, of in (("Short", lambda place: place.short), ("Over", lambda place: place.over)):
        visit.print(_difference(visit, word, day, of))
    if day.open_payout is not None:
        visit.print(f"Still open: payout {day.open_payout}, {day.open_state}.")
    visit.print("Balanced: the journal explains every note." if day.balanced else UNBALANCED)


def _difference(visit: Visit, word: str, day: Day, of: Callable[[Balance | Tray], int]) -> str:
    cassettes, tray = (
        sum(of(place) * place.value_cents for place in places)
        for places in (day.cassettes, day.tray)
    )
    return (
        f"{word}: {visit.money(cassettes)} in the cassettes, {visit.money(tray)} in the tray, "
        f"{visit.money(cassettes + tray)} in all."
    )


def _against(expected: Quantities, counted: Quantities) -> list[Line]:
    more = [found - booked for booked, found in zip(expected, counted, strict=True)]
    return [
        ("expected", expected),
        ("counted", counted),
        ("short", [max(0, -notes) for notes in more]),
        ("over", [max(0, notes) for notes in more]),
    ]


def _places(
    visit: Visit, title: str, names: Sequence[tuple[str, str]], places: Sequence[Balance | Tray]
) -> None:
    lines = [(word, [getattr(place, name) for place in places]) for word, name in names]
    differs = [place.difference for place in places]
    _table(visit, title, [*lines, *([("differs", differs)] if any(differs) else [])])


def _table(visit: Visit, title: str, lines: Sequence[Line]) -> None:
    values = visit.unit.config.dispenser.cassette_values_cents
    table = new_table(title, "", *(f"{p}: {value_text(v)}" for p, v in enumerate(values, 1)), "sum")
    for word, notes in lines:
        cents = sum(value * count for value, count in zip(values, notes, strict=True))
        table.add_row(word, *map(str, notes), visit.money(cents))
    visit.print(table)
