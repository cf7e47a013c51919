"""`edge-atm trials templates`: what protection costs, what links two rows, what a thief learns."""

from pathlib import Path

import click

from edge_atm.cli.trials_shared import (
    FOLDER,
    VARIANTS,
    answer,
    counting,
    embedded,
    images,
    json_option,
    model_choice,
    no_cache,
    usable_data,
)  # fmt: skip


@click.command("templates")
@images
@click.option(
    "--impostors", multiple=True, type=FOLDER,
    help="More people for impostor probes, of the same shape; may be given more than once.",
)  # fmt: skip
@click.option(
    "--people", "half", type=click.Choice(["report", "fit", "all"]), default="all",
    show_default=True, help="report: only people that nothing was fitted on.",
)  # fmt: skip
@click.option("--model", "variant", type=model_choice, default="int8", show_default=True)
@no_cache
@json_option
def trials_templates(
    *, images: Path, impostors: tuple[Path, ...], half: str, variant: str, no_cache: bool,
    json_path: Path | None,
) -> None:  # fmt: skip
    """Measure the template protection: accuracy lost, unlinkability (D_sys), inversion.

    Rows are rotated and stored by the vault's own code under keys that are drawn for the trial.
    Nothing is fitted here, so all people count unless --people says otherwise.
    """
    from edge_atm.assurance import identify, templates
    from edge_atm.cli.trials_tables import templates_table
    from edge_atm.models import Models

    models = Models()
    with usable_data():
        inside, outside = identify.sides(images, impostors, half)
    found = embedded(models, inside + outside, [variant], cached=not no_cache)
    acquired = [pictures[VARIANTS[variant]] for pictures in found]
    enrolled, strangers = acquired[: len(inside)], acquired[len(inside) :]
    mean = models.mean_embedding()
    result: dict[str, object] = {
        "trial": "templates",
        "embedding_id": models.embedding_id,
        "model": variant,
        "half": half,
        "interval": identify.INTERVAL,
        "acquisition": identify.acquisition_failures(acquired),
    }
    with usable_data():
        with counting("comparing photographs"):
            result["photographs"] = templates.photographs(enrolled, mean)
        with counting("comparing templates"):
            result["templates"] = templates.templates(enrolled, strangers, mean)
        with counting("linking rows"):
            result["linkage"] = templates.linkage(enrolled)
        with counting("inverting rows"):
            result["inversion"] = templates.inversion(enrolled, mean)
    answer(result, json_path, templates_table(result))
