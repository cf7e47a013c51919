"""`edge-atm provision`: loads the unit with accounts and notes."""

import csv
from pathlib import Path

import click

from edge_atm.cash import storage
from edge_atm.cli.main import Options, as_json, cli, print_json
from edge_atm.cli.unit import Unit
from edge_atm.errors import ConfigError, EdgeError

COLUMNS = ["card_number", "balance_cents", "pin"]


@cli.command()
@click.option(
    "--accounts",
    "accounts_path",
    required=True,
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
def provision(options: Options, accounts_path: Path, notes: str, as_json: bool) -> None:
    """Create the database, load accounts, and book the counted notes.

    Run again, it adds new cards, replaces balances and PINs of known ones, and starts a new count
    of the cassettes. It refuses while a payout is open. Delete the CSV afterwards: it holds what
    the unit itself never stores.
    """
    counts = _counts(notes)
    with options.unit(create=True) as unit:
        if unit.ledger.payouts("INTENT", "SUSPECT"):
            raise ConfigError(
                "a payout is still open, so nothing was loaded",
                "Settle it first: start the service, or count with a technician.",
            )
        values = unit.config.dispenser.cassette_values_cents
        for position, (value, count) in enumerate(zip(values, counts, strict=True), start=1):
            if count and not value:
                raise ConfigError(
                    f"cassette {position} has notes but no value in the configuration"
                )
        accounts = _load(unit, accounts_path, counts)
    result = {"accounts": accounts, "notes": counts}
    if as_json:
        print_json(result)
    else:
        click.echo(f"{accounts} accounts loaded; cassettes hold {counts} notes.")
        click.echo(f"Now delete {accounts_path}: it holds card numbers and PINs.")


def _load(unit: Unit, accounts_path: Path, counts: list[int]) -> int:
    from rich.console import Console
    from rich.progress import track

    rows = _rows(accounts_path)
    with unit.store.transaction() as connection:
        # Hashing one PIN takes a noticeable while, on purpose; a bank's file has thousands.
        for line, row in enumerate(track(rows, "loading", console=Console(stderr=True)), start=2):
            try:
                customer_id = unit.customers.add(connection, row["card_number"], row["pin"] or None)
                balance_cents = _whole(row["balance_cents"])
            except (EdgeError, ValueError) as error:
                raise ConfigError(
                    f"{accounts_path.name} line {line}: {error}; nothing was loaded",
                    "Correct the line and load the whole file again.",
                ) from None
            unit.ledger.load_account(connection, customer_id, balance_cents)
        values = unit.config.dispenser.cassette_values_cents
        storage.replenish(connection, values, counts)
        unit.journal.append(connection, "provisioned", accounts=len(rows), notes=counts)
    return len(rows)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        if reader.fieldnames != COLUMNS:
            raise ConfigError(f"{path.name} must start with the line {','.join(COLUMNS)}")
        rows = list(reader)
    broken = [line for line, row in enumerate(rows, start=2) if None in row or None in row.values()]
    if broken:
        raise ConfigError(f"{path.name} line {broken[0]} has not exactly {len(COLUMNS)} columns")
    return rows


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise ValueError("balance_cents must be whole cents")
    return int(text)


def _counts(text: str) -> list[int]:
    parts = text.split(",")
    if len(parts) != 4 or not all(p.isascii() and p.isdigit() and len(p) <= 4 for p in parts):
        raise click.BadParameter("four counts such as 500,500,200,0", param_hint="--notes")
    return [int(part) for part in parts]
