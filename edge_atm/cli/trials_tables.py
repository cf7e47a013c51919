"""The trials' figures as short tables for a reader; the JSON holds all of them."""

import io
from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

WIDTH = 100
Figures = Mapping[str, Any]


def faces_table(result: Figures) -> str:
    """Return the LFW figures of each model and way to compare."""
    columns = ("model", "way to compare", "accuracy ± sd", "95 %", "EER")
    table = wide_table("LFW protocol", *columns, "TAR @ 1e-2", "TAR @ 1e-3")
    for model, ways in result["models"].items():
        for name, way in ways.items():
            tars = [_rate(point, "tar") for point in way["tar_at_far"]]
            accuracy = f"{way['accuracy']:.4f} ± {way['accuracy_sd']:.4f}"
            table.add_row(
                model, name, accuracy, _span(way["interval_95"]), f"{way['eer']:.4f}", *tars
            )
    lines = [drawn(table), _acquired(result["acquisition"])]
    lines += [
        f"{name}: {found['of'][0]} - {found['of'][1]} = {found['accuracy']:+.4f} "
        f"({_span(found['interval_95'])})"
        for found in result["differences"]
        for name in [found["configuration"]]
    ]
    return "\n".join(lines)


def identify_table(result: Figures) -> str:
    """Return the identification figures of each size of probe."""
    lines = []
    for probe in result["probes"]:
        title = (
            f"Template of {probe['template']}, probe of {probe['probe']}: {probe['people']} people "
            f"({result['half']}), {probe['impostor_people']} strangers, "
            f"{probe['n_impostor']} impostor comparisons"
        )
        table = wide_table(title, "at", "FNMR", "95 %", "people who erred")
        fixed = probe["at_score_min"]
        for point in [*probe["fnmr_at_fmr"], fixed]:
            at = f"FMR {point['fmr']:.0e}"
            if point is fixed:
                at = f"score {fixed['threshold']}: FMR {_false(fixed, 'fmr')}"
            erred = str(point.get("people_with_errors", ""))
            table.add_row(at, _rate(point, "fnmr"), _interval(point), erred)
        quality, search = probe["score_quality"], probe["search"][-1]
        lines += [
            drawn(table),
            f"Cllr {quality['cllr']:.4f}, Cllr_min {quality['cllr_min']:.4f}, "
            f"ECE {quality['ece']:.4f} at a prior of {quality['prior']}",
            f"1:{search['gallery']}: {_search(search)}",
        ]
    gate = result["quality_gate"]
    lines.append(
        f"{_acquired(result['acquisition'])} Of {gate['pictures']} faces the unit's gate for "
        f"matching would refuse {gate['refused']}; whatever their size: "
        f"{gate['refused_but_for_eye_distance']}."
    )
    return "\n".join(lines)


def calibrate_table(result: Figures) -> str:
    """Return the fitted constants, and how both halves of the people do."""
    lines = [f"{name} = {value:.3f}" for name, value in result["constants"].items()]
    for half in ("fit", "report"):
        found = result[half]
        reached = ", ".join(
            f"{kind} {found[f'{kind}_matched']} of {found[kind]}"
            for kind in ("genuine", "fused", "single")
        )
        lines.append(
            f"{half}: {found['people']} people, {found['strangers']} strangers; "
            f"reach SCORE_MIN: {reached}"
        )
        for which, key in (("released", "score_quality"), ("fitted", "score_quality_fitted")):
            quality = found[key]
            lines.append(
                f"  {which} ratios: Cllr {quality['cllr']:.4f}, Cllr_min "
                f"{quality['cllr_min']:.4f}, ECE {quality['ece']:.4f}"
            )
    return "\n".join(lines)


def templates_table(result: Figures) -> str:
    """Return what each way of keeping templates loses, what links rows, what a thief learns."""
    fused = result["templates"]
    lines = [
        _ways(result["photographs"], "One photograph against one"),
        _ways(fused, f"Template of {fused['template']}, probe of {fused['probe']}"),
    ]
    table = wide_table(
        "Linking rows (0 none, 1 all)", "", "D_sys", "95 %", "floor", "above it", "mated"
    )
    for name, found in result["linkage"].items():
        table.add_row(
            name, f"{found['d_sys']:.4f}", _span(found["interval_95"]), f"{found['floor']:.4f}",
            f"{found['excess']:+.4f}", str(found["n_mated"]),
        )  # fmt: skip
    lines.append(drawn(table))
    table = wide_table(
        "Inversion", "profile", "thief has", "cosine", "same template", "another one"
    )
    for profile, knowing in result["inversion"].items():
        for known, found in knowing.items():
            reached = (found[which] for which in ("same_template", "other_template"))
            shares = [f"{one['accepted']} of {one['attempts']}" for one in reached]
            has = known.replace("_", " ")
            table.add_row(profile, has, f"{found['cosine']:.4f}", *shares)
    lines += [drawn(table), _acquired(result["acquisition"])]
    return "\n".join(lines)


def _ways(found: Figures, title: str) -> str:
    title = f"{title}: {found['n_genuine']} genuine, {found['n_impostor']} impostor comparisons"
    columns = (
        f"FNMR @ {point['fmr']:.0e} (loss)" for point in found["ways"]["unprotected"]["fnmr_at_fmr"]
    )
    table = wide_table(title, "way", *columns)
    for name, way in found["ways"].items():
        table.add_row(name, *(_with_loss(point) for point in way["fnmr_at_fmr"]))
    return drawn(table)


def _with_loss(point: Figures) -> str:
    loss = f" ({point['loss_points']:+.3f})" if "loss_points" in point else ""
    return _rate(point, "fnmr") + loss


def _search(search: Figures) -> str:
    if "at_fpir" not in search:
        return str(search["note"])
    point = search["at_fpir"]
    fixed = search["at_score_min"]
    return (
        f"FNIR at FPIR {point['fpir']:.0e}: {_rate(point, 'fnir')}; at score {fixed['threshold']}: "
        f"FNIR {fixed['fnir']:.4f}, FPIR {_false(fixed, 'fpir')} "
        f"({search['n_mated']} mated, {search['n_non_mated']} non-mated searches)"
    )


def _false(fixed: Figures, name: str) -> str:
    # None seen is not a rate of nought.
    upper = f"{name}_upper_95"
    return f"below {fixed[upper]:.1e}" if upper in fixed else f"{fixed[name]:.1e}"


def _acquired(found: Figures) -> str:
    reasons = ", ".join(f"{word} {count}" for word, count in found["reasons"].items())
    by_reason = f" ({reasons})" if reasons else ""
    return f"FTA: {found['failed']} of {found['pictures']} pictures{by_reason}."


def _rate(point: Figures, name: str) -> str:
    return str(point["note"]) if point[name] is None else f"{point[name]:.4f}"


def _interval(point: Figures) -> str:
    if "interval_95" not in point:
        return ""
    # Where nobody erred the bootstrap knows no error either.
    bound = f"below {point['upper_95']:.4f}" if "upper_95" in point else ""
    return bound or _span(point["interval_95"])


def _span(interval: Iterable[float]) -> str:
    low, high = interval
    return f"{low:.4f} to {high:.4f}"


def wide_table(title: str, *columns: str) -> Table:
    """Return an empty table."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for column in columns:
        table.add_column(column)
    return table


def drawn(table: Table) -> str:
    """Return the table as text of WIDTH signs."""
    console = Console(file=io.StringIO(), width=WIDTH)
    with console.capture() as captured:
        console.print(table)
    return captured.get().rstrip()
