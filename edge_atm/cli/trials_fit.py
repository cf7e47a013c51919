"""`edge-atm trials mean` and `calibrate`: what is learnt, from people that may be learnt from."""

import hashlib
from pathlib import Path

import click

from edge_atm.cli.main import print_json
from edge_atm.cli.trials_shared import (
    FOLDER,
    VARIANTS,
    Output,
    answer,
    counting,
    embedded,
    images,
    json_option,
    no_cache,
    usable_data,
)  # fmt: skip


@click.command("mean")
@images
@click.option("--out", required=True, type=Output(), help="The .npy to write.")
@no_cache
def trials_mean(images: Path, out: Path, no_cache: bool) -> None:
    """Make the mean embedding from the people that may be fitted on (even SHA-256 of the name)."""
    import numpy as np

    from edge_atm.assurance.calibrate import mean_of_people
    from edge_atm.assurance.people import is_fit, pictures
    from edge_atm.models import Models

    with usable_data():
        paths = [path for path in pictures(images) if is_fit(path.parent.name)]
    found = embedded(Models(), paths, ["int8"], cached=not no_cache)
    with usable_data():
        mean, people = mean_of_people(pictures[VARIANTS["int8"]] for pictures in found)
    with out.open("wb") as file:
        np.save(file, mean, allow_pickle=False)
    digest = hashlib.sha256(out.read_bytes()).hexdigest()
    print_json({"people": people, "pictures": len(paths), "sha256": digest})


@click.command("calibrate")
@click.option("--images", required=True, multiple=True, type=FOLDER, help="May be given twice.")
@no_cache
@json_option
def trials_calibrate(images: tuple[Path, ...], no_cache: bool, json_path: Path | None) -> None:
    """Fit the matcher's constants on fit people; show how they do on all others."""
    from edge_atm.assurance.calibrate import fitted, half_figures, sessions
    from edge_atm.assurance.people import by_person
    from edge_atm.cli.trials_tables import calibrate_table
    from edge_atm.models import Models

    models = Models()
    with usable_data():
        paths = [path for photos in by_person(images).values() for path in photos.values()]
    found = embedded(models, paths, ["int8"], cached=not no_cache)
    acquired = [pictures[VARIANTS["int8"]] for pictures in found]
    mean = models.mean_embedding()
    with usable_data(), counting("fitting"):
        halves = {half: sessions(acquired, mean, fit=half == "fit") for half in ("fit", "report")}
        constants = fitted(halves["fit"])
        result: dict[str, object] = {"trial": "calibrate", "constants": constants}
        result |= {half: half_figures(drawn, constants) for half, drawn in halves.items()}
    answer(result, json_path, calibrate_table(result))
