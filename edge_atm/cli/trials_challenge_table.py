"""The challenge trial's figures as short tables for a reader: real ones and rendered ones apart."""

from edge_atm.cli.trials_tables import Figures, drawn, wide_table

REASONS = {
    "not_a_clip": "cannot be read",
    "no_face": "no face",
    "two_faces": "more than one person",
    "too_small": "the face is too small",
    "turn_too_small": "the head turns too little",
    "one_side_only": "the head turns to one side only",
}


def challenge_table(result: Figures) -> str:
    """Return both tables, and the clips that cannot be judged, each with the reason."""
    gates, clips = result["gates"], result["clips"]
    judged = [clip for clip in clips if clip["reason"] is None]
    live = sum(clip["presentation"] == "bona_fide" for clip in judged)
    lines = [
        f"Gates: range {gates['turn_range']}, D {gates['nose_residual']}, midline "
        f"{gates['midline']} eye distances, depth by the angle {gates['nose_depth']} of the way "
        "from the eyes to the mouth. Margins in brackets."
    ]
    title = f"Real clips that reach the angle: {live} bona fide, {len(judged) - live} replays"
    table = wide_table(
        title, "clip", "range", "D", "depth", "midline left", "right", "geometry says"
    )
    for clip in judged:
        table.add_row(*_clip_row(clip))
    lines += [
        drawn(table),
        "So few clips give no rate. A replay moves as a head: light refuses it.",
    ]
    apart = [clip for clip in clips if clip["reason"] is not None]
    lines += [f"Not judged, {REASONS[clip['reason']]}: {clip['clip']}" for clip in apart]
    title = "Photo twins (rendered), turned to both sides: how many each cue refuses, and the most"
    table = wide_table(
        title, "print", "n", "by depth", "by midline", "range", "D", "depth", "midline"
    )
    for species in result["species"]:
        table.add_row(*_species_row(species))
    lines += [drawn(table), "A cue in brackets does not apply to that print."]
    return "\n".join(lines)


def _clip_row(clip: Figures) -> list[str]:
    margin, sides, accepted = clip["margin"], clip["sides"], clip["accepted_by"]
    refusing = [cue for cue, holds in accepted.items() if not holds]
    what = "replay: " if clip["presentation"] == "replay" else ""
    return [
        clip["clip"],
        _figure(clip["turn_range"]),
        f"{_figure(clip['nose_residual'])} ({_signed(margin['nose_residual'])})",
        f"{_figure(clip['nose_depth'])} ({_signed(margin['nose_depth'])})",
        _figure(sides["left"]["midline"], 3),
        f"{_figure(sides['right']['midline'], 3)} ({_signed(margin['midline'])})",
        what + (f"refused: {', '.join(refusing)}" if refusing else "a head"),
    ]


def _species_row(species: Figures) -> list[str]:
    def refused(cue: str) -> str:
        count = f"{species['refused_by'][cue]} of {species['n']}"
        return count if cue in species["applies"] else f"({count})"

    return [
        species["species"],
        str(species["n"]),
        refused("depth"),
        refused("midline"),
        _figure(species["turn_range_most"]),
        _figure(species["nose_residual_most"]),
        _figure(species["nose_depth_most"]),
        _figure(species["midline_most"], 3),
    ]


def _figure(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _signed(value: float | None) -> str:
    return "unknown" if value is None else f"{value:+.3f}"
