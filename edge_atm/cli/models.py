"""`edge-atm models`: what runs, and what this computer made of it."""

import click

from edge_atm.cli.main import Options, as_json, cli, print_json
from edge_atm.cli.unit import Unit
from edge_atm.errors import ConfigError, KeyFault, StoreFault
from edge_atm.models import REQUIRED, Models


@cli.group()
def models() -> None:
    """The released ONNX files, and the files optimised from them for this computer."""


@models.command()
@as_json
@click.pass_obj
def verify(options: Options, as_json: bool) -> None:
    """Check every model's SHA-256, inputs and outputs, that it opens, and which file is used."""
    released = open_released()
    try:
        with options.unit() as unit:
            unprepared = open_all(unit)
    except (ConfigError, KeyFault, StoreFault) as fault:
        # The released files need no unit.
        unprepared = str(fault)
    if as_json:
        print_json(
            {
                "models": REQUIRED,
                "embedding_id": released.embedding_id,
                "prepared": unprepared is None,
                "reason": unprepared,
            }
        )
        return
    click.echo(f"{len(REQUIRED)} models verified: {', '.join(REQUIRED)}.")
    click.echo(f"Templates are bound to embedding {released.embedding_id}.")
    used = "prepared files" if unprepared is None else f"released files: {unprepared}"
    click.echo(f"The unit opens the {used}.")


@models.command("prepare")
@as_json
@click.pass_obj
def prepare_models(options: Options, as_json: bool) -> None:
    """Optimise the released models for this computer, so that the unit starts quickly.

    Needed after an update and on another computer; until then the released files run, more slowly.
    """
    with options.unit(alone=True) as unit:
        files = prepare(unit)
        open_all(unit)
    if as_json:
        print_json({"files": files})
    else:
        click.echo(f"{len(files)} models prepared for this computer: {', '.join(files)}.")


def prepare(unit: Unit) -> dict[str, str]:
    """Optimise all models, with a progress bar on standard error; return SHA-256 by name."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    files = dict(
        track(unit.models.prepare(), "preparing models", total=len(REQUIRED), console=console)
    )
    unit.journal.record("models_prepared", files=files)
    return files


def open_released() -> Models:
    """Return the released models after opening each of them. Raises ModelMismatch."""
    released = Models()
    for name in REQUIRED:
        released.open(name)
    released.mean_embedding()
    return released


def open_all(unit: Unit) -> str | None:
    """Open what the unit runs; return why these are not all prepared files, or None."""
    for name in REQUIRED:
        unit.models.open(name)
    return unit.models.unprepared()
