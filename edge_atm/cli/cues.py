"""Which deny cues a unit asks: those that ship, and the operator's own net where there is one."""

from edge_atm.config import Config
from edge_atm.vision.cues.pad_model import PadModel
from edge_atm.vision.deny import SHIPPED, Cue, pad_cue


def cues_of(config: Config) -> tuple[Cue, ...]:
    """Return the cues of this configuration. Raises ModelMismatch for a net that is not as said."""
    wanted = config.pad_model
    if wanted is None:
        return SHIPPED
    model = PadModel(
        wanted.path, wanted.sha256, wanted.crop_scale, wanted.live_index, wanted.softmax
    )
    return (*SHIPPED, pad_cue(model, wanted.deny_below))
