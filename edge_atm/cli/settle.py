"""`edge-atm settle`: what only a technician's count can end."""

import click

from edge_atm.cash import outcomes
from edge_atm.cash.count import settle_by_count
from edge_atm.cli.main import Options, cli, four_counts


@cli.command()
@click.argument("payout")
@click.option("--presented", required=True, help="Notes the customer got, such as 1,0,2,0.")
@click.option("--rejected", default="0,0,0,0", show_default=True, help="Notes in the reject tray.")
@click.option("--yes", is_flag=True, help="Do not ask again.")
@click.pass_obj
def settle(options: Options, payout: str, presented: str, rejected: str, yes: bool) -> None:
    """Settle a SUSPECT payout with the count of its unanswered command.

    Count the cassettes and the reject tray; what is missing from a cassette and not in the tray
    was presented. The customer is debited for what was presented, and the hold ends.
    """
    counts = [outcomes.quantities(four_counts(text)) for text in (presented, rejected)]
    with options.unit(alone=True) as unit:
        if not yes:
            question = f"Book presented {presented}, rejected {rejected} for payout {payout}"
            click.confirm(question, abort=True, err=True)
        settled = settle_by_count(unit.store, unit.journal, unit.ledger, payout, *counts)
        currency = unit.config.dispenser.currency
    click.echo(
        f"Settled: {settled.presented_cents / 100:.2f} {currency} debited, the rest is free."
    )
