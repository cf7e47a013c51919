"""`edge-atm provision`: loads the unit with accounts and notes."""

from dataclasses import asdict
from pathlib import Path

import click

from edge_atm.cash import balances, storage
from edge_atm.cli import accounts
from edge_atm.cli.main import Options, as_json, cli, print_json
from edge_atm.cli.unit import Unit
from edge_atm.cli.visit import Visit, notes_from
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
    required=True,
    help="Notes in the cassettes from top to bottom, counted by you, such as 500,500,200,0.",
)
@as_json
@click.pass_obj
def provision(options: Options, accounts_path: Path | None, notes: str, as_json: bool) -> None:
    """Create the database, load accounts, and book the counted notes.

    For the first filling and for accounts; a unit in use is filled with replenish and counted with
    cash-count. With --accounts it adds new cards, replaces balances and PINs of known ones, and
    unlocks them. It refuses while a payout is open. Delete the CSV afterwards: it holds what the
    unit itself never stores.
    """
    counts = notes_from(notes)
    loaded = accounts.read(accounts_path) if accounts_path else []
    with options.unit(create=True, alone=True) as unit:
        visit = Visit(unit, as_json)
        visit.check_idle()
        visit.check_values(counts)
        _load(unit, loaded, counts)
    if as_json:
        print_json({"accounts": len(loaded), "notes": counts})
        return
    click.echo(f"Accounts loaded: {len(loaded)}. Notes in the cassettes: {notes}.")
    if accounts_path:
        click.echo(f"Now delete {accounts_path}: it holds card numbers and PINs.")


def _load(unit: Unit, loaded: list[accounts.Account], counts: Quantities) -> None:
    from rich.console import Console
    from rich.progress import track

    # Hashing one PIN takes a noticeable while, on purpose; a bank's file has thousands.
    shown = track(loaded, "loading", console=Console(stderr=True), disable=not loaded)
    with unit.store.transaction() as connection:
        for account in shown:
            customer_id = unit.customers.add(connection, account.card_number, account.pin)
            balances.load(connection, customer_id, account.balance_cents)
            unit.journal.append(
                connection, "loaded", customer=customer_id, balance_cents=account.balance_cents
            )
        values, before = unit.config.dispenser.cassette_values_cents, unit.ledger.storage_units()
        storage.replenish(connection, values, counts)
        unit.journal.append(
            connection,
            "provisioned",
            accounts=len(loaded),
            notes=counts,
            values_cents=values,
            before=[asdict(cassette) for cassette in before],
        )
