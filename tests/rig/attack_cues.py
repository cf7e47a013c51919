"""The unit's rules against attacks, one by one: which of them refuse what a look has shown."""

import math
from dataclasses import asdict, fields, replace
from typing import Any

from edge_atm.policy.decision import is_live
from edge_atm.records import Liveness

# No word of the look's: what `policy/match.py` makes of matched frames that are not one person's.
FRAMES_DISAGREE = "frames_disagree"
# The rules that may refuse; a fault's word belongs to one of the first four.
CUES = ("order", "motion", "one_face", "deny", "depth", "midline", "light")
FAULTS = dict.fromkeys(("begun_early", "not_begun", "wrong_turn", "not_turned"), "order")
FAULTS |= {"not_finished": "order", "face_jumped": "motion"}
FAULTS |= dict.fromkeys(("face_changed", "track_lost", "two_faces", "no_face"), "one_face")
FAULTS |= {FRAMES_DISAGREE: "one_face"}
FAULTS |= dict.fromkeys(("denied", "pad_error"), "deny")
MOST: dict[str, Any] = {field.name: math.inf for field in fields(Liveness)} | {"fault": None}
PASSED = Liveness(**MOST)
# What `Liveness` says of depth is whatever is not of the others.
APART = {"midline": ("midline",), "light": ("light_gain", "light_fit")}
DEPTH = {field.name for field in fields(Liveness)} - {"fault"}.union(*APART.values())
MEASURED = {"depth": tuple(DEPTH), **APART}


def cue_of(fault: str) -> str:
    """Return which of CUES a fault's word belongs to."""
    return FAULTS.get(fault, "order")


def refusing(liveness: Liveness) -> frozenset[str]:
    """Return which of CUES refuse this: each is asked alone, all others held for passed."""
    seen = asdict(liveness)
    alone = {
        cue: replace(PASSED, **{name: seen[name] for name in names})
        for cue, names in MEASURED.items()
    }
    refuse = {cue for cue, one in alone.items() if not is_live(one)}
    return frozenset(refuse | ({cue_of(liveness.fault)} if liveness.fault else set()))
