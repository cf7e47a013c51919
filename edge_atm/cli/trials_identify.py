"""`edge-atm trials identify`: what a unit with these people enrolled would have done."""

from pathlib import Path

import click

from edge_atm.cli.trials_shared import (
    FOLDER,
    VARIANTS,
    Output,
    answer,
    counting,
    embedded,
    images,
    json_option,
    model_choice,
    no_cache,
    usable_data,
)  # fmt: skip


@click.command("identify")
@images
@click.option(
    "--impostors", multiple=True, type=FOLDER,
    help="More people for impostor probes, of the same shape; may be given more than once.",
)  # fmt: skip
@click.option("--template", type=click.IntRange(1, 100), default=5, show_default=True)
@click.option(
    "--probe", "probes", type=click.IntRange(1, 100), multiple=True, default=[1, 3],
    show_default=True, help="Photographs fused into a probe; may be given more than once.",
)  # fmt: skip
@click.option(
    "--people", "half", type=click.Choice(["report", "fit", "all"]), default="report",
    show_default=True, help="report: only people that nothing was fitted on.",
)  # fmt: skip
@click.option("--model", "variant", type=model_choice, default="int8", show_default=True)
@click.option(
    "--plot", "plot_path", type=Output(),
    help="Draw FNMR against FMR as an SVG picture.",
)  # fmt: skip
@no_cache
@json_option
def trials_identify(
    *, images: Path, impostors: tuple[Path, ...], template: int, probes: tuple[int, ...], half: str,
    variant: str, plot_path: Path | None, no_cache: bool, json_path: Path | None,
) -> None:  # fmt: skip
    """Enrol people of DIR with some photographs, probe with others of theirs and of everybody else.

    1:1 (FNMR at FMR), 1:N (FNIR, FPIR), how well likelihood ratios are calibrated, and how many
    pictures gave no face; a rate that so few comparisons cannot show is "not measurable".
    """
    from edge_atm.assurance import identify
    from edge_atm.assurance.det_plot import det_svg
    from edge_atm.cli.trials_tables import identify_table
    from edge_atm.models import Models

    models = Models()
    with usable_data():
        inside, outside = identify.sides(images, impostors, half)
    found = embedded(models, inside + outside, [variant], cached=not no_cache)
    acquired = [pictures[VARIANTS[variant]] for pictures in found]
    enrolled, strangers = acquired[: len(inside)], acquired[len(inside) :]
    result: dict[str, object] = {
        "trial": "identify",
        "embedding_id": models.embedding_id,
        "model": variant,
        "half": half,
        "interval": identify.INTERVAL,
        "acquisition": identify.acquisition_failures(acquired),
        "quality_gate": identify.quality_gate(acquired),
    }
    mean = models.mean_embedding()
    with usable_data(), counting("resampling people"):
        figures = [
            identify.identification(enrolled, strangers, mean, template, probe)
            for probe in dict.fromkeys(probes)
        ]
    result["probes"] = figures
    if plot_path:
        plot_path.write_text(det_svg(figures), encoding="utf-8")
        click.echo(f"{plot_path} written.", err=True)
    answer(result, json_path, identify_table(result))
