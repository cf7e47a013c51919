"""`edge-atm receive-key`, `export-escrow` and `import-escrow`: to the bank, and back sealed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from edge_atm.cli.main import REFUSED, Options, as_json, cli, print_json
from edge_atm.cli.progress import tracked
from edge_atm.cli.records import FILE, OUT, key_bytes
from edge_atm.cli.unit import Unit
from edge_atm.config import read_config
from edge_atm.store import DATABASE
from edge_atm.vault import escrow, refill
from edge_atm.vault.age import public_half
from edge_atm.vault.receiving import receiving_identity
from edge_atm.vault.refill import Refill

Command = Callable[..., Any]


def to_write(command: Command) -> Command:
    """Take the file to write, and whether it may replace one."""
    force = click.option("--force", is_flag=True, help="Replace the file if there is one.")
    return click.argument("file", type=OUT)(force(command))


def sent(command: Command) -> Command:
    """Take the bank's file, and the public key of the unit that it comes from."""
    text = "Public key of the unit it comes from, as its `journal verify` printed it."
    key = click.option("--key", required=True, help=text)
    return click.argument("file", type=FILE)(key(command))


@cli.command("receive-key")
@as_json
@click.pass_obj
def receive_key(options: Options, as_json: bool) -> None:
    """Print the age key that the bank seals this unit's files to; needs no database.

    Its private half is made on first use and never leaves the unit.
    """
    config = read_config(options.config_path)
    state_dir = config.unit.state_dir
    # With a database it is the database that says which master key is in use.
    if (state_dir / DATABASE).exists():
        with options.unit(alone=True) as unit:
            key = public_half(receiving_identity(state_dir, unit.ring.master))
    else:
        with options.empty() as (_, master):
            key = public_half(receiving_identity(state_dir, master))
    if as_json:
        print_json({"unit_id": config.unit.unit_id, "receive_key": key})
    else:
        click.echo(key)


@cli.command("export-escrow")
@to_write
@as_json
@click.pass_obj
def export_escrow(options: Options, file: Path, force: bool, as_json: bool) -> None:
    """Write the bank's copies of all enrolments to FILE: a tar of one sealed file each."""
    check_place(file, force)
    with options.unit() as unit:
        held = tracked(escrow.boxes(unit.store), "exporting", escrow.boxes_held(unit.store))
        count, sha256 = escrow.export(file, unit.journal, held, force)
    if as_json:
        print_json({"count": count, "sha256": sha256})
    else:
        click.echo(f"Escrow of {count} customers is in {file}.\nSHA-256 {sha256}.")


@cli.command("import-escrow")
@sent
@as_json
@click.pass_context
def import_escrow(context: click.Context, file: Path, key: str, as_json: bool) -> None:
    """Fill a new unit with another's customers, before its accounts are loaded.

    FILE is what the bank made of that unit's escrow and sealed to this unit's `receive-key`.
    All of it is taken over, or nothing; customers who are here as new or newer stay as they are.
    """
    public = key_bytes(key)
    options: Options = context.obj
    with options.unit(alone=True) as unit:
        identity = receiving_identity(unit.config.unit.state_dir, unit.ring.master)
        taken = _taken_over(unit, refill.opened(file, identity), public)
    kept = len(taken) - sum(taken)
    if as_json:
        print_json({"taken_over": sum(taken), "refused": kept})
    else:
        then = " Now load their accounts." if any(taken) else ""
        click.echo(f"Customers taken over: {sum(taken)}.{then}")
        if kept:
            click.echo(f"Refused, being here as new or newer: {kept}.", err=True)
    context.exit(0 if any(taken) else REFUSED)


def _taken_over(unit: Unit, lines: list[bytes], public: bytes) -> list[bool]:
    embedding_id = unit.models.embedding_id
    proved = refill.copies(lines, public, embedding_id)
    held = list(tracked(proved, "checking", len(lines)))
    into = Refill(
        unit.store,
        unit.ring,
        unit.journal,
        unit.customers,
        unit.faces,
        embedding_id,
        unit.escrow(),
    )
    with unit.store.transaction() as connection:
        into = into.take_keys(connection, held)
        return [into.take(connection, copy) for copy in tracked(held, "enrolling", len(held))]


def check_place(file: Path, force: bool) -> None:
    """Raise BadParameter where nothing can or may be written."""
    if file.exists() and not force:
        raise click.BadParameter(f"{file} is there already; --force replaces it")
    if not file.absolute().parent.is_dir():
        raise click.BadParameter(f"there is no folder {file.parent}")
