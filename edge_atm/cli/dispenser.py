"""`edge-atm link-test` and `test-dispense`: the dispenser tried without a customer."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict

import click

from edge_atm.cash import exchange, outcomes
from edge_atm.cash.exchange import Uncounted
from edge_atm.cash.upkeep import Upkeep
from edge_atm.cli import link
from edge_atm.cli.main import REFUSED, Options, as_json, cli, print_json
from edge_atm.cli.unit import Unit
from edge_atm.cli.visit import Visit, notes_from, yes_option
from edge_atm.cli.wording import notes_text
from edge_atm.config import read_config
from edge_atm.device.lcdm_reports import error_text
from edge_atm.errors import EdgeError, LinkFault, LinkSilent
from edge_atm.money import NO_NOTES, Operation, Outcome, Quantities, StorageUnit

STOPPED = 130
ASK_FIRST = "Leave the dispenser switched on, and run `edge-atm test-dispense`: it asks first."
COUNT = "Count all cassettes and the reject tray with `edge-atm cash-count`."


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
        visit.ask(f"Move {visit.worth(quantities)} into the reject tray?")
        outcome = _tested(visit, quantities)
        after, entry = visit.show("After"), visit.booked()
    visit.print(f"The dispenser says {error_text(outcome.error)}.")
    if outcome.error:
        visit.print("Clear the note path, then count all cassettes with `edge-atm cash-count`.")
    if as_json:
        told = {"asked": quantities, **outcomes.fields(outcome), "entry": entry}
        print_json({**told, "before": before, "after": after})
    context.exit(REFUSED if outcome.error else 0)


def _one_of_each(unit: Unit) -> Quantities:
    cassettes = unit.ledger.storage_units()
    return outcomes.quantities([int(u.value_cents > 0 and u.present > 0) for u in cassettes])


def _check_size(quantities: Quantities, most: int) -> None:
    if quantities == NO_NOTES:
        raise click.BadParameter("no note would move; fill a cassette, or name --notes")
    if sum(quantities) > most:
        raise click.BadParameter(f"a command moves {most} notes at most")


def _tested(visit: Visit, quantities: Quantities) -> Outcome:
    unit, interrupted = visit.unit, visit.uncounted()
    if interrupted is not None:
        before = unit.ledger.storage_units()
        with _named(visit), unit.dispenser() as dispenser:
            Upkeep(unit.ledger, dispenser).ready()
        moved = _moved(before, unit.ledger.storage_units())
        visit.print(f"First counted the interrupted {interrupted.removeprefix('a ')}: {moved}.")
    with _named(visit), unit.dispenser() as dispenser:
        return Upkeep(unit.ledger, dispenser).test(quantities)


@contextmanager
def _named(visit: Visit) -> Iterator[None]:
    """Say of a test that ended too early whether a note moved, and what to do next."""
    ledger, store = visit.unit.ledger, visit.unit.store
    before, unknown = exchange.uncounted(store), [u.unknown for u in ledger.storage_units()]
    try:
        yield
    except KeyboardInterrupt:
        if (moving := exchange.uncounted(store)) is None:
            raise
        click.echo(
            f"\nStopped while the dispenser was {_doing(moving)}. It may have finished: "
            "run `edge-atm test-dispense`, which asks it first.",
            err=True,
        )
        raise click.exceptions.Exit(STOPPED) from None
    except (LinkFault, LinkSilent) as lost:
        if exchange.uncounted(store) not in (None, before):
            raise EdgeError(f"{lost}; what it moved is not counted yet", ASK_FIRST) from lost
        if unknown == [cassette.unknown for cassette in ledger.storage_units()]:
            # Nothing was told, so there is nothing to ask for: power, cable or port.
            hint = lost.hint if isinstance(lost, LinkFault) else LinkFault.hint
            raise LinkFault(f"{lost}. No note moved", hint) from lost
        visit.show("After")
        raise EdgeError(f"{lost}; the notes are booked as unknown", COUNT) from lost


def _moved(before: Sequence[StorageUnit], now: Sequence[StorageUnit]) -> str:
    tray = notes_text([n.rejected - b.rejected for b, n in zip(before, now, strict=True)])
    lost = [n.unknown - b.unknown for b, n in zip(before, now, strict=True)]
    missing = f", and nobody can place {notes_text(lost)}" if any(lost) else ""
    return f"{tray} went into the tray{missing}"


def _doing(moving: Uncounted) -> str:
    if moving.operation is Operation.PURGE:
        return "clearing its note path"
    return f"moving {notes_text(moving.asked)} into the tray"
