"""The touch trial's figures as tables for a reader; the JSON holds all of them."""

from collections.abc import Iterator, Sequence

from edge_atm.cli.trials_tables import Figures, drawn, wide_table

FULL = {"taps": 6, "enrolled": 5}
TITLES = {
    "kakaobank": "KakaoBank: shuffled pad, own PINs",
    "strokepin": "StrokePIN: one fixed pad, one session, impostors type the claimed PIN",
    "sapipin": "SapiPin: timing only, impostors type PINs of their own",
    "holdandtap": "HoldAndTap: timing only, impostors type numbers of their own",
}
IMPOSTORS = {
    "random": "random",
    "same_structure": "same repeats",
    "same_structure_device": "same and phone",
    "same_pin": "same PIN",
    "same_pin_later": "same, later",
    "same_pin_swapped": "same, 14 PINs",
}
NOTES = (
    "* lowest of its rows on the tested users, which flatters; 'chosen': the model that was "
    "lowest in the four other folds.",
    "Controls, which know no habit or no time: 'structure' (which taps share a key: the PIN), "
    "'device' (the phone), 'lstm_places', 'lstm_times'; of age 'device' and 'seconds'.",
    "Five entries enrolled, six taps; per user: of users with 5 genuine tests. Intervals of what "
    "follows: --json.",
)


def touch_table(result: Figures) -> str:
    """Return a table for each set, what fewer entries and taps cost, age, and the unit's time."""
    rows = result["rows"]
    parts = [_of_set(name, result["sets"][name], rows) for name in TITLES]
    parts += [*NOTES, _fewer(rows), _age(result["age"])]
    unit = result["unit"]
    parts.append(_calibration(unit["calibration"]))
    parts.append(
        f"One entry scored on this computer: {unit['milliseconds_per_entry']:.2f} ms of CPU, the "
        f"median of {unit['times']}, against {unit['entries_kept']} kept ones."
    )
    return "\n".join(parts)


def _of_set(name: str, facts: Figures, rows: Sequence[Figures]) -> str:
    title = f"{TITLES[name]} ({facts['users']} users, {facts['entries']} entries)"
    columns = "told", "model", "EER, 95 %", "per user, 95 %", "of", "users", "genuine", "impostor"
    table = wide_table(title, "impostors", *columns)
    for row in rows:
        if row["set"] == name and FULL.items() <= row.items():
            table.add_row(*_row(row))
    return drawn(table)


def _row(row: Figures) -> Iterator[str]:
    yield from (IMPOSTORS[row["protocol"]], row["level"], row["model"] + "*" * row["lowest"])
    yield _rate(row["eer"], row["interval_95"])
    own = row.get("eer_per_user")
    yield "-" if own is None else _rate(own, row["per_user_interval_95"])
    yield "-" if own is None else str(row["users_per_user"])
    yield from (str(row[name]) for name in ("users", "n_genuine", "n_impostor"))


def _fewer(rows: Sequence[Figures]) -> str:
    fewer: dict[tuple[str, ...], dict[str, str]] = {}
    for row in rows:
        named = (row["set"], IMPOSTORS[row["protocol"]], row["level"], row["model"])
        cells, told = fewer.setdefault(named, {}), f"{row['eer']:.3f}"
        if row["taps"] == FULL["taps"]:
            cells[f"{row['enrolled']}"] = told
        if row["enrolled"] == FULL["enrolled"]:
            cells[f"{row['taps']} taps"] = told
    counts = ["1", "2", "3", "4 taps", "5 taps", "6 taps"]
    title = "EER with 1, 2, 3 enrolled entries; and with 5 by the first 4, 5, 6 taps"
    table = wide_table(title, "set", "impostors", "told", "model", *counts)
    for labels, cells in fewer.items():
        if labels[3] != "chosen" and len(cells) > 2:
            table.add_row(*labels, *(cells.get(count, "") for count in counts))
    return drawn(table)


def _age(rows: Sequence[Figures]) -> str:
    title = "50 years and more, KakaoBank: by one entry, and by the mean of five"
    columns = "model", "phones", "entries", "EER, 95 %", "users (50+)", "of 50+", "of younger"
    table = wide_table(title, *columns)
    for row in rows:
        table.add_row(
            row["model"], row["devices"], str(row["entries"]),
            _rate(row["eer"], row["interval_95"]), f"{row['users']} ({row['users_old']})",
            str(row["n_genuine"]), str(row["n_impostor"]),
        )  # fmt: skip
    return drawn(table)


def _calibration(rows: Sequence[Figures]) -> str:
    title = "Released models on StrokePIN, same PIN: Cllr, and what the gate does"
    columns = "told", "taps", "Cllr", "least", "own below the gate", "of", "impostors below", "of"
    table = wide_table(title, *columns)
    for row in rows:
        cells = [row["level"], str(row["taps"]), f"{row['cllr']:.3f}", f"{row['cllr_min']:.3f}"]
        for name in ("genuine_below", "impostor_below"):
            found = row[name]
            cells += [_rate(found["rate"], found["interval_95"]), str(found["n"])]
        table.add_row(*cells)
    return drawn(table)


def _rate(eer: float, interval: Sequence[float]) -> str:
    figure, low, high = (f"{rate:.3f}".removeprefix("0") for rate in (eer, *interval))
    return f"{figure} {low}-{high}"
