"""`edge-atm evidence`: the sealed clips of looks, of which this unit can open none."""

from dataclasses import asdict

import click

from edge_atm.cli.main import REFUSED, Options, as_json, cli, print_json
from edge_atm.cli.progress import tracked
from edge_atm.cli.unit import Unit
from edge_atm.cli.wording import moment_text, new_table
from edge_atm.errors import EdgeError
from edge_atm.vault.age import check_public_keys
from edge_atm.vault.evidence_audit import known, listed

NOT_WHOLE = (
    "Copy the folder and an export of the journal away for the bank. What was to be removed goes"
    " with `edge-atm evidence prune`; delete what the journal does not know, once it is copied."
)
NOT_KEPT = (
    "Look at the disk's room and at `edge-atm journal show`; the next clip that is kept ends this."
)


@cli.group()
def evidence() -> None:
    """Clips of looks, sealed to the bank's keys: this unit can open none of them."""


@evidence.command(name="list")
@as_json
@click.pass_obj
def list_clips(options: Options, as_json: bool) -> None:
    """Print the clips that the journal says are kept, the oldest first. Not verified."""
    with options.unit() as unit:
        clips = known(unit.journal.stream()).clips.values()
        folder = unit.evidence().folder
    if as_json:
        print_json({"clips": [asdict(clip) for clip in clips]})
        return
    from rich.console import Console

    table = new_table(f"{len(clips)} clip(s)", "file", "frames", "bytes")
    for clip in clips:
        table.add_row(clip.file, str(clip.frames), f"{clip.size_bytes:,}")
    Console().print(table)
    click.echo(f"In {folder}; a file is called by the time its look ended (UTC) and its session.")


@evidence.command()
@as_json
@click.pass_context
def verify(context: click.Context, as_json: bool) -> None:
    """Check the journal's chain, and each clip against it.

    Exit status 1 if a clip is missing, was changed, or is not in the journal.
    """
    options: Options = context.obj
    with options.unit() as unit:
        count, faults = _faults(unit)
        if faults:
            # A running service may have been between file and entry: only what is found twice
            # is a fault.
            count, again = _faults(unit)
            faults = [fault for fault in faults if fault in again]
    if as_json:
        found = [{"file": name, "fault": what} for name, what in faults]
        print_json({"clips": count, "faults": found})
    else:
        for name, what in faults:
            click.echo(f"{name} {what}")
        click.echo(f"{len(faults)} fault(s). {NOT_WHOLE}" if faults else f"{count} clip(s), whole.")
    context.exit(REFUSED if faults else 0)


@evidence.command()
@as_json
@click.pass_obj
def prune(options: Options, as_json: bool) -> None:
    """Remove clips over the bank's limits, oldest first, and what a power cut left half-written.

    The service does so when it starts and after each clip.
    """
    with options.unit(alone=True) as unit:
        kept = unit.evidence()
        halves, due = kept.drop_halves(), kept.due()
        for name, why in tracked(due, "removing", len(due)):
            kept.remove(name, why)
        sizes = kept.sizes_bytes()
    if as_json:
        removed = [{"file": name, "why": why} for name, why in due]
        left = {"clips": len(sizes), "size_bytes": sum(sizes.values())}
        print_json({"removed": removed, "halves": halves, **left})
        return
    for name, why in due:
        click.echo(f"{name} ({why})")
    click.echo(
        f"{len(due)} clip(s) and {halves} half file(s) removed;"
        f" {len(sizes)} left, {sum(sizes.values()):,} bytes."
    )


def health(unit: Unit) -> str:
    """Return doctor's sentence. Raises EdgeError while the newest recording was not kept."""
    kept, bank = unit.evidence(), unit.config.bank
    sizes = kept.sizes_bytes()
    held = f"{len(sizes)} clip(s), {sum(sizes.values()) / 1e6:.1f} MB"
    if bank.public_keys:
        # Escrow and backups need them too: a mistyped one would show only when it is used.
        check_public_keys(bank.public_keys)
    if not bank.evidence:
        return f"not recorded{f'; {held} of before' if sizes else ''}"
    failure = known(unit.journal.stream()).failure
    if failure is not None:
        when = moment_text(failure["at"])
        raise EdgeError(f"a clip failed at {when}, {failure['kind']}: {failure['why']}", NOT_KEPT)
    kept.check_room()
    most = f"{bank.evidence_bytes_max / 1e6:.0f} MB at most"
    return f"{held}, {most}, sealed to {len(bank.public_keys)} key(s)"


def _faults(unit: Unit) -> tuple[int, list[tuple[str, str]]]:
    folder = unit.evidence().folder
    # Listed first: an entry may follow its file, and goes before its removal.
    names = listed(folder)
    entries = tracked(unit.journal.verified(), "verifying", unit.journal.last_sequence())
    said = known(entries, set(names))
    faults = list(said.strangers(names))
    clips = list(said.clips.values())
    for clip in tracked(clips, "reading", len(clips)):
        what = clip.fault(folder)
        if what is not None:
            faults.append((clip.file, what))
    return len(clips), faults
