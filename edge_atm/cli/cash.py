"""`edge-atm replenish`, `cash-count` and `close-day`: the technician and the notes."""

from dataclasses import asdict

import click

from edge_atm.cash import day, exchange
from edge_atm.cash.day import Day
from edge_atm.cash.exchange import CashCount
from edge_atm.cli.main import REFUSED, Options, as_json, cli, print_json
from edge_atm.cli.visit import Visit, new_table, notes_from, value_text, yes_option

notes_option = click.option(
    "--notes", required=True, help="Notes by cassette from top to bottom, such as 500,500,200,0."
)


@cli.command()
@notes_option
@click.option("--add", is_flag=True, help="The notes were put on top of those that are there.")
@yes_option
@as_json
@click.pass_obj
def replenish(options: Options, notes: str, add: bool, yes: bool, as_json: bool) -> None:
    """Book filled cassettes: NOTES is all that is in them now, counted by you.

    Empty the reject tray too: the books begin anew. With --add the books go on, and NOTES is what
    you put on top; that needs cassettes whose counts are beyond doubt, else run cash-count.
    """
    counts = notes_from(notes)
    with options.unit(alone=True) as unit:
        visit = Visit(unit, as_json, yes)
        visit.check_idle()
        visit.check_values(counts)
        if add:
            unit.check_settings()
            exchange.check_trusted(unit.ledger.storage_units())
        before = visit.show("Before")
        visit.ask(f"Were {notes} added" if add else f"Do the cassettes hold {notes} now")
        if add:
            exchange.add(unit.store, unit.journal, counts)
        else:
            values = unit.config.dispenser.cassette_values_cents
            exchange.replenish(unit.store, unit.journal, values, counts)
        after = visit.show("After")
    if as_json:
        print_json({"notes": counts, "added": add, "before": before, "after": after})


@cli.command("cash-count")
@notes_option
@click.option("--tray", help="Notes in the reject tray by the cassette they came from.")
@yes_option
@as_json
@click.pass_obj
def cash_count(options: Options, notes: str, tray: str | None, yes: bool, as_json: bool) -> None:
    """Set what you counted against the books, and begin anew with the count.

    Count every cassette, and empty the reject tray: it should hold what was rejected and tested
    since it was last emptied.
    """
    counted, in_tray = notes_from(notes), notes_from(tray) if tray else None
    with options.unit(alone=True) as unit:
        visit = Visit(unit, as_json, yes)
        visit.check_idle()
        visit.check_values(counted)
        unit.check_settings()
        before = visit.show("Before")
        count = exchange.compare(unit.ledger.storage_units(), counted, in_tray)
        _show_count(visit, count)
        visit.ask("Book this count as the new beginning")
        values = unit.config.dispenser.cassette_values_cents
        exchange.book_count(unit.store, unit.journal, values, count)
        after = visit.show("After")
    if as_json:
        print_json({**asdict(count), "before": before, "after": after})


@cli.command("close-day")
@as_json
@click.pass_context
def close_day(context: click.Context, as_json: bool) -> None:
    """Add up everything since the last close, and write the totals down.

    Resets no counter. Exit status 1 when the journal does not explain every note in the books.
    """
    options: Options = context.obj
    with options.unit(alone=True) as unit:
        visit = Visit(unit, as_json)
        closed = day.close(unit.store, unit.journal, unit.ledger)
        _show_day(visit, closed)
    if as_json:
        print_json({**asdict(closed), "balanced": closed.balanced})
    context.exit(0 if closed.balanced else REFUSED)


def _show_count(visit: Visit, count: CashCount) -> None:
    places = [("cassette", count.expected, count.counted)]
    if count.tray_counted is not None:
        places.append(("tray, of cassette", count.tray_expected, count.tray_counted))
    table = new_table("Count", "place", "expected", "counted", "over/short")
    for place, expected, counted in places:
        for position, (booked, found) in enumerate(zip(expected, counted, strict=True), start=1):
            table.add_row(f"{place} {position}", str(booked), str(found), f"{found - booked:+d}")
    visit.print(table)
    if count.tray_counted is None and any(count.tray_expected):
        visit.print(f"The reject tray should hold {count.tray_expected}; it was not counted.")
    if count.over_short_cents:
        word = "Over" if count.over_short_cents > 0 else "Short"
        visit.print(f"{word} by {visit.money(abs(count.over_short_cents))}.")
    else:
        visit.print("Neither over nor short.")


def _show_day(visit: Visit, closed: Day) -> None:
    columns = ("opening", "added", "over_short", "presented", "rejected", "unknown", "should_hold")
    heads = (name.replace("over_", "over/_").replace("_", "\n") for name in columns)
    title = f"Since {closed.since or 'the beginning'}"
    table = new_table(title, "pos.", f"value\n{visit.currency}", *heads, "differs")
    for balance in closed.cassettes:
        counts = [str(getattr(balance, name)) for name in columns]
        value = value_text(balance.value_cents)
        table.add_row(str(balance.position), value, *counts, str(balance.difference))
    visit.print(table)
    payouts = ", ".join(f"{count} {state}" for state, count in closed.payouts.items()) or "none"
    visit.print(
        f"Payouts: {payouts}; {closed.suspects} became SUSPECT. Debited: "
        f"{visit.money(closed.debited_cents)}. Over/short: {visit.money(closed.over_short_cents)}."
    )
    if closed.open_payout is not None:
        visit.print(f"Still open: payout {closed.open_payout}, {closed.open_state}.")
    if closed.balanced:
        visit.print(
            "Balanced: opening + added + over/short - presented - rejected - unknown = should hold."
        )
    else:
        visit.print(
            "NOT BALANCED: the books differ from the journal. Copy the database away untouched, "
            "run `edge-atm doctor`, and tell the bank."
        )
