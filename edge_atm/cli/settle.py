"""`edge-atm settle`: what only a technician's count can end."""

from dataclasses import asdict

import click

from edge_atm.cash import count
from edge_atm.cash.count import Waiting
from edge_atm.cli.main import Options, as_json, cli, print_json
from edge_atm.cli.visit import Visit, notes_from, yes_option
from edge_atm.money import Operation, Outcome, Quantities


@cli.command()
@click.argument("payout", required=False)
@click.option("--presented", required=True, help="Notes the customer got, such as 1,0,2,0.")
@click.option("--rejected", default="0,0,0,0", show_default=True, help="Notes in the reject tray.")
@yes_option
@as_json
@click.pass_obj
def settle(
    options: Options, payout: str | None, presented: str, rejected: str, yes: bool, as_json: bool
) -> None:
    """Settle the SUSPECT payout with the count of its unanswered command.

    Count the cassettes and the reject tray; what is missing from a cassette and not in the tray
    was presented. The customer is debited for what was presented, and the hold ends.
    """
    counts = notes_from(presented), notes_from(rejected)
    with options.unit(alone=True) as unit:
        visit = Visit(unit, as_json, yes)
        suspect = count.waiting(unit.ledger, payout)
        count.check(*counts)
        before = visit.show("Before")
        debit_cents = _explain(visit, suspect, counts[0])
        visit.ask(f"Book presented {presented}, rejected {rejected}")
        settled = count.settle_by_count(
            unit.store, unit.journal, unit.ledger, suspect.payout.payout_id, *counts
        )
        after = visit.show("After")
        if not as_json:
            click.echo(f"Settled: {visit.money(debit_cents)} debited, the rest is free.")
            click.echo("Clear the note path, then count the cassettes with `edge-atm cash-count`.")
    if as_json:
        debited = {"debited_cents": debit_cents, "asked": suspect.asked}
        print_json({**asdict(settled), **debited, "before": before, "after": after})


def _explain(visit: Visit, suspect: Waiting, presented: Quantities) -> int:
    """Say what the count means; return the cents that it debits."""
    payout = suspect.payout
    values = [cassette.value_cents for cassette in visit.unit.ledger.storage_units()]
    given = zip(payout.presented, presented, values, strict=True)
    presented_cents = sum((before + now) * value for before, now, value in given)
    # Surplus notes are the bank's loss: nobody agreed to a larger debit.
    debit_cents = min(presented_cents, payout.requested_cents)
    visit.print(
        f"Payout {payout.payout_id}: {visit.money(payout.requested_cents)} wanted, of which "
        f"{payout.presented} were presented before.\n"
        f"Command {suspect.batch} asked for {suspect.asked}. Before it the dispenser remembered "
        f"{_remembered(suspect.baseline)}.\n"
        f"The customer will be debited {visit.money(debit_cents)}."
    )
    return debit_cents


def _remembered(memory: Outcome) -> str:
    if memory.operation is Operation.NONE:
        return "nothing"
    word = memory.operation.value.replace("_", " ")
    return f"a {word}: presented {memory.presented}, rejected {memory.rejected}"
