"""`edge-atm trials touch`: whether the way a PIN is tapped tells who taps, or who is old."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge_atm.cli.progress import tracked
from edge_atm.cli.trials_shared import FOLDER, answer, counting, json_option, usable_data

if TYPE_CHECKING:
    from edge_atm.assurance.touch_trial import Row, Task

BUILD = (
    "No --models: the networks are left out. They are trained in half an hour by "
    "`make touch-train OUT=FOLDER`."
)


@click.command("touch")
@click.option(
    "--data", required=True, type=FOLDER,
    help="The folder of kakaobank/, strokepin/, sapipin/ and holdandtap/.",
)  # fmt: skip
@click.option(
    "--models", "nets_folder", type=FOLDER,
    help="Networks that `make touch-train` trained on the same folds; else they are left out.",
)  # fmt: skip
@json_option
def trials_touch(data: Path, nets_folder: Path | None, json_path: Path | None) -> None:
    """Measure touch habits on the public sets, five folds by users, fixed by a hash.

    EER of random impostors, and of those that know the PIN: same repeats of keys on a shuffled
    pad, the same PIN on a fixed one. With 1, 2, 3 and 5 enrolled entries; with 4, 5 and 6 taps; by
    what a panel tells. Controls: the PIN's repeats alone, the phone alone. Then 50 years and more.
    """
    from edge_atm.assurance.touch_age import age_figures
    from edge_atm.assurance.touch_nets import read_nets
    from edge_atm.assurance.touch_sets import read_sets
    from edge_atm.assurance.touch_trial import with_best
    from edge_atm.assurance.touch_unit import calibration_figures, released_tasks, unit_figures
    from edge_atm.cli.trials_touch_table import touch_table
    from edge_atm.models import Models

    models = Models()
    with usable_data():
        nets = [] if nets_folder is None else read_nets(nets_folder)
        sets = read_sets(data)
        tasks = sets.tasks(nets)
        tasks += released_tasks(models, tasks, sets.strokepin.taps)
        rows = _measured(tasks)
        with counting("age and calibration"):
            calibration = list(calibration_figures(models, tasks))
            age = list(age_figures(sets.kakaobank, [net for net in nets if net.tells_age]))
    result: dict[str, object] = {
        "trial": "touch",
        "interval": "95 %, percentile bootstrap over users, 1,000 resamples of each fold's users",
        "sets": sets.facts(),
        "networks": [f"{net.set} {net.name}" for net in nets],
        "rows": list(with_best(rows)),
        "age": age,
        "unit": unit_figures(models) | {"calibration": calibration},
    }
    answer(result, json_path, touch_table(result))
    if nets_folder is None:
        click.echo(BUILD, err=True)


def _measured(tasks: "list[Task]") -> "list[Row]":
    return [row for task in tracked(tasks, "measuring", len(tasks)) for row in task.run()]
