"""`edge-atm provision`: loads the unit with accounts and notes."""

from pathlib import Path

import click

from edge_atm.cash import balances, storage
from edge_atm.cli import accounts
from edge_atm.cli.main import Options, as_json, cli, print_json
from edge_atm.cli.models import prepare
from edge_atm.cli.progress import tracked
from edge_atm.cli.unit import Unit
from edge_atm.cli.visit import Visit, notes_from
from edge_atm.errors import ConfigError, ModelMismatch
from edge_atm.money import Quantities


@cli.command()
@click.option(
    "--accounts",
    "accounts_path",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="CSV with the columns card_number,balance_cents,pin (pin may be empty).",
)
@click.option(
    "--notes",
    help="The first filling, counted by you, from top to bottom, such as 500,500,200,0.",
)
@as_json
@click.pass_obj
def provision(
    options: Options, accounts_path: Path | None, notes: str | None, as_json: bool
) -> None:
    """Create the database, prepare the models, load accounts, book the first filling (--notes).

    With --accounts alone it adds new cards to a unit in use, replaces balances and PINs of known
    ones, and unlocks them; notes are then filled with replenish and counted with cash-count. It
    refuses while a payout is open. Delete the CSV afterwards: it holds what the unit itself never
    stores.
    """
    if not (notes or accounts_path):
        raise click.UsageError("say --notes for a new unit, or --accounts")
    counts = notes_from(notes) if notes else None
    loaded = accounts.read(accounts_path) if accounts_path else []
    with options.unit(create=counts is not None, alone=True) as unit:
        visit = Visit(unit, as_json)
        visit.check_idle()
        if counts is not None:
            _check_first(unit)
            visit.check_values(counts)
            _prepare_models(unit)
        _load(unit, loaded, counts)
    if as_json:
        print_json({"accounts": len(loaded), "notes": counts})
        return
    held = f" Notes in the cassettes: {notes}." if notes else ""
    click.echo(f"Accounts loaded: {len(loaded)}.{held}")
    if accounts_path:
        click.echo(f"Now delete {accounts_path}: it holds card numbers and PINs.")


def _check_first(unit: Unit) -> None:
    if unit.ledger.storage_units():
        raise ConfigError(
            "This unit is in use: count with cash-count, fill with replenish; nothing was loaded",
            "Load accounts into it with `edge-atm provision --accounts FILE`, without --notes.",
        )


def _prepare_models(unit: Unit) -> None:
    try:
        ready = unit.models.unprepared() is None
    except ModelMismatch:
        # Left by a unit of another key. Nothing of it is used: all is made from released files.
        ready = False
    if not ready:
        prepare(unit)


def _load(unit: Unit, loaded: list[accounts.Account], counts: Quantities | None) -> None:
    # Hashing one PIN takes a noticeable while, on purpose; a bank's file has thousands.
    shown = tracked(loaded, "loading", len(loaded))
    with unit.store.transaction() as connection:
        for account in shown:
            customer_id = unit.customers.add(connection, account.card_number, account.pin)
            balances.load(connection, customer_id, account.balance_cents)
            unit.journal.append(
                connection, "loaded", customer=customer_id, balance_cents=account.balance_cents
            )
        if counts is not None:
            values = unit.config.dispenser.cassette_values_cents
            storage.replenish(connection, values, counts)
            unit.journal.append(
                connection, "provisioned", accounts=len(loaded), notes=counts, values_cents=values
            )
