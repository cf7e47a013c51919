"""`edge-atm settle`: what only a technician's count can end."""

from dataclasses import asdict

import click

from edge_atm.cash import count
from edge_atm.cash.count import Waiting
from edge_atm.cli.main import Options, as_json, cli, print_json
from edge_atm.cli.visit import Visit, broken_journal_named, notes_from, yes_option
from edge_atm.cli.wording import notes_text
from edge_atm.money import Operation, Outcome, Quantities


@cli.command()
@click.option("--notes", help="Notes in the cassettes now, as you counted them: 98,99,96,0.")
@click.option("--tray", help="Notes in the reject tray now, by cassette: 0,1,0,0.")
@click.option("--presented", help="Instead of both: the notes that the customer got, 1,0,2,0.")
@click.option("--rejected", help="With --presented: the notes that this command rejected.")
@yes_option
@as_json
@click.pass_obj
def settle(
    options: Options,
    notes: str | None,
    tray: str | None,
    presented: str | None,
    rejected: str | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Settle the payout that waits for a technician, with a count.

    Clear the note path, count the cassettes and the reject tray, and say both with --notes and
    --tray: what is in neither was presented. The customer is debited for that, and the hold ends.
    """
    if (notes is None) == (presented is None) or (notes is None) != (tray is None):
        raise click.UsageError("Say --notes and --tray, or --presented.")
    with options.unit(alone=True) as unit:
        visit = Visit(unit, as_json, yes)
        with broken_journal_named():
            unit.journal.verify()
        suspect = count.waiting(unit.ledger)
        if notes is not None and tray is not None:
            units = unit.ledger.storage_units()
            counts = count.moved(units, suspect, notes_from(notes), notes_from(tray))
        else:
            counts = notes_from(presented or ""), notes_from(rejected or "0,0,0,0")
        count.check(*counts)
        before = visit.show("Before")
        debit_cents = _explain(visit, suspect, counts[0])
        visit.ask(f"Book presented {visit.worth(counts[0])}, rejected {visit.worth(counts[1])}?")
        settled = count.settle_by_count(
            unit.store, unit.journal, unit.ledger, suspect.payout.payout_id, *counts
        )
        after, entry = visit.show("After"), visit.booked()
        if not as_json:
            click.echo(f"Settled: {visit.money(debit_cents)} debited, the rest is free.")
            click.echo("Now make your count the new beginning with `edge-atm cash-count`.")
    if as_json:
        debited = {"debited_cents": debit_cents, "asked": suspect.asked, "entry": entry}
        print_json({**asdict(settled), **debited, "before": before, "after": after})


def _explain(visit: Visit, suspect: Waiting, presented: Quantities) -> int:
    """Say what the count means; return the cents that it debits."""
    payout = suspect.payout
    values = [cassette.value_cents for cassette in visit.unit.ledger.storage_units()]
    given = zip(payout.presented, presented, values, strict=True)
    presented_cents = sum((before + now) * value for before, now, value in given)
    # Surplus notes are the bank's loss: nobody agreed to a larger debit.
    debit_cents = min(presented_cents, payout.requested_cents)
    held, tray = count.untouched(visit.unit.ledger.storage_units(), suspect)
    visit.print(
        f"Payout {payout.payout_id}: {visit.money(payout.requested_cents)} wanted, of which "
        f"{notes_text(payout.presented)} were presented before.\n"
        f"Command {suspect.batch} asked for {notes_text(suspect.asked)}. Before it the "
        f"dispenser remembered {_remembered(suspect.baseline)}.\n"
        f"If it had moved nothing, the cassettes would hold {notes_text(held)} and the tray "
        f"{notes_text(tray)}.\n"
        f"The customer will be debited {visit.money(debit_cents)}."
    )
    return debit_cents


def _remembered(memory: Outcome) -> str:
    if memory.operation is Operation.NONE:
        return "nothing"
    word = memory.operation.value.replace("_", " ")
    presented, rejected = notes_text(memory.presented), notes_text(memory.rejected)
    return f"a {word}: presented {presented}, rejected {rejected}"
