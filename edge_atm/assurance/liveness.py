"""The liveness trial: APCER and BPCER of the deny cues, and whether each cue earns its place."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from edge_atm.assurance.liveness_frames import FRAMES_PER_CLIP, Shown
from edge_atm.assurance.rates import Scores, allowed, clopper_pearson
from edge_atm.vision.deny import Cue

INTERVAL = (
    "95 %, Clopper-Pearson, as if presentations were independent; those of one person are not, so "
    "it is too narrow"
)
# A source with fewer presentations is listed, and no rate of it is judged.
JUDGED_MIN = 20
BPCER_MAX = 0.05
# A cue ships when, with its limit from other sources, it denies so many attacks in so many sources.
CUE_BPCER_MAX, CUE_DENIES_MIN, CUE_SOURCES_MIN = 0.02, 0.10, 2


def figures(shown: Sequence[Shown], cues: Sequence[Cue]) -> dict[str, Any]:
    """Return the whole trial as JSON holds it."""
    sources = sorted({one.presentation.source for one in shown})
    groups = [
        group(source, [one for one in shown if one.presentation.source == source], cues)
        for source in sources
    ]
    judged = [g["bona_fide"] for g in groups if g["bona_fide"] and g["bona_fide"]["judged"]]
    return {
        "cues": [{"cue": cue.word, "limit": cue.limit} for cue in cues],
        "interval": INTERVAL,
        "frames_per_clip": FRAMES_PER_CLIP,
        "judged_min": JUDGED_MIN,
        "bpcer_max": BPCER_MAX,
        "bpcer_kept": all(one["bpcer"] <= BPCER_MAX for one in judged),
        "sources": groups,
        "all_sources": group("all", shown, cues),
        "leave_one_out": [left_out(shown, cue, number) for number, cue in enumerate(cues)],
    }


def group(source: str, shown: Sequence[Shown], cues: Sequence[Cue]) -> dict[str, Any]:
    """Return the figures of one source: bona fide, and each species of attack instrument."""
    species = sorted({one.presentation.species for one in shown} - {None}, key=str)
    real = [one for one in shown if one.presentation.species is None]
    return {
        "source": source,
        "bona_fide": _rates(real, cues, "bpcer") if real else None,
        "attacks": [
            {"pai_species": kind}
            | _rates([one for one in shown if one.presentation.species == kind], cues, "apcer")
            for kind in species
        ],
    }


def left_out(shown: Sequence[Shown], cue: Cue, number: int) -> dict[str, Any]:
    """Return how one cue does on each source with its limit chosen on the others' bona fide.

    Those count as they are and at half their size: attacks show smaller faces than live people do,
    and a cue that reads the size must not pass for one that reads the attack. `ships` is None when
    no limit could be chosen.
    """
    sources = sorted({one.presentation.source for one in shown})
    rows = [_left_out(shown, source, number) for source in sources]
    earned = [row["source"] for row in rows if row["earned"]]
    judged = [row["source"] for row in rows if row["earned"] and row["judged"]]
    measured = any(row["limit"] is not None for row in rows)
    ships = len(judged) >= CUE_SOURCES_MIN if measured else None
    return {"cue": cue.word, "ships": ships, "earned_in": earned, "judged_in": judged, "of": rows}


def _left_out(shown: Sequence[Shown], source: str, number: int) -> dict[str, Any]:
    usual = [score for one in shown if one.presentation.source != source
             for score in _live_scores(one, number)]  # fmt: skip
    limit = sorted(usual, reverse=True)[int(allowed(len(usual), CUE_BPCER_MAX))] if usual else None
    row: dict[str, Any] = {"source": source, "limit": limit, "earned": False, "judged": False}
    if limit is None or not np.isfinite(limit):
        return row | {"limit": None, "note": "not measurable: no bona fide in other sources"}
    own = [one for one in shown if one.presentation.source == source and len(one.faces)]
    real = [score for one in own for score in _live_scores(one, number)]
    attacks = [_most(one.faces[:, number]) for one in own if one.presentation.species is not None]
    refused, denied = sum(s > limit for s in real), sum(s > limit for s in attacks)
    row |= {
        "bona_fide": _share(refused, len(real)),
        "attacks": _share(denied, len(attacks)),
        "judged": min(len(real) / 2, len(attacks)) >= JUDGED_MIN,
    }
    if real and attacks:
        kept = refused / len(real) <= CUE_BPCER_MAX
        row["earned"] = kept and denied / len(attacks) >= CUE_DENIES_MIN
    return row


def _live_scores(one: Shown, number: int) -> list[float]:
    if one.presentation.species is not None or not len(one.faces):
        return []
    return [_most(one.faces[:, number]), _most(one.halved[:, number])]


def _most(scores: Scores) -> float:
    """Return what more than half of the frames must exceed for a denial: the lower median."""
    # What could not be decided is denied: beyond any limit.
    return float(np.sort(np.where(np.isnan(scores), np.inf, scores))[(len(scores) - 1) // 2])


def _rates(shown: Sequence[Shown], cues: Sequence[Cue], key: str) -> dict[str, Any]:
    named = {(one.presentation.source, one.presentation.subject) for one in shown}
    lost = Counter(one.lost for one in shown if one.lost)
    failing = Counter(one.failing for one in shown if one.failing)
    passed = [one.passed for one in shown if len(one.passed)]
    return {
        "presentations": len(shown),
        "clips": sum(not one.presentation.is_still for one in shown),
        "subjects": sum(bool(subject) for _, subject in named),
        "of_unknown_subjects": sum(not one.presentation.subject for one in shown),
        "acquisition": {
            "fta": lost.total() / len(shown),
            "failed": lost.total(),
            "reasons": dict(lost.most_common()),
        },
        "quality_gate": {
            "refused": failing.total(),
            "first_failing": dict(failing.most_common()),
        },
        "judged": len(passed) >= JUDGED_MIN,
        **_classified(passed, cues, key),
        "any_face": _classified([one.faces for one in shown if len(one.faces)], cues, key),
    }


def _classified(scores: Sequence[Scores], cues: Sequence[Cue], key: str) -> dict[str, Any]:
    """Return how many presentations most of whose frames were denied, and the error rate."""
    # Not at or under the limit: NaN denies.
    over = [~(one <= [cue.limit for cue in cues]) for one in scores]
    denied = sum(2 * int(one.any(axis=1).sum()) > len(one) for one in over)
    each = [
        {"cue": cue.word, "denied": sum(2 * int(one[:, at].sum()) > len(one) for one in over)}
        for at, cue in enumerate(cues)
    ]
    errors = denied if key == "bpcer" else len(over) - denied
    share = _share(errors, len(over))
    return {"n": len(over), "denied": denied, "denied_by": each, key: share["rate"],
            "interval_95": share["interval_95"]}  # fmt: skip


def _share(count: int, total: int) -> dict[str, Any]:
    rate = count / total if total else None
    span = list(clopper_pearson(count, total)) if total else None
    return {"count": count, "n": total, "rate": rate, "interval_95": span}
