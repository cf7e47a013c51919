"""`edge-atm backup` and `restore`: the whole unit to the bank, and onto an empty one."""

from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click

from edge_atm.cli.bank import check_place, sent, to_write
from edge_atm.cli.main import Options, as_json, cli, print_json
from edge_atm.cli.opening import guard_of
from edge_atm.cli.progress import tracked
from edge_atm.cli.records import key_bytes
from edge_atm.cli.wording import moment_text
from edge_atm.journal import Journal
from edge_atm.vault import backup as backups
from edge_atm.vault.age import check_public_keys
from edge_atm.vault.backup import Restored, restoring
from edge_atm.vault.receiving import receiving_identity


@cli.command()
@to_write
@as_json
@click.pass_obj
def backup(options: Options, file: Path, force: bool, as_json: bool) -> None:
    """Write everything the unit knows to FILE, sealed to the bank's keys, and read it back."""
    check_place(file, force)
    with options.unit() as unit:
        keys, unit_id = unit.config.bank.public_keys, unit.config.unit.unit_id
        check_public_keys(keys)
        with _busy("sealing"):
            made = backups.write(file, unit_id, unit.store, unit.ring, unit.journal, keys, force)
    if as_json:
        print_json(asdict(made))
    else:
        click.echo(f"Backup of unit {made.unit_id}, {made.entries} journal entries: {file}.")
        click.echo(f"SHA-256 of its database {made.sha256}.")


@cli.command()
@sent
@as_json
@click.pass_obj
def restore(options: Options, file: Path, key: str, as_json: bool) -> None:
    """Make an empty unit what the other was at its backup.

    FILE is the backup, opened by the bank and sealed to this unit's `receive-key`. Balances and
    failed tries are those of the backup: docs/bank.md says what has to follow.
    """
    public = key_bytes(key)
    with options.empty() as (config, master):
        state_dir, unit_id = config.unit.state_dir, config.unit.unit_id
        identity = receiving_identity(state_dir, master)
        with restoring(file, state_dir, master, identity, public, unit_id) as restored:
            _adopt(restored)
            # Marked before the database has its name: without one the mark stands for nothing.
            guard_of(config, options.development, restored.store, restored.ring, new=True)
        made = restored.backup
    if as_json:
        print_json(asdict(made))
        return
    click.echo(f"Unit {made.unit_id} is as it was on {moment_text(made.made_at)}.")
    click.echo("Now: `edge-atm models prepare`, `edge-atm cash-count`, and the bank's balances.")


def _adopt(restored: Restored) -> None:
    key = restored.ring.lasting.derive("journal")
    journal = Journal(restored.store, key, partial(datetime.now, UTC))
    for _ in tracked(journal.verified(), "verifying", journal.last_sequence()):
        pass
    customers = int(restored.store.rows("SELECT count(*) FROM customers")[0][0])
    for _ in tracked(restored.opened(), "opening", customers):
        pass
    restored.adopt(journal)


def _busy(doing: str) -> AbstractContextManager[object]:
    from rich.console import Console

    # Nothing of it reaches a pipe.
    return Console(stderr=True).status(doing)
