"""The public sets' formats, on made-up rows, and the folds that never change."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from edge_atm.assurance import touch_folds
from edge_atm.assurance.touch_data import (
    read_holdandtap,
    read_kakaobank,
    read_sapipin,
    read_strokepin,
)
from edge_atm.assurance.touch_folds import fold_of, folds_of

STROKE = (
    "user,seq,pin,posture,tap,key,t_down,t_up,x_down,y_down,x_up,y_up,size_major,size_minor,"
    "size_max,orientation,pressure_down,pressure_max,n_move,keys_ok"
)


def packed(folder: Path, name: str, lines: list[str]) -> Path:
    (folder / name).write_bytes(gzip.compress("\n".join(lines).encode()))
    return folder


def stroke_rows(seq: int, up: str = "80", size: int = 180, ok: int = 1) -> list[str]:
    return [
        f"7,{seq},123456,sit,{tap},{tap},{tap * 200 - 200},{up and tap * 200 - 100},"
        f"197,118.1,0,0,{size},9,9,1.5,4,5,1,{ok}"
        for tap in range(1, 7)
    ]


def test_strokepin_keeps_right_keys_and_measures_from_their_centres(tmp_path: Path) -> None:
    lines = [STROKE, *stroke_rows(1), *stroke_rows(2, ok=0), *stroke_rows(3, up="")]
    lines += stroke_rows(4, size=0) + stroke_rows(5)
    found = read_strokepin(packed(tmp_path, "taps.csv.gz", lines))
    assert found.entry.tolist() == [1, 5]
    assert found.users.tolist() == ["7", "7"]
    assert found.pins.tolist() == ["123456"] * 2
    assert found.taps.shape == (2, 6, 6)
    assert found.taps[0, 1] == pytest.approx([0.2, 0.3, -404 / 360, 5.1 / 181, 0.5, 0.25])
    assert found.taps[0, 0, 2:4] == pytest.approx([0.1, 0.1])


def test_sapipin_is_timing_only(tmp_path: Path) -> None:
    lines = ["user,sample,tap,key,t_down,t_up"]
    lines += [
        f"3,{s},{t},{9 - t},{t * 100 - 100},{t * 100 - 40}" for s in (1, 2) for t in range(1, 7)
    ]
    found = read_sapipin(packed(tmp_path, "taps.csv.gz", lines))
    assert found.pins.tolist() == ["876543"] * 2
    assert found.taps[1, :, 0] == pytest.approx(np.arange(6) / 10)
    assert found.taps[1, :, 1] - found.taps[1, :, 0] == pytest.approx(0.06)
    assert np.isnan(found.taps[:, :, 2:]).all()


def test_holdandtap_goes_by_pairs_of_keys_whatever_its_header_says(tmp_path: Path) -> None:
    kinds = [("0", 8), ("1", 7), ("2", 7), ("3", 7)]
    header = [f"type{kind}_{i + 1}" for kind, n in kinds for i in range(n)]
    hold, gap = [60 + i for i in range(8)], [100 + 10 * i for i in range(7)]
    pairs = [n for i in range(7) for n in (gap[i], gap[i] + hold[i + 1], gap[i] + hold[i])]
    row = [*hold, *pairs, sum(hold) + sum(gap)]
    bad = [-5, *row[1:]]
    lines = [",".join([*header, "type4", "user", "activity"])]
    lines += [",".join(map(str, [*r, 2, "walking"])) for r in (row, bad)]
    found = read_holdandtap(packed(tmp_path, "touch_timing.csv.gz", lines))
    assert (found.users.tolist(), found.posture.tolist()) == (["2"], ["walking"])
    down, up = found.taps[0, :, 0], found.taps[0, :, 1]
    assert up - down == pytest.approx(np.array(hold) / 1000)
    assert down[1:] - up[:-1] == pytest.approx(np.array(gap) / 1000)


def kakao(folder: Path, times: str = "100,200,300,400,500") -> Path:
    header = "A_new,T1,T2,T3,T4,T5,X1,X2,X3,X4,X5,X6,Y1,Y2,Y3,Y4,Y5,Y6,B,C,D"
    (folder / "data.csv").write_text(
        f"{header}\nab,{times},.1,.2,.3,.4,.5,.6,.6,.5,.4,.3,.2,.1,1,5,0\n"
    )
    (folder / "users.csv").write_text("A_new,n,B,C,D,pin_structure\nab,1,1,5,0,ABCDEE\n")
    return folder


def test_kakaobank_counts_its_times_from_the_first_tap(tmp_path: Path) -> None:
    found = read_kakaobank(kakao(tmp_path))
    assert found.down_seconds[0] == pytest.approx(np.arange(6) / 10)
    assert found.xy[0, 1] == pytest.approx([0.2, 0.5])
    facts = found.users[0], found.structure[0], found.device[0], found.age[0]
    assert facts == ("ab", "ABCDEE", 1, 5)


def test_what_is_not_the_set_is_told(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        read_kakaobank(tmp_path)
    with pytest.raises(ValueError, match="not after the one before"):
        read_kakaobank(kakao(tmp_path, "100,200,200,400,500"))
    (kakao(tmp_path) / "users.csv").write_text("A_new,pin_structure\ncd,ABCDEE\n")
    with pytest.raises(ValueError, match="lacks a user"):
        read_kakaobank(tmp_path)
    with pytest.raises(ValueError, match="not of 6 taps"):
        read_strokepin(packed(tmp_path, "taps.csv.gz", [STROKE, *stroke_rows(1)[:-1]]))
    with pytest.raises(ValueError, match="other lengths"):
        read_sapipin(packed(tmp_path, "taps.csv.gz", ["user,sample", "1,2,3"]))
    with pytest.raises(ValueError, match="no column tap"):
        read_sapipin(packed(tmp_path, "taps.csv.gz", ["user,sample", "1,2"]))
    (tmp_path / "taps.csv.gz").write_bytes((tmp_path / "taps.csv.gz").read_bytes()[:-9])
    with pytest.raises(ValueError, match="is damaged"):
        read_sapipin(tmp_path)
    letters = [row.replace("sit,6,6", "sit,6,A") for row in stroke_rows(1)]
    with pytest.raises(ValueError, match="no digit"):
        read_strokepin(packed(tmp_path, "taps.csv.gz", [STROKE, *letters]))


def test_folds_and_tested_pins_never_change() -> None:
    assert [fold_of("kakaobank", u) for u in ("a", "b", "c", "d", "e")] == [0, 3, 4, 4, 3]
    assert folds_of("strokepin", np.array(["2", "3", "2"])).tolist() == [0, 2, 0]
    pins = [f"{n:06d}" for n in range(0, 2000, 100)]
    tested = {"001600", "000700", "000300", "000000", "000900", "001200"}
    assert touch_folds.tested_pins(pins) == touch_folds.tested_pins(pins[::-1] * 2) == tested
