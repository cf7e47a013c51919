"""`edge-atm trials`: how well the unit's own pipeline does on pictures that nobody here made."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge_atm.cli.main import cli, print_json

if TYPE_CHECKING:
    from rich.console import Console

    from edge_atm.assurance.people import Picture

FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
images = click.option("--images", required=True, type=FOLDER, help="DIR/PERSON/*.jpg.")
model_option = click.option(
    "--model",
    type=click.Choice(["int8", "fp32"]),
    default="int8",
    show_default=True,
    help="fp32 is built by `make export`.",
)
json_option = click.option(
    "--json", "json_path", type=click.Path(path_type=Path), help="Write the figures here."
)


@cli.group()
def trials() -> None:
    """Measurements on public data; every figure with its n."""


@trials.command("faces")
@images
@click.option("--pairs", "pairs_path", required=True, type=FILE, help="LFW's pairs.txt format.")
@model_option
@json_option
def trials_faces(images: Path, pairs_path: Path, model: str, json_path: Path | None) -> None:
    """LFW pairs protocol: accuracy with each fold's threshold chosen on the other folds.

    One crop of the face nearest the middle; the released mean embedding is subtracted.
    """
    from edge_atm.assurance import pairs as protocol
    from edge_atm.models import Models

    models = Models()
    with _usable_data():
        pairs = protocol.read_pairs(pairs_path)
        wanted = sorted({picture for pair in pairs for picture in (pair.one, pair.other)})
        paths = [protocol.picture_path(images, picture) for picture in wanted]
        vectors = dict(zip(wanted, (p.vector for p in _embedded(paths, model)), strict=True))
        result = protocol.report(pairs, vectors, models.mean_embedding())
    result |= {"model": model, "embedding_id": models.embedding_id, "pictures": len(wanted)}
    _answer(result, json_path)


@trials.command("mean")
@images
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The .npy to write.")
def trials_mean(images: Path, out: Path) -> None:
    """Make the mean embedding from the people that may be fitted on (even SHA-256 of the name)."""
    import hashlib

    import numpy as np

    from edge_atm.assurance.calibrate import mean_of_people
    from edge_atm.assurance.people import is_fit, pictures

    paths = [path for path in pictures(images) if is_fit(path.parent.name)]
    with _usable_data():
        mean, people = mean_of_people(_embedded(paths, "int8"))
    with out.open("wb") as file:
        np.save(file, mean, allow_pickle=False)
    digest = hashlib.sha256(out.read_bytes()).hexdigest()
    print_json({"people": people, "pictures": len(paths), "sha256": digest})


@trials.command("calibrate")
@click.option("--images", required=True, multiple=True, type=FOLDER, help="May be given twice.")
@json_option
def trials_calibrate(images: tuple[Path, ...], json_path: Path | None) -> None:
    """Fit the matcher's constants on fit people; show how they do on all others."""
    from edge_atm.assurance.calibrate import fitted, sessions
    from edge_atm.assurance.people import pictures
    from edge_atm.models import Models

    mean = Models().mean_embedding()
    embedded = list(_embedded([path for folder in images for path in pictures(folder)], "int8"))
    with _usable_data():
        fit, rest = sessions(embedded, mean, fit=True), sessions(embedded, mean, fit=False)
        constants = fitted(fit)
    result: dict[str, object] = {"constants": constants}
    for half, found in (("fit", fit), ("report", rest)):
        figures = {"people": found.people, "strangers": found.strangers}
        for kind in ("genuine", "fused", "single"):
            scores = getattr(found, kind)
            reached = int((scores >= constants["SCORE_MIN"]).sum())
            figures |= {kind: len(scores), f"{kind}_matched": reached}
        result[half] = figures
    _answer(result, json_path)


@contextmanager
def _usable_data() -> Iterator[None]:
    # Whatever is wrong with a folder of pictures or a list of pairs is no fault of the unit.
    try:
        yield
    except FileNotFoundError as error:
        raise click.ClickException(f"there is no picture {error}") from None
    except (ValueError, IndexError, ZeroDivisionError) as error:
        raise click.ClickException(f"these data cannot be measured: {error}") from None


def _embedded(paths: list[Path], model: str) -> Iterable["Picture"]:
    from rich.progress import track

    from edge_atm.assurance.people import embedded
    from edge_atm.models import Models

    found = embedded(paths, Models(), f"facenet_{model}")
    return track(found, total=len(paths), description="embedding", console=_errors())


def _errors() -> "Console":
    from rich.console import Console

    return Console(stderr=True)


def _answer(result: dict[str, object], json_path: Path | None) -> None:
    if json_path is None:
        click.echo(json.dumps(result, indent=2))
        return
    json_path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    click.echo(f"{json_path} written.")
