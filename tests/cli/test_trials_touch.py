"""The touch trial as a command, on made-up people's taps in the public sets' formats."""

import json
from pathlib import Path
from typing import Any

import click
import pytest

from edge_atm.assurance import resampling, touch_unit
from tests.cli.conftest import Cli
from tests.rig.tapped_sets import named, write_sets
from tests.rig.touch_nets import write_nets

pytestmark = pytest.mark.slow
Rows = dict[tuple[Any, ...], dict[str, Any]]


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resampling, "RESAMPLES", 30)
    monkeypatch.setattr(touch_unit, "TIMES", 3)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sets(tmp_path_factory.mktemp("touch") / "data")


@pytest.fixture(scope="module")
def nets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    users = named("kakaobank")
    folder = tmp_path_factory.mktemp("touch") / "nets"
    return write_nets(folder, [users[fold::5] for fold in range(5)])


def test_every_model_is_measured_on_every_set(cli: Cli, data: Path, nets: Path) -> None:
    out = cli.folder / "out.json"
    paths = ("--data", str(data), "--models", str(nets), "--json", str(out))
    said = cli.here("trials", "touch", *paths)
    found = json.loads(out.read_text())
    assert found["sets"]["strokepin"] == {"users": 20, "entries": 1260}
    rows = {
        (row["set"], row["protocol"], row["level"], row["taps"], row["enrolled"], row["model"]): row
        for row in found["rows"]
    }
    assert len(rows) == len(found["rows"])
    check_kakaobank(rows)
    check_strokepin(rows)
    check_unit(found["unit"])
    assert {(row["model"], row["control"]) for row in found["age"]} == {
        ("device", True), ("seconds", True), ("logistic", False), ("logistic_gaps", False),
        ("age_dnn", False),
    }  # fmt: skip
    for text in ("KakaoBank: shuffled pad", "siamese", "same, later", "released", "ms of CPU"):
        assert text in said
    assert max(map(len, said.splitlines()[:30])) <= 100


def check_kakaobank(rows: Rows) -> None:
    assert {key[5] for key in rows if key[0] == "kakaobank"} == {
        "structure", "device", "manhattan", "plda", "plda_grid", "lstm", "lstm_medoid",
        "lstm_places", "siamese", "chosen",
    }  # fmt: skip
    controls = {key[5] for key, row in rows.items() if row.get("control")}
    assert controls == {"structure", "device", "lstm_places"}
    for key, row in rows.items():
        assert not (row["lowest"] and key[5] in controls)
        assert controls.isdisjoint(row.get("chosen", []))
    # Whoever shares the PIN shares its repeats: the control tells nothing any more.
    assert rows["kakaobank", "same_structure", "place", 6, 5, "structure"]["eer"] == 0.5
    assert rows["kakaobank", "random", "place", 6, 5, "structure"]["eer"] < 0.4
    assert rows["kakaobank", "random", "place", 6, 5, "device"]["eer"] < 0.4
    assert rows["kakaobank", "same_structure_device", "place", 6, 5, "device"]["eer"] == 0.5


def check_strokepin(rows: Rows) -> None:
    # Each user has a rhythm of his own, and the panel that tells more tells him better.
    levels = ("gap", "hold", "place_hold")
    eers = [rows["strokepin", "same_pin", level, 6, 5, "plda"]["eer"] for level in levels]
    assert 0.3 > eers[0] > eers[1] > eers[2]
    counts = {key[3:5] for key in rows if key[:3] == ("strokepin", "same_pin", "hold")}
    assert counts == {(4, 5), (5, 5), (6, 1), (6, 2), (6, 3), (6, 5)}
    for level, known in (("gap", True), ("hold", True), ("place", False)):
        assert (("strokepin", "same_pin", level, 6, 5, "released") in rows) is known


def check_unit(unit: dict[str, Any]) -> None:
    assert unit["milliseconds_per_entry"] > 0
    kept = unit["calibration"]
    assert {(row["level"], row["taps"]) for row in kept} == {
        (level, taps) for level in ("gap", "hold") for taps in (4, 5, 6)
    }
    for row in kept:
        assert row["genuine_below"]["rate"] < row["impostor_below"]["rate"]
        assert 0 < row["cllr_min"] <= row["cllr"]


def test_without_networks_it_says_how_they_are_made(cli: Cli, data: Path) -> None:
    found = json.loads(cli.here("trials", "touch", "--data", str(data), "--json", "-"))
    assert found["networks"] == []
    done = cli("trials", "touch", "--help")
    assert done.returncode == 0
    assert "make touch-train" in done.stdout


def test_what_is_no_data_or_no_net_writes_nothing(cli: Cli, data: Path) -> None:
    out = cli.folder / "out.json"
    empty = cli.folder / "empty"
    empty.mkdir()
    for words in (
        ("--data", str(empty)),
        ("--data", str(data), "--models", str(empty)),
    ):
        with pytest.raises(click.ClickException, match="cannot be measured") as caught:
            cli.here("trials", "touch", *words, "--json", str(out))
        assert caught.value.exit_code == 1
        assert not out.exists()
    assert cli("trials", "touch").returncode == 2
