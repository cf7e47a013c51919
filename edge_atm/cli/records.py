"""`edge-atm journal` and `edge-atm models verify`: what happened, and what runs."""

import click

from edge_atm.cli.main import Options, as_json, cli, print_json
from edge_atm.models import REQUIRED, Models


@cli.command()
@click.option("--last", default=20, show_default=True, type=click.IntRange(min=1), help="Entries.")
@click.option("--all", "everything", is_flag=True, help="Every entry.")
@click.option("--verify", is_flag=True, help="Check the whole chain first.")
@as_json
@click.pass_obj
def journal(options: Options, last: int, everything: bool, verify: bool, as_json: bool) -> None:
    """Show what the unit wrote down: pseudonyms and amounts, never a name or a card number."""
    with options.unit() as unit:
        verified = unit.journal.verify() if verify else None
        entries = unit.journal.entries(None if everything else last)
    if as_json:
        print_json(
            {
                "verified": verified,
                "entries": [
                    {"sequence": e.sequence, "at": e.at, "event": e.event, **e.detail}
                    for e in entries
                ],
            }
        )
        return
    for entry in entries:
        detail = " ".join(f"{key}={value}" for key, value in entry.detail.items())
        click.echo(f"{entry.sequence:6d}  {entry.at}  {entry.event:12s} {detail}")
    if verified is not None:
        click.echo(f"The chain of {verified} entries is whole.")


@cli.group()
def models() -> None:
    """The released ONNX files."""


@models.command("verify")
@as_json
def models_verify(as_json: bool) -> None:
    """Check every model's SHA-256, inputs and outputs, and that it opens."""
    released = Models()
    for name in REQUIRED:
        released.open(name)
    released.mean_embedding()
    if as_json:
        print_json({"models": REQUIRED, "embedding_id": released.embedding_id})
    else:
        click.echo(f"{len(REQUIRED)} models verified: {', '.join(REQUIRED)}.")
        click.echo(f"Templates are bound to embedding {released.embedding_id}.")
