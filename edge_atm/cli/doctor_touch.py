"""What `edge-atm doctor` says of the touch habit: which models run, and what they learnt from."""

from edge_atm.config import Config
from edge_atm.models import Models
from edge_atm.touch.age_model import AgeModel
from edge_atm.touch.habit import NAMES, Habits


def health(config: Config) -> str:
    """Open the touch models where they are used. Raises ModelMismatch."""
    if not config.touch.use:
        return "off"
    wanted = config.touch.age_model
    if wanted is not None:
        AgeModel(wanted.path, wanted.sha256)
    models = Models()
    habits = Habits(models)
    # All of them are fitted to the same sets.
    data, licence = models.origin(next(iter(NAMES.values())))
    return (
        f"{len(NAMES)} models, habits are bound to {habits.habit_id}\n"
        f"trained on {data}\nlicence {licence}"
        + (f"\nage by {wanted.path}, sha256 {wanted.sha256[:12]}" if wanted else "")
    )
