"""`edge-atm link-test` and `test-dispense`: the dispenser tried without a customer."""

from dataclasses import asdict

import click

from edge_atm.cash import outcomes
from edge_atm.cash.upkeep import Upkeep
from edge_atm.cli import link
from edge_atm.cli.main import REFUSED, Options, as_json, cli, print_json
from edge_atm.cli.unit import Unit
from edge_atm.cli.visit import Visit, notes_from, yes_option
from edge_atm.config import read_config
from edge_atm.device.lcdm_reports import error_text
from edge_atm.errors import EdgeError, LinkSilent
from edge_atm.money import NO_NOTES, Outcome, Quantities


@cli.command("link-test")
@click.option(
    "--times", default=20, show_default=True, type=click.IntRange(1, 10_000), help="Rounds."
)
@as_json
@click.pass_context
def link_test(context: click.Context, times: int, as_json: bool) -> None:
    """Ask the dispenser for its state and its memory again and again, and time the answers.

    Moves nothing and needs no database. Exit status 1 when an answer was lost.
    """
    options: Options = context.obj
    report = link.measure(read_config(options.config_path), times)
    if as_json:
        print_json(asdict(report))
    else:
        for line in link.lines(report):
            click.echo(line)
    context.exit(REFUSED if report.lost else 0)


@cli.command("test-dispense")
@click.option("--notes", help="Notes by cassette, top to bottom; one of each filled cassette.")
@yes_option
@as_json
@click.pass_context
def test_dispense(context: click.Context, notes: str | None, yes: bool, as_json: bool) -> None:
    """Move notes into the reject tray, and book what the dispenser counted.

    Nobody is debited. Exit status 1 when the dispenser reports a fault.
    """
    options: Options = context.obj
    with options.unit(alone=True) as unit:
        visit = Visit(unit, as_json, yes)
        visit.check_idle()
        unit.check_settings()
        quantities = _one_of_each(unit) if notes is None else notes_from(notes)
        visit.check_values(quantities)
        _check_size(quantities, unit.config.dispenser.notes_per_command_max)
        before = visit.show("Before")
        visit.ask(f"Move {quantities} note(s) into the reject tray")
        outcome = _tested(unit, visit, quantities)
        after = visit.show("After")
    visit.print(f"The dispenser says {error_text(outcome.error)}.")
    if outcome.error:
        visit.print("Clear the note path, then count all cassettes with `edge-atm cash-count`.")
    if as_json:
        moved = outcomes.fields(outcome)
        print_json({"asked": quantities, **moved, "before": before, "after": after})
    context.exit(REFUSED if outcome.error else 0)


def _one_of_each(unit: Unit) -> Quantities:
    cassettes = unit.ledger.storage_units()
    return outcomes.quantities([int(u.value_cents > 0 and u.present > 0) for u in cassettes])


def _check_size(quantities: Quantities, most: int) -> None:
    if quantities == NO_NOTES:
        raise click.BadParameter("no note would move; fill a cassette, or name --notes")
    if sum(quantities) > most:
        raise click.BadParameter(f"a command moves {most} notes at most")


def _tested(unit: Unit, visit: Visit, quantities: Quantities) -> Outcome:
    unknown = [cassette.unknown for cassette in unit.ledger.storage_units()]
    with unit.dispenser() as dispenser:
        try:
            return Upkeep(unit.ledger, dispenser).test(quantities)
        except LinkSilent as silent:
            if unknown == [cassette.unknown for cassette in unit.ledger.storage_units()]:
                # Nothing was told, or the dispenser will be asked for it when it answers again.
                raise
            visit.show("After")
            raise EdgeError(
                f"{silent}; the notes are booked as unknown",
                "Count all cassettes and the reject tray with `edge-atm cash-count`.",
            ) from silent
