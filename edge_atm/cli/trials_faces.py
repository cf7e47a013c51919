"""`edge-atm trials faces`: the LFW pairs protocol."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge_atm.cli.trials_shared import (
    FILE,
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

if TYPE_CHECKING:
    from edge_atm.assurance.acquisition import Picture
    from edge_atm.assurance.lfw import Protocol
    from edge_atm.assurance.pairs import Pair
    from edge_atm.models import Models


@click.command("faces")
@images
@click.option("--pairs", "pairs_path", required=True, type=FILE, help="LFW's pairs.txt format.")
@click.option("--folds", help="Which of the list's folds, such as 1-5 or 1,2,4; all by default.")
@click.option(
    "--model", "variants", type=model_choice, multiple=True, default=["int8"], show_default=True,
    help="May be given twice, to compare on the same crops; fp32 is built by `make export`.",
)  # fmt: skip
@no_cache
@json_option
def trials_faces(
    images: Path, pairs_path: Path, folds: str | None, variants: tuple[str, ...], no_cache: bool,
    json_path: Path | None,
) -> None:  # fmt: skip
    """LFW pairs protocol: accuracy with each fold's threshold chosen on the other folds.

    The face nearest the middle is compared in three ways: one crop, one crop with the released mean
    subtracted as the unit does, and both it and its mirror image with the other folds' mean
    subtracted.
    """
    from edge_atm.assurance import pairs as lists
    from edge_atm.assurance.lfw import configurations, failures
    from edge_atm.cli.trials_tables import faces_table
    from edge_atm.models import Models

    models, variants = Models(), tuple(dict.fromkeys(variants))
    with usable_data():
        pairs = lists.of_folds(lists.read_pairs(pairs_path), _folds(folds))
    wanted, found = _embedded(models, images, pairs, variants, no_cache)
    result: dict[str, object] = {
        "trial": "faces",
        "embedding_id": models.embedding_id,
        "folds": sorted({pair.fold for pair in pairs}),
        "people": len({name for name, _ in wanted}),
        "interval": "percentile bootstrap over people; thresholds are learnt anew in each resample",
    }
    measured = {}
    with usable_data(), counting("resampling people"):
        for variant in variants:
            each = (pictures[VARIANTS[variant]].sample for pictures in found)
            samples = dict(zip(wanted, each, strict=True))
            result["acquisition"] = failures(pairs, samples)
            measured[variant] = configurations(pairs, samples, models.mean_embedding())
        result["models"] = {
            variant: {name: protocol.figures() for name, protocol in ways.items()}
            for variant, ways in measured.items()
        }
        result["differences"] = _differences(measured)
    answer(result, json_path, faces_table(result))


def _embedded(
    models: "Models", images: Path, pairs: "list[Pair]", variants: tuple[str, ...], no_cache: bool
) -> "tuple[list[tuple[str, int]], list[dict[str, Picture]]]":
    from edge_atm.assurance.pairs import picture_path

    wanted = sorted({picture for pair in pairs for picture in (pair.one, pair.other)})
    paths = [picture_path(images, picture) for picture in wanted]
    if missing := [path for path in paths if not path.exists()]:
        raise click.ClickException(
            f"there is no picture {missing[0]}, nor {len(missing) - 1} others of the list: "
            "check --images, or name with --folds the folds whose pictures you have."
        )
    return wanted, embedded(models, paths, variants, cached=not no_cache)


def _folds(words: str | None) -> list[int] | None:
    # "1-5", "3,4" and "1-3,5" name folds; None names all.
    if words is None:
        return None
    parts = [re.fullmatch(r"(\d{1,3})(?:-(\d{1,3}))?", part) for part in words.split(",")]
    spans = [range(int(part[1]), int(part[2] or part[1]) + 1) for part in parts if part]
    if not (all(parts) and all(spans)):
        raise click.BadParameter(f"{words!r} names no folds; write 1-5 or 1,2,4")
    return [fold for span in spans for fold in span]


def _differences(measured: "Mapping[str, Mapping[str, Protocol]]") -> list[dict[str, object]]:
    # Of the same resamples, so what both models find hard cancels out.
    from edge_atm.assurance.resampling import interval_95

    first, *others = measured
    found: list[dict[str, object]] = []
    for other in others:
        for name, one in measured[first].items():
            two = measured[other][name]
            mean = float(one.accuracies.mean() - two.accuracies.mean())
            spread = one.resampled_accuracy - two.resampled_accuracy
            found.append(
                {
                    "configuration": name,
                    "of": [first, other],
                    "accuracy": mean,
                    "interval_95": interval_95(mean, spread),
                }
            )
    return found
