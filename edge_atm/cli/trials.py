"""`edge-atm trials`: how well the unit's own pipeline does on pictures that nobody here made."""

from edge_atm.cli.main import cli
from edge_atm.cli.trials_challenge import trials_challenge
from edge_atm.cli.trials_faces import trials_faces
from edge_atm.cli.trials_fit import trials_calibrate, trials_mean
from edge_atm.cli.trials_identify import trials_identify
from edge_atm.cli.trials_liveness import trials_liveness
from edge_atm.cli.trials_templates import trials_templates
from edge_atm.cli.trials_touch import trials_touch


@cli.group()
def trials() -> None:
    """Measurements on public data; every figure with its n. docs/trials.md explains them."""


for command in (
    trials_faces, trials_identify, trials_templates, trials_mean, trials_calibrate, trials_liveness,
    trials_challenge, trials_touch,
):  # fmt: skip
    trials.add_command(command)
