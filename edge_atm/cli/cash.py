"""`edge-atm replenish`, `cash-count` and `close-day`: the technician and the notes."""

from dataclasses import asdict

import click

from edge_atm.cash import day, exchange, outcomes
from edge_atm.cli.main import REFUSED, Options, as_json, cli, print_json
from edge_atm.cli.statement import show_count, show_day, show_filling, show_tray
from edge_atm.cli.visit import Visit, broken_journal_named, notes_from, yes_option
from edge_atm.cli.wording import moment_text
from edge_atm.money import NO_NOTES, Quantities

notes_option = click.option(
    "--notes", required=True, help="Notes by cassette from top to bottom, such as 500,500,200,0."
)
tray_option = click.option(
    "--tray", help="Notes in the reject tray, which you empty, by the cassette they came from."
)


@cli.command()
@notes_option
@tray_option
@click.option("--add", is_flag=True, help="The notes were put on top of those that are there.")
@click.option("--swap", is_flag=True, help="Other cassettes took the place of those in the books.")
@yes_option
@as_json
@click.pass_obj
def replenish(
    options: Options, notes: str, tray: str | None, add: bool, swap: bool, yes: bool, as_json: bool
) -> None:
    """Book filled cassettes: NOTES is all that is in them now, counted by you.

    Empty the reject tray too: the books begin anew. With --add the books go on, and NOTES is what
    you put on top; that needs cassettes whose counts are beyond doubt, else run cash-count. With
    --swap the cassettes were exchanged, and what the books said of the old ones left the unit.
    """
    counts, in_tray = notes_from(notes), notes_from(tray) if tray else None
    if add and (swap or in_tray):
        raise click.UsageError("--add goes with neither --swap nor --tray")
    with options.unit(alone=True) as unit:
        visit = Visit(unit, as_json, yes)
        visit.check_idle()
        visit.check_values(counts)
        if add:
            _check_addition(visit, counts)
        else:
            visit.check_tray(in_tray)
        before = visit.show("Before")
        _show_filling(visit, counts, add, swap)
        if in_tray is not None:
            show_tray(visit, exchange.tray_of(unit.ledger.storage_units()), in_tray)
        visit.ask(_question(visit, counts, add))
        if add:
            exchange.add(unit.store, unit.journal, counts)
        else:
            values = unit.config.dispenser.cassette_values_cents
            exchange.replenish(unit.store, unit.journal, values, counts, in_tray, swap)
        after, entry = visit.show("After"), visit.booked()
    if as_json:
        told = {"notes": counts, "added": add, "swapped": swap, "entry": entry}
        print_json({**told, "before": before, "after": after})


@cli.command("cash-count")
@notes_option
@tray_option
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
        visit.check_tray(in_tray)
        before = visit.show("Before")
        count = exchange.compare(unit.ledger.storage_units(), counted, in_tray)
        show_count(visit, count)
        visit.ask(f"Book {visit.worth(counted)} as the new beginning?")
        values = unit.config.dispenser.cassette_values_cents
        exchange.book_count(unit.store, unit.journal, values, count)
        after, entry = visit.show("After"), visit.booked()
    if as_json:
        print_json({**asdict(count), "entry": entry, "before": before, "after": after})


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
        visit.check_counted("Not closed")
        with broken_journal_named():
            closed, entry = day.close(unit.store, unit.journal, unit.ledger)
        if entry is not None:
            show_day(visit, closed, entry.at)
            visit.booked()
        elif closed.since is not None:
            visit.print(f"Nothing happened since the close of {moment_text(closed.since)}.")
    if as_json:
        about = {"until": entry and entry.at, "entry": entry and entry.sequence}
        print_json({**asdict(closed), **about, "balanced": closed.balanced})
    context.exit(0 if closed.balanced else REFUSED)


def _check_addition(visit: Visit, added: Quantities) -> None:
    if added == NO_NOTES:
        raise click.BadParameter("nothing would be added")
    visit.check_counted("Not added")
    visit.unit.check_settings()
    exchange.check_addition(visit.unit.ledger.storage_units(), added)


def _show_filling(visit: Visit, counts: Quantities, add: bool, swap: bool) -> None:
    units = visit.unit.ledger.storage_units()
    booked = outcomes.quantities([unit.present for unit in units])
    removed = exchange.leaving(units) if swap else NO_NOTES
    will_hold = counts
    if add:
        will_hold = outcomes.quantities([n + m for n, m in zip(booked, counts, strict=True)])
    exchange.check_filled(units, removed, will_hold)
    show_filling(visit, booked, removed, will_hold)


def _question(visit: Visit, counts: Quantities, add: bool) -> str:
    if add:
        return f"Were {visit.worth(counts)} added?"
    return f"Do the cassettes hold {visit.worth(counts)} now?"
