"""`edge-atm journal`: what happened."""

from dataclasses import asdict
from itertools import islice
from pathlib import Path

import click

from edge_atm.cli.main import REFUSED, Options, as_json, cli, print_json
from edge_atm.cli.progress import tracked
from edge_atm.cli.unit import Unit
from edge_atm.cli.wording import moment_text
from edge_atm.errors import SealBroken
from edge_atm.journal import CHAIN_START, Entry
from edge_atm.vault import journal_export
from edge_atm.vault.signing import PUBLIC_KEY_BYTES, public_key

OUT = click.Path(path_type=Path, dir_okay=False)
FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@cli.group()
def journal() -> None:
    """What happened: pseudonyms and amounts, never a name or a card number."""


@journal.command()
@click.option("--last", default=20, show_default=True, type=click.IntRange(min=1), help="Entries.")
@click.option("--all", "everything", is_flag=True, help="Every entry.")
@as_json
@click.pass_obj
def show(options: Options, last: int, everything: bool, as_json: bool) -> None:
    """Print the newest entries, the oldest of them first. Not verified."""
    with options.unit(unchecked=True) as unit:
        entries = unit.journal.stream() if everything else unit.journal.entries(last)
        if as_json:
            print_json({"entries": [_plain(entry) for entry in entries]})
            return
        for entry in entries:
            detail = " ".join(f"{key}={_word(value)}" for key, value in entry.detail.items())
            click.echo(f"{entry.sequence:6d}  {moment_text(entry.at)}  {entry.event:15s} {detail}")


@journal.command()
@as_json
@click.pass_obj
def verify(options: Options, as_json: bool) -> None:
    """Check the whole chain, and show the public key that the unit's exports are signed with."""
    with options.unit() as unit:
        count, head = _verified(unit)
        public = public_key(unit.ring.lasting).hex()
    if as_json:
        print_json({"entries": count, "head": head.hex(), "public_key": public})
        return
    click.echo(f"The chain of {count} entries is whole; the last MAC is {head.hex()}.")
    click.echo(f"This unit's public key is {public}.")


@journal.command()
@click.argument("file", type=OUT)
@click.option("--force", is_flag=True, help="Replace the file if there is one.")
@as_json
@click.pass_obj
def export(options: Options, file: Path, force: bool, as_json: bool) -> None:
    """Write the whole journal to FILE, signed, after checking its chain.

    The export itself is the last entry of the file. Check it anywhere with `journal check`.
    """
    if file.exists() and not force:
        raise click.BadParameter(f"{file} is there already; --force replaces it")
    if not file.absolute().parent.is_dir():
        raise click.BadParameter(f"there is no folder {file.parent}")
    with options.unit() as unit:
        count, head = _verified(unit)
        # Written down before the copy leaves: none exists that the journal does not know.
        with unit.store.transaction() as connection:
            newest = unit.journal.append(connection, "exported", count=count, head=head.hex())
        # A running service may add entries meanwhile.
        listed = islice(unit.journal.verified(), newest.sequence)
        entries = tracked(listed, "exporting", newest.sequence)
        unit_id = unit.config.unit.unit_id
        written = journal_export.write(file, unit_id, unit.ring.lasting, newest, entries, force)
    _answer(written, f"Exported to {file}", as_json)


@journal.command("check")
@click.argument("file", type=FILE)
@click.option("--key", required=True, help="The unit's public key, as `verify` prints it.")
@click.option("--after", type=FILE, help="An older export that FILE has to continue.")
@as_json
@click.pass_context
def check_file(
    context: click.Context, file: Path, key: str, after: Path | None, as_json: bool
) -> None:
    """Check an exported FILE; needs no unit, no secret and no database.

    With --after it is also checked that no entry of an older export was cut off or changed since.
    """
    public = key_bytes(key)
    if after is not None and after.samefile(file):
        raise click.BadParameter(f"--after names {file} itself, not an older export")
    try:
        if after is None:
            checked = journal_export.check(file, public)
        else:
            checked = journal_export.check_continues(file, after, public)
    except SealBroken as error:
        # It is the file that fails here, not a unit.
        if as_json:
            print_json({"ok": False, "reason": str(error)})
        else:
            click.echo(f"{error}.\n  {error.hint}", err=True)
        context.exit(REFUSED)
    said = f"{file.name} is whole" + (f" and continues {after.name}" if after else "")
    _answer(checked, said, as_json, ok=True)


def _verified(unit: Unit) -> tuple[int, bytes]:
    count, head = 0, CHAIN_START
    for entry in tracked(unit.journal.verified(), "verifying", unit.journal.last_sequence()):
        count, head = entry.sequence, entry.mac
    return count, head


def key_bytes(text: str) -> bytes:
    """Return a unit's public key as `journal verify` prints it. Raises BadParameter."""
    if len(text) != 2 * PUBLIC_KEY_BYTES or set(text) - set("0123456789abcdef"):
        raise click.BadParameter(f"a public key is {2 * PUBLIC_KEY_BYTES} digits of 0-9 and a-f")
    return bytes.fromhex(text)


def _plain(entry: Entry) -> dict[str, object]:
    return {"sequence": entry.sequence, "at": entry.at, "event": entry.event, **entry.detail}


def _word(value: object) -> str:
    """Return a field's value in short: what is nested is left to --json."""
    if isinstance(value, dict) or (isinstance(value, list) and any(map(_is_nested, value))):
        return "{…}"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _is_nested(value: object) -> bool:
    return isinstance(value, dict | list)


def _answer(export: journal_export.Export, said: str, as_json: bool, **checked: bool) -> None:
    if as_json:
        print_json({**checked, **asdict(export)})
        return
    click.echo(f"{said}: unit {export.unit_id}, {export.count} entries, last MAC {export.head}.")
    click.echo(f"Public key {export.public_key}.")
