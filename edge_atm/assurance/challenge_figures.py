"""What the gates of the unit say to head turns and to photo twins, each cue by itself."""

import math
from collections.abc import Mapping, Sequence

from edge_atm.assurance.challenge import Seen
from edge_atm.assurance.twins import PRINTS, YAW_DEGREES, Print
from edge_atm.policy import decision
from edge_atm.records import Liveness
from edge_atm.vision.quality import MATCHING

INF = math.inf
# One flicker of a false second face is no crowd.
CROWD_PART = 0.05
# The two confirm cues of geometry. A bend or crease along the nose moves it as a head does, but
# keeps its line straight; a bend across it curves the line, but has no depth to the sides.
CUES = ("depth", "midline")
NOT_FOR = {"creased_upright": "depth", "bent_level": "midline"}
Figures = dict[str, object]


def gates() -> Figures:
    """Return the unit's gates, in eye distances."""
    return {
        "turn_range": decision.TURN_RANGE_MIN,
        "nose_residual": decision.NOSE_RESIDUAL_MIN,
        "nose_depth": decision.NOSE_DEPTH_MIN,
        "midline": decision.MIDLINE_MIN,
    }


def clip_figures(name: str, attack: bool, seen: Seen) -> Figures:
    """Return what one clip showed; `reason` says why its turn cannot be judged, or is None."""
    reason = _reason(seen)
    figures: Figures = {
        "clip": name,
        "presentation": "replay" if attack else "bona_fide",
        "frames": len(seen.trace),
        "reason": reason,
    }
    if seen.trace:
        figures |= {"eye_distance_px": round(seen.eye_distance_px, 1)} | _measured(seen)
    if reason is None:
        depth, line = judged(seen, seen.midline)
        figures |= {"accepted_by": {"depth": depth, "midline": line}}
        figures |= {"margin": _margins(seen, seen.midline)}
    return figures


def _reason(seen: Seen) -> str | None:
    if seen.lost is not None:
        return seen.lost
    if seen.breaks["two_faces"] > CROWD_PART * (len(seen.trace) + seen.breaks.total()):
        return "two_faces"
    if not seen.trace:
        return "no_face"
    if not seen.eye_distance_px >= MATCHING.eye_distance_px_min:
        return "too_small"
    if not seen.turn_range >= decision.TURN_RANGE_MIN:
        return "turn_too_small"
    return None if math.isfinite(seen.nose_residual) else "one_side_only"


def twin_figures(name: str, held: Print, shown: Seen) -> Figures:
    """Return what one print showed, and which cue refuses it; each of its sides counts alone."""
    applies = [cue for cue in CUES if not held.species.startswith(_spared(cue))]
    sides = [side.midline for side in (shown.left, shown.right)]
    line = max((value for value in sides if math.isfinite(value)), default=math.nan)
    depth, straight = judged(shown, line)
    return {
        "clip": name,
        "species": held.species,
        "applies": applies,
        "refused_by": {"depth": not depth, "midline": not straight},
        "margin": _margins(shown, line),
    } | _measured(shown)


def _spared(cue: str) -> tuple[str, ...]:
    return tuple(species for species, spared in NOT_FOR.items() if spared == cue)


def judged(seen: Seen, midline: float) -> tuple[bool, bool]:
    """Return whether the unit's gates on depth hold, and that on the midline, each by itself."""
    shown = seen.turn_range, seen.nose_residual, seen.nose_depth
    depth = Liveness(*shown, INF, INF, INF, None)
    line = Liveness(INF, INF, INF, midline, INF, INF, None)
    return decision.is_live(depth), decision.is_live(line)


def species_figures(twins: Sequence[Mapping[str, object]]) -> list[Figures]:
    """Return one row for each kind of print: how many, refused by which cue, the nearest miss."""
    return [_species(held, [t for t in twins if t["species"] == held.species]) for held in PRINTS]


def _species(held: Print, twins: Sequence[Mapping[str, object]]) -> Figures:
    def most(key: str) -> float | None:
        values = [value for t in twins if isinstance(value := t[key], float)]
        return max(values, default=None)

    def refused(cue: str) -> int:
        return sum(1 for t in twins if isinstance(by := t["refused_by"], dict) and by[cue])

    return {
        "species": held.species,
        "n": len(twins),
        "yaw_degrees": YAW_DEGREES,
        "applies": twins[0]["applies"] if twins else [],
        "refused_by": {cue: refused(cue) for cue in CUES},
        "turn_range_most": most("turn_range"),
        "nose_residual_most": most("nose_residual"),
        "nose_depth_most": most("nose_depth"),
        "midline_most": most("midline_most"),
    }


def _measured(seen: Seen) -> Figures:
    sides = {"left": seen.left, "right": seen.right}
    lines = [side.midline for side in sides.values() if math.isfinite(side.midline)]
    return {
        "turn_range": _known(seen.turn_range),
        "nose_residual": _known(seen.nose_residual),
        "nose_depth": _known(seen.nose_depth),
        "midline_most": _known(max(lines, default=math.nan)),
        "sides": {
            name: {"reached": _known(side.reached), "midline": _known(side.midline)}
            for name, side in sides.items()
        },
    }


def _margins(seen: Seen, midline: float) -> Figures:
    return {
        "nose_residual": _known(seen.nose_residual - decision.NOSE_RESIDUAL_MIN),
        "nose_depth": _known(seen.nose_depth - decision.NOSE_DEPTH_MIN),
        "midline": _known(midline - decision.MIDLINE_MIN),
    }


def _known(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None
