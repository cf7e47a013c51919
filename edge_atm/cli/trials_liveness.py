"""`edge-atm trials liveness`: what the deny cues do to live people and to attacks."""

from pathlib import Path

import click

from edge_atm.cli.main import Options
from edge_atm.cli.progress import tracked
from edge_atm.cli.trials_shared import FILE, FOLDER, answer, json_option, usable_data


@click.command("liveness")
@click.option("--root", required=True, type=FOLDER, help="Where the files of the list are.")
@click.option(
    "--labels", required=True, type=FILE,
    help="CSV: path,source,label,attack_type,subject; label is real or attack.",
)  # fmt: skip
@click.option("--pad-model", is_flag=True, help="Also ask the net of [pad_model] of --config.")
@json_option
@click.pass_obj
def trials_liveness(
    options: Options, root: Path, labels: Path, pad_model: bool, json_path: Path | None
) -> None:
    """Ask the deny cues about stills and clips, live (real) and attacks.

    APCER per species of attack and source, BPCER of what passes the unit's quality gate, failures
    to acquire apart; and what each cue does on a source that its limit was not chosen on. Sources
    with fewer than 20 presentations are listed, not judged. A clip counts once.
    """
    from edge_atm.assurance.liveness import figures
    from edge_atm.assurance.liveness_frames import Showing
    from edge_atm.assurance.liveness_labels import read_labels
    from edge_atm.cli.cues import cues_of
    from edge_atm.cli.trials_liveness_table import liveness_table
    from edge_atm.config import read_config
    from edge_atm.errors import ConfigError
    from edge_atm.models import Models
    from edge_atm.vision.deny import SHIPPED

    cues = SHIPPED
    if pad_model:
        cues = cues_of(read_config(options.config_path))
        if cues == SHIPPED:
            raise ConfigError(f"{options.config_path} has no [pad_model]")
    with usable_data():
        presentations = read_labels(root, labels)
    showing = Showing(Models(), cues)
    shown = [
        showing.shown(presentation)
        for presentation in tracked(presentations, "looking", len(presentations))
    ]
    result: dict[str, object] = {"trial": "liveness", **figures(shown, cues)}
    answer(result, json_path, liveness_table(result))
