"""What the trials' commands share: options, embedding with a bar, and how they answer."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

    from edge_atm.assurance.acquisition import Picture
    from edge_atm.models import Models

FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
VARIANTS = {"int8": "facenet_int8", "fp32": "facenet_fp32"}


class Output(click.Path):
    """A file to write, refused before minutes of measuring when it could not be written then."""

    def __init__(self, allow_dash: bool = False) -> None:
        super().__init__(path_type=Path, dir_okay=False, writable=True, allow_dash=allow_dash)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:  # fmt: skip
        """Return the path. Raises BadParameter."""
        path = Path(value)
        if not (value == "-" or path.exists() or os.access(path.parent, os.W_OK)):
            self.fail(f"{path.parent} is no folder that can be written to", param, ctx)
        return super().convert(value, param, ctx)


images = click.option("--images", required=True, type=FOLDER, help="DIR/PERSON/*.jpg or *.png.")
json_option = click.option(
    "--json",
    "json_path",
    type=Output(allow_dash=True),
    help="Write the figures here; - is standard output. docs/trials.md explains the keys.",
)
no_cache = click.option(
    "--no-cache", is_flag=True, help="Embed every picture anew and keep no embedding on the disk."
)
model_choice = click.Choice(list(VARIANTS))


@contextmanager
def usable_data() -> Iterator[None]:
    """Turn what is wrong with pictures or lists, which is no fault of the unit, into a sentence."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise click.ClickException(
            f"these data cannot be measured: {error}. docs/trials.md says what a trial needs."
        ) from None


def embedded(
    models: "Models", paths: Sequence[Path], variants: Sequence[str], cached: bool
) -> list[dict[str, "Picture"]]:
    """Return what each picture gave each of `variants`, from the cache where it is known."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    from edge_atm.assurance.acquisition import Acquisition
    from edge_atm.assurance.cache import Cache

    cache = Cache(models) if cached else None
    acquisition = Acquisition(models, [VARIANTS[name] for name in variants], cache)
    columns = "[progress.description]{task.description}", BarColumn(), MofNCompleteColumn()
    with (
        _writable_cache(),
        Progress(*columns, TimeRemainingColumn(), console=_errors(), transient=True) as progress,
    ):
        return [
            acquisition.pictures(path)
            for path in progress.track(paths, description="embedding", total=len(paths))
        ]


@contextmanager
def counting(what: str) -> Iterator[None]:
    """Show that something goes on while figures are counted."""
    from rich.progress import Progress, SpinnerColumn, TimeElapsedColumn

    columns = SpinnerColumn(), "[progress.description]{task.description}", TimeElapsedColumn()
    with Progress(*columns, console=_errors(), transient=True) as progress:
        progress.add_task(what, total=None)
        yield


def answer(result: dict[str, object], json_path: Path | None, table: str) -> None:
    """Print `table`, or write `result` as JSON; with both a file and a reader, do both."""
    text = json.dumps(result, indent=2, allow_nan=False) + "\n"
    if json_path is not None and str(json_path) == "-":
        click.echo(text, nl=False)
        return
    click.echo(table)
    if json_path is not None:
        json_path.write_text(text, encoding="utf-8")
        click.echo(f"{json_path} written.")


def _errors() -> "Console":
    from rich.console import Console

    return Console(stderr=True)


@contextmanager
def _writable_cache() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise click.ClickException(
            f"the cache of embeddings cannot be written: {error}. "
            "Set XDG_CACHE_HOME to a folder of yours, or use --no-cache."
        ) from None
