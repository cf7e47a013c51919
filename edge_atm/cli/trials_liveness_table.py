"""The liveness trial's figures as short tables for a reader."""

from edge_atm.cli.trials_tables import Figures, drawn, wide_table

PLACE = {True: "earns its place", False: "does not earn its place", None: "not measurable"}


def liveness_table(result: Figures) -> str:
    """Return the figures as two short tables."""
    columns = ("source", "shown", "FTA", "gate", "n", "denied", "rate", "95 %", "any")
    rates = wide_table("Deny cues: BPCER of live people, APCER of attacks", *columns)
    rates.columns[0].no_wrap = rates.columns[1].no_wrap = True
    for group in (*result["sources"], result["all_sources"]):
        for found in (group["bona_fide"], *group["attacks"]):
            if found:
                rates.add_row(group["source"], *_row(found))
    lines = [drawn(rates)]
    headings = ("source left out", "limit", "live denied", "attacks denied", "95 %", "earned")
    for cue in result["leave_one_out"]:
        title = f"{cue['cue']}, its limit chosen on the other sources: {PLACE[cue['ships']]}"
        shares = wide_table(title, *headings)
        for row in cue["of"]:
            shares.add_row(*_left_out(row))
        lines.append(drawn(shares))
    kept = "kept" if result["bpcer_kept"] else "NOT KEPT"
    lines.append(f"BPCER <= {result['bpcer_max']:.0%} on every judged source: {kept}.")
    return "\n".join(lines)


def _row(found: Figures) -> list[str]:
    key = "bpcer" if "bpcer" in found else "apcer"
    kind = found.get("pai_species", "live")
    any_face = found["any_face"]
    return [
        f"{found['presentations']} {kind}",
        str(found["acquisition"]["failed"]),
        str(found["quality_gate"]["refused"]),
        str(found["n"]),
        str(found["denied"]),
        f"{key.upper()} {found[key]:.0%}" if found["judged"] else "n < 20",
        _span(found["interval_95"]),
        f"{any_face['denied']}/{any_face['n']}",
    ]


def _left_out(row: Figures) -> list[str]:
    if row["limit"] is None:
        return [row["source"], "-", "-", "-", "-", row["note"]]
    live, attacks = row["bona_fide"], row["attacks"]
    earned = "yes" if row["earned"] else "no"
    return [
        row["source"],
        f"{row['limit']:.3f}",
        f"{live['count']}/{live['n']}",
        f"{attacks['count']}/{attacks['n']}",
        _span(attacks["interval_95"]),
        earned if row["judged"] else f"{earned}, n < 20",
    ]


def _span(span: list[float] | None) -> str:
    return f"{span[0]:.0%}-{span[1]:.0%}" if span else "-"
